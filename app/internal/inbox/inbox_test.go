package inbox_test

import (
	"testing"

	"github.com/riverqueue/river"

	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/testsuite"
)

func TestMain(m *testing.M) { testsuite.Main(m) }

func newInbox(t *testing.T) (*inbox.Inbox, *database.DB, *inbox.Jobs) {
	t.Helper()
	db := testsuite.Database(t)
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	in := inbox.New(db, jobs)
	const secret = "0123456789abcdef"
	s := inbox.Source{Name: "demo", Scheme: "hmac", Secret: secret, RatePerMinute: 1}
	if err := in.AddSource(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	d := inbox.Destination{Name: "sink", Source: "demo", URL: "https://example.com", Secret: secret, Concurrency: 1, MaxAttempts: 3}
	if err := in.AddDestination(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return in, db, jobs
}

func accept(t *testing.T, in *inbox.Inbox, body string) string {
	t.Helper()
	id, _, err := in.Accept(t.Context(), inbox.Event{Source: "demo", ContentType: "text/plain", Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func exec(t *testing.T, db *database.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// wantJob requires an event to have one delivery, to sink, and one job for it.
func wantJob(t *testing.T, db *database.DB, id string) {
	t.Helper()
	var deliveries, jobs, right int
	err := db.QueryRow(t.Context(), `select (select count(*) from delivery where event_id = $1::uuid),
		count(*), count(*) filter (where kind = 'deliver' and queue = 'worker' and state = 'available' and max_attempts = 3
			and args = jsonb_build_object('event_id', $1::text, 'destination', 'sink'))
		from river_job where args ->> 'event_id' = $1::text`, id).Scan(&deliveries, &jobs, &right)
	if err != nil || deliveries != 1 || jobs != 1 || right != 1 {
		t.Errorf("event %s has %d deliveries and %d jobs, %d of them right, %v; want 1", id, deliveries, jobs, right, err)
	}
}
