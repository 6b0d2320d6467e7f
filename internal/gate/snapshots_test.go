package gate_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/internal/gate"
)

// region is the manual snapshots of a region. RDS refuses more than its quota.
type region struct {
	quota     int
	snapshots []gate.Snapshot
	deleted   []string
}

func (r *region) take(name string, now time.Time) gate.Result {
	if len(r.snapshots) >= r.quota {
		return lasting("CreateDBSnapshot: SnapshotQuotaExceeded")
	}
	r.snapshots = append(r.snapshots, gate.Snapshot{Name: name, Taken: now})
	return gate.Result{}
}

func (r *region) delete(name string) {
	r.deleted = append(r.deleted, name)
	r.snapshots = slices.DeleteFunc(r.snapshots, func(s gate.Snapshot) bool { return s.Name == name })
}

// release runs one migration with a snapshot, and returns the answer.
func (r *region) release(t *testing.T, number int, change func(properties map[string]any)) gate.Answer {
	t.Helper()
	event := requestOf(gate.Update, func(p map[string]any) { withSnapshot(p); change(p) })
	event.RequestId = fmt.Sprint("release-", number)
	c := &clock{now: threeAM.Add(time.Duration(number) * time.Hour)}
	results := successful()
	var answer gate.Answer
	do := func(_ context.Context, action gate.Action) gate.Result {
		c.now = c.now.Add(time.Second)
		switch action.Verb {
		case gate.StartSnapshot:
			return r.take(action.Snapshot, c.now)
		case gate.CheckSnapshot:
			return gate.Result{Status: "available"}
		case gate.ListSnapshots:
			return gate.Result{Snapshots: r.snapshots}
		case gate.DeleteSnapshot:
			r.delete(action.Snapshot)
		case gate.PutAnswer:
			answer = action.Answer
		}
		return results.next(action.Verb)
	}
	if err := gate.Drive(t.Context(), gate.New(event, c.now), c.now.Add(14*time.Minute), c, do); err != nil {
		t.Fatal(err)
	}
	return answer
}

// Prevents: after about a hundred releases no release passes any more, because nobody has deleted the snapshots.
func TestReleasesNeverReachTheQuotaOfSnapshots(t *testing.T) {
	r := &region{quota: 100}
	others := []string{"before-dozen-prod", "before-dozen-prod-by-hand", "before-dozen-prod-2-aaaaaaaaaaaa-bbbbbbbbbbbb", "prod-before-restore"}
	for _, name := range others {
		r.take(name, threeAM.Add(-time.Hour))
	}
	var taken []string
	for number := range 150 {
		answer := r.release(t, number, func(map[string]any) {})
		if answer.Status != "SUCCESS" {
			t.Fatalf("release %d: %s", number, answer.Reason)
		}
		taken = append(taken, answer.Data["Snapshot"])
	}
	var left []string
	for _, snapshot := range r.snapshots {
		left = append(left, snapshot.Name)
	}
	if want := slices.Concat(others, taken[145:]); !slices.Equal(left, want) {
		t.Errorf("left are\n%s\nwant\n%s", strings.Join(left, "\n"), strings.Join(want, "\n"))
	}
	if !slices.Equal(r.deleted, taken[:145]) {
		t.Errorf("%d snapshots were deleted, not the oldest first", len(r.deleted))
	}
}

// Prevents: a database that cannot be replaced because the snapshot that it was restored from is gone; and two environments that
// delete each other's snapshots.
func TestSnapshotsThatAreNeededStay(t *testing.T) {
	r := &region{quota: 100}
	first := r.release(t, 0, func(map[string]any) {}).Data["Snapshot"]
	second := func(p map[string]any) { p[gate.PropertySnapshotPrefix] = "before-dozen-prod-2" }
	for number := 1; number < 40; number++ {
		change := func(p map[string]any) {
			p[gate.PropertyRestoredFrom] = "arn:aws:rds:eu-west-1:111122223333:snapshot:" + first
		}
		if number%2 == 0 {
			change = second
		}
		r.release(t, number, change)
	}
	kept := map[string]int{}
	for _, snapshot := range r.snapshots {
		switch {
		case snapshot.Name == first:
			kept["restored from"]++
		case strings.HasPrefix(snapshot.Name, "before-dozen-prod-2-"):
			kept["prod-2"]++
		default:
			kept["prod"]++
		}
	}
	if fmt.Sprint(kept) != "map[prod:5 prod-2:5 restored from:1]" {
		t.Errorf("kept are %v", kept)
	}
}
