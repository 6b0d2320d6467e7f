package handler

import (
	"context"
	"errors"
	"time"

	"dozen/internal/gate"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// startSnapshot takes a snapshot of the database under the request's own name. An earlier delivery may have started it.
func (h *Handler) startSnapshot(ctx context.Context, s gate.Settings, name string) gate.Result {
	if s.SnapshotKind == "cluster" {
		_, err := h.backups.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{
			DBClusterIdentifier:         aws.String(s.SnapshotDatabase),
			DBClusterSnapshotIdentifier: aws.String(name),
		})
		var exists *types.DBClusterSnapshotAlreadyExistsFault
		if errors.As(err, &exists) {
			err = nil
		}
		return failed("CreateDBClusterSnapshot", err)
	}
	_, err := h.backups.CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{
		DBInstanceIdentifier: aws.String(s.SnapshotDatabase),
		DBSnapshotIdentifier: aws.String(name),
	})
	var exists *types.DBSnapshotAlreadyExistsFault
	if errors.As(err, &exists) {
		err = nil
	}
	return failed("CreateDBSnapshot", err)
}

// checkSnapshot returns the snapshot's status: creating, available or failed.
func (h *Handler) checkSnapshot(ctx context.Context, s gate.Settings, name string) gate.Result {
	if s.SnapshotKind == "cluster" {
		out, err := h.backups.DescribeDBClusterSnapshots(ctx, &rds.DescribeDBClusterSnapshotsInput{
			DBClusterSnapshotIdentifier: aws.String(name),
		})
		if err != nil || len(out.DBClusterSnapshots) == 0 {
			return failed("DescribeDBClusterSnapshots", err)
		}
		return gate.Result{Status: aws.ToString(out.DBClusterSnapshots[0].Status)}
	}
	out, err := h.backups.DescribeDBSnapshots(ctx, &rds.DescribeDBSnapshotsInput{
		DBSnapshotIdentifier: aws.String(name),
	})
	if err != nil || len(out.DBSnapshots) == 0 {
		return failed("DescribeDBSnapshots", err)
	}
	return gate.Result{Status: aws.ToString(out.DBSnapshots[0].Status)}
}

// listSnapshots returns the manual snapshots in the account: the gate knows its own by their names.
func (h *Handler) listSnapshots(ctx context.Context, s gate.Settings) gate.Result {
	var result gate.Result
	if s.SnapshotKind == "cluster" {
		pages := rds.NewDescribeDBClusterSnapshotsPaginator(h.backups,
			&rds.DescribeDBClusterSnapshotsInput{SnapshotType: aws.String("manual")})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return failed("DescribeDBClusterSnapshots", err)
			}
			for _, found := range page.DBClusterSnapshots {
				result.Snapshots = append(result.Snapshots,
					complete(found.DBClusterSnapshotIdentifier, found.Status, found.SnapshotCreateTime))
			}
		}
		return result
	}
	pages := rds.NewDescribeDBSnapshotsPaginator(h.backups, &rds.DescribeDBSnapshotsInput{SnapshotType: aws.String("manual")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failed("DescribeDBSnapshots", err)
		}
		for _, found := range page.DBSnapshots {
			result.Snapshots = append(result.Snapshots, complete(found.DBSnapshotIdentifier, found.Status, found.SnapshotCreateTime))
		}
	}
	return result
}

// complete makes a snapshot, without its time unless it is available: RDS deletes no other.
func complete(name, status *string, taken *time.Time) gate.Snapshot {
	snapshot := gate.Snapshot{Name: aws.ToString(name)}
	if aws.ToString(status) == "available" {
		snapshot.Taken = aws.ToTime(taken)
	}
	return snapshot
}

func (h *Handler) deleteSnapshot(ctx context.Context, s gate.Settings, name string) gate.Result {
	if s.SnapshotKind == "cluster" {
		_, err := h.backups.DeleteDBClusterSnapshot(ctx, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: aws.String(name)})
		return failed("DeleteDBClusterSnapshot", err)
	}
	_, err := h.backups.DeleteDBSnapshot(ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: aws.String(name)})
	return failed("DeleteDBSnapshot", err)
}
