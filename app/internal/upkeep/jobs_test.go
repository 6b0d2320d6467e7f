package upkeep

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"dozen/app/internal/inbox"
	"dozen/app/internal/metric"
	"dozen/app/internal/testsuite"
)

// The archive runs at three at night in UTC, the redrive each hour, the backlog each minute: alarms count on it.
func TestSchedules(t *testing.T) {
	got := map[string][2]time.Duration{}
	for _, s := range Schedules(nil, metric.New(io.Discard, "", "")) {
		got[s.Name] = [2]time.Duration{s.Every, s.Offset}
		if s.CatchUp != 0 {
			t.Errorf("%s catches up on %d ticks", s.Name, s.CatchUp)
		}
	}
	for name, want := range map[string][2]time.Duration{
		"backlog": {time.Minute}, "redrive": {time.Hour}, "archive": {24 * time.Hour, 3 * time.Hour},
	} {
		if got[name] != want {
			t.Errorf("%s runs %v, want %v", name, got[name], want)
		}
	}
}

// River ends a job after a minute. A batch of 16 MiB to S3, or 500 deliveries after 500, may take longer.
func TestJobsHaveTheirTime(t *testing.T) {
	for _, limit := range []time.Duration{(&archivist{}).Timeout(nil), (&redriver{}).Timeout(nil)} {
		if limit < 5*time.Minute || limit > 30*time.Minute {
			t.Errorf("a job may take %s", limit)
		}
	}
}

// After an outage more than a batch may be dead.
func TestRedriveGoesOnUntilNothingIsLeft(t *testing.T) {
	db := testsuite.Database(t)
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"insert into source (name, scheme, secret) values ('demo', 'hmac', 'x')",
		"insert into destination (name, source, url, secret) values ('sink', 'demo', 'http://x', 'x')",
		`insert into event (id, source, delivery_id, content_type, headers, body) select gen_random_uuid(), 'demo', n::text, '', '{}', ''
			from generate_series(1, 1100) n`,
		`insert into delivery (event_id, destination, state, changed_at)
			select id, 'sink', 'dead', now() - interval '1 hour' from event`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	worker := &redriver{inbox: inbox.New(db, jobs), log: slog.New(slog.DiscardHandler)}
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	if err := worker.Work(ctx, &river.Job[Redrive]{JobRow: &rivertype.JobRow{Kind: "redrive"}}); err != nil {
		t.Fatal(err)
	}
	var dead, queued int
	err = db.QueryRow(t.Context(), "select (select count(*) from delivery where state = 'dead'), (select count(*) from river_job)").
		Scan(&dead, &queued)
	if err != nil || dead != 0 || queued != 1100 {
		t.Errorf("%d are still dead, and %d have a job, %v", dead, queued, err)
	}
}
