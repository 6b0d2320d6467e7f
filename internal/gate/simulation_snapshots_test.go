package gate_test

import (
	"fmt"
	"slices"
	"time"

	"dozen/internal/gate"
)

// keptSnapshots is how many snapshots a release of the simulation leaves.
const keptSnapshots = 2

// simulatedSnapshot is the truth about a manual snapshot in the account.
type simulatedSnapshot struct {
	name     string
	complete time.Time
	failed   bool
	own      bool // the gate has taken it for this environment
}

// earlierSnapshots are those of a history before this one, and some that the gate must leave alone.
func (s *simulation) earlierSnapshots() {
	for i := range s.rng.IntN(4) {
		s.snapshots = append(s.snapshots,
			simulatedSnapshot{name: fmt.Sprintf("before-dozen-prod-image0-%012d", i), complete: s.now.Add(-s.upTo(100 * time.Hour)), own: true},
			simulatedSnapshot{name: fmt.Sprintf("before-dozen-prod-2-image0-%012d", i), complete: s.now.Add(-100 * time.Hour)})
	}
}

func (s *simulation) listSnapshots() gate.Result {
	var result gate.Result
	for _, snapshot := range s.snapshots {
		listed := gate.Snapshot{Name: snapshot.name}
		if !snapshot.failed && !s.now.Before(snapshot.complete) {
			listed.Taken = snapshot.complete
		}
		result.Snapshots = append(result.Snapshots, listed)
	}
	return result
}

// deleteSnapshot holds the promise that people and other environments keep theirs, and this environment its newest ones.
func (s *simulation) deleteSnapshot(r *request, name string) {
	i := slices.IndexFunc(s.snapshots, func(snapshot simulatedSnapshot) bool { return snapshot.name == name })
	if i < 0 {
		return // another handler was faster
	}
	gone, newer := s.snapshots[i], 0
	for _, other := range s.snapshots {
		if other.own && !other.failed && !s.now.Before(other.complete) && other.complete.After(gone.complete) {
			newer++
		}
	}
	if !gone.own || newer < keptSnapshots {
		s.fail("only old snapshots of its own are deleted", r, "%s, own %v, with %d newer ones", name, gone.own, newer)
	}
	s.record("%s: a snapshot is deleted", r.event.RequestId)
	s.snapshots = slices.Delete(s.snapshots, i, i+1)
}
