package gatetest

import (
	"encoding/xml"
	"strings"
	"time"
)

// Snapshot is a snapshot of a database.
type Snapshot struct {
	Database  string
	Kind      string // "instance" or "cluster"
	available time.Time
}

// Snapshots returns all snapshots that were taken, by name.
func (a *AWS) Snapshots() map[string]Snapshot {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string]Snapshot{}
	for name, snapshot := range a.snapshots {
		all[name] = snapshot
	}
	return all
}

// SetSnapshotDuration sets how long it takes until a snapshot is available.
func (a *AWS) SetSnapshotDuration(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.copying = d
}

type snapshotResponse struct {
	XMLName  xml.Name
	Instance []snapshotStatus `xml:"DescribeDBSnapshotsResult>DBSnapshots>DBSnapshot"`
	Cluster  []snapshotStatus `xml:"DescribeDBClusterSnapshotsResult>DBClusterSnapshots>DBClusterSnapshot"`
}

type snapshotStatus struct {
	Status string
}

func (a *AWS) createSnapshot(c call) reply {
	name := c.form("DBSnapshotIdentifier")
	snapshot := Snapshot{Database: c.form("DBInstanceIdentifier"), Kind: "instance"}
	code := "DBSnapshotAlreadyExists"
	if strings.Contains(c.action, "Cluster") {
		name = c.form("DBClusterSnapshotIdentifier")
		snapshot = Snapshot{Database: c.form("DBClusterIdentifier"), Kind: "cluster"}
		code = "DBClusterSnapshotAlreadyExistsFault"
	}
	if _, exists := a.snapshots[name]; exists {
		return reply{fault: &Fault{Code: code, Message: "a snapshot of that name exists"}}
	}
	snapshot.available = time.Now().Add(a.copying)
	a.snapshots[name] = snapshot
	return reply{value: snapshotResponse{XMLName: xml.Name{Local: c.action + "Response"}}}
}

func (a *AWS) describeSnapshots(c call) reply {
	response := snapshotResponse{XMLName: xml.Name{Local: c.action + "Response"}}
	name := c.form("DBSnapshotIdentifier") + c.form("DBClusterSnapshotIdentifier")
	snapshot, exists := a.snapshots[name]
	if !exists {
		return reply{fault: &Fault{Status: 404, Code: "DBSnapshotNotFound", Message: name + " not found"}}
	}
	status := snapshotStatus{Status: "available"}
	if time.Now().Before(snapshot.available) {
		status.Status = "creating"
	}
	if snapshot.Kind == "cluster" {
		response.Cluster = []snapshotStatus{status}
	} else {
		response.Instance = []snapshotStatus{status}
	}
	return reply{value: response}
}
