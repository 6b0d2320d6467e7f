package gate

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Snapshot is a manual snapshot of a database in the account.
type Snapshot struct {
	Name  string
	Taken time.Time // zero while it is not complete
}

var noSnapshotCharacter = regexp.MustCompile(`[^a-zA-Z0-9]+`)

// snapshotName returns PREFIX-RELEASE-TOKEN, which is the same for every delivery of a request. RELEASE and TOKEN have no hyphens:
// otherwise the names of an environment "prod-2" could be read as those of "prod".
func (s Settings) snapshotName(token string) string {
	release := strings.ToLower(noSnapshotCharacter.ReplaceAllString(s.Release, ""))
	return s.SnapshotPrefix + "-" + release[:min(len(release), 40)] + "-" + token[:12]
}

// surplus returns the snapshots that the gate has taken for this environment, without the newest ones, which it keeps, and
// without the one that the database was restored from: a replacement of the database would need it again. It returns no snapshot
// that a person has named. The oldest come first.
func (s Settings) surplus(all []Snapshot) []string {
	form := regexp.MustCompile("^" + regexp.QuoteMeta(s.SnapshotPrefix) + "-[a-z0-9]{0,40}-[0-9a-f]{12}$")
	own := slices.DeleteFunc(slices.Clone(all), func(snapshot Snapshot) bool {
		restored := s.RestoredFrom == snapshot.Name || strings.HasSuffix(s.RestoredFrom, ":"+snapshot.Name)
		return restored || snapshot.Taken.IsZero() || !form.MatchString(snapshot.Name)
	})
	slices.SortFunc(own, func(a, b Snapshot) int { return a.Taken.Compare(b.Taken) })
	var names []string
	for _, snapshot := range own[:max(0, len(own)-s.KeepSnapshots)] {
		names = append(names, snapshot.Name)
	}
	return names
}

// afterAnswering begins to delete old snapshots, if this request has added one and the migration has succeeded. CloudFormation has
// its answer: whatever happens from here on, the release goes on, and the next one tries again.
func (s *State) afterAnswering(now time.Time) {
	s.enter(done, now)
	if s.Snapshot != "" && s.Verdict.Success {
		s.enter(listing, now)
	}
}

// deleteNext continues with the next snapshot that is too many.
func (s *State) deleteNext(surplus []string, now time.Time) {
	s.Surplus = surplus
	if len(surplus) == 0 {
		s.enter(done, now)
		return
	}
	s.enter(deleting, now)
}
