package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/testsuite"
)

// night is the job that plans the archive.
var night = &river.Job[inbox.Archive]{JobRow: &rivertype.JobRow{Queue: "upkeep"}}

func plan(ctx context.Context, in *inbox.Inbox) (int, error) {
	return in.PlanArchive(ctx, night, time.Now().Add(-24*time.Hour))
}

// batches returns the events of each batch.
func batches(t *testing.T, db *database.DB) (all [][]string) {
	t.Helper()
	rows, err := db.Query(t.Context(), `select array(select jsonb_array_elements_text(args -> 'events'))
		from river_job where kind = 'archive_batch' order by id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var events []string
		if err := rows.Scan(&events); err != nil {
			t.Fatal(err)
		}
		all = append(all, events)
	}
	return all
}

// waiting returns nil when somebody waits for a lock of this database.
func waiting(ctx context.Context, db *database.DB) error {
	var count int
	err := db.QueryRow(ctx, `select count(*) from pg_locks join pg_stat_activity using (pid)
		where not granted and datname = current_database()`).Scan(&count)
	if err == nil && count == 0 {
		err = errors.New("nobody waits for a lock")
	}
	return err
}

// A replay may commit after the choice of a batch has begun, and before the choice locks the event: the choice does not see
// it. So it looks again after its locks; otherwise a pending delivery is in the archive.
func TestPlanLooksAgainAfterItsLocks(t *testing.T) {
	for replayed := range 3 {
		in, db, _ := newInbox(t)
		ids := finished(t, in, db, 2)
		proceed := pausing(t, db)
		var events int
		planned := make(chan error, 1)
		go func() { var err error; events, err = plan(t.Context(), in); planned <- err }()
		testsuite.Eventually(t, 10*time.Second, func() error { return waiting(t.Context(), db) })
		exec(t, db, "update delivery set state = 'pending' where event_id = any ($1::uuid[])", ids[:replayed])
		proceed()
		var err error
		select {
		case err = <-planned:
		case <-time.After(20 * time.Second):
			t.Fatal("the choice of a batch does not end")
		}
		all := batches(t, db)
		if replayed == 2 {
			if err == nil || len(all) != 0 {
				t.Errorf("all were replayed: %v, batches %v; want an error, so that the job runs again", err, all)
			}
		} else if err != nil || events != 2-replayed || len(all) != 1 || !slices.Equal(all[0], ids[replayed:]) {
			t.Errorf("%d were replayed: %d, %v, batches %v; want %v", replayed, events, err, all, ids[replayed:])
		}
	}
}

// pausing makes every statement that reads an event wait, after it has begun, until proceed is called.
func pausing(t *testing.T, db *database.DB) (proceed func()) {
	t.Helper()
	exec(t, db, `create function pause() returns bool cost 0.0001 language plpgsql as
		$$ begin perform pg_advisory_xact_lock_shared(42); return true; end $$`)
	exec(t, db, "alter table event rename to stored")
	exec(t, db, "create view event as select * from stored where pause()")
	holder, err := db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(holder.Release)
	if _, err := holder.Exec(t.Context(), "select pg_advisory_lock(42)"); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if _, err := holder.Exec(t.Context(), "select pg_advisory_unlock(42)"); err != nil {
			t.Fatal(err)
		}
	}
}

// The archive may choose an event after a redrive has begun, and before the redrive locks it.
func TestRedriveLooksAgainAfterItsLocks(t *testing.T) {
	in, db, _ := newInbox(t)
	ids := finished(t, in, db, 2)
	proceed := pausing(t, db)
	var started int
	redriven := make(chan error, 1)
	go func() { var err error; started, err = in.Redrive(t.Context()); redriven <- err }()
	testsuite.Eventually(t, 10*time.Second, func() error { return waiting(t.Context(), db) })
	exec(t, db, `insert into river_job (kind, queue, max_attempts, args)
		values ('archive_batch', 'upkeep', 5, jsonb_build_object('events', jsonb_build_array($1::text)))`, ids[0])
	proceed()
	select {
	case err := <-redriven:
		if err != nil || started != 1 {
			t.Errorf("started %d, %v; want the one that is not being archived", started, err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a redrive does not end")
	}
}

// Two batches at once would both write events that a night began with.
func TestOneBatchAtATime(t *testing.T) {
	in, db, _ := newInbox(t)
	finished(t, in, db, 3)
	exec(t, db, "update event set body = decode(repeat('00', 9 << 20), 'hex')")
	if events, err := plan(t.Context(), in); err != nil || events != 2 {
		t.Fatalf("the first batch: %d, %v", events, err)
	}
	if events, err := plan(t.Context(), in); err != nil || events != 0 || len(batches(t, db)) != 1 {
		t.Errorf("a batch while one is unfinished: %d, %v", events, err)
	}
}

// If nights are too short, the oldest events must not wait for the newest.
func TestTheOldestAreArchivedFirst(t *testing.T) {
	in, db, _ := newInbox(t)
	exec(t, db, `insert into event (id, source, delivery_id, content_type, headers, body, received_at)
		select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'demo', n::text, 'text/plain', '{}', '', now() - interval '9 days'
		from generate_series(1, 1001) n`)
	if events, err := plan(t.Context(), in); err != nil || events != 1000 {
		t.Fatalf("%d, %v; want a batch of 1000", events, err)
	}
	batch := batches(t, db)[0]
	if batch[0] != "00000000-0000-7000-8000-000000000001" || batch[999] != "00000000-0000-7000-8000-000000001000" {
		t.Errorf("the batch is from %s to %s", batch[0], batch[999])
	}
}

// An event that is larger than a batch may be is a batch of its own, not the end of every night.
func TestAnEventLargerThanABatch(t *testing.T) {
	in, db, _ := newInbox(t)
	finished(t, in, db, 1)
	exec(t, db, "update event set body = decode(repeat('00', 17 << 20), 'hex')")
	if events, err := plan(t.Context(), in); err != nil || events != 1 {
		t.Errorf("%d, %v; want a batch of one", events, err)
	}
}

// A batch that is read again, on whatever machine, must make the same object: it has one key.
func TestABatchIsAlwaysTheSame(t *testing.T) {
	in, db, _ := newInbox(t)
	var ids []string
	for i := range 5 {
		ids = append(ids, accept(t, in, fmt.Sprint(i)))
	}
	slices.Sort(ids) // of one millisecond, ids are random
	for i, id := range ids {
		exec(t, db, "update event set body = $2 where id = $1", id, []byte{byte(9 - i)})
	}
	events, err := in.Batch(t.Context(), inbox.ArchiveBatch{Events: []string{ids[2], ids[4], ids[0], ids[1], ids[3]}})
	if err != nil || len(events) != 5 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for i, event := range events {
		if event.ID != ids[i] || event.ReceivedAt.Location() != time.UTC {
			t.Errorf("event %d is %s of %s", i, event.ID, event.ReceivedAt)
		}
	}
}

// What a batch has left behind, because it was being replayed, can be replayed later.
func TestAFinishedBatchHoldsNothing(t *testing.T) {
	in, db, _ := newInbox(t)
	id := finished(t, in, db, 1)[0]
	for _, state := range []string{"completed", "discarded", "cancelled"} {
		exec(t, db, `insert into river_job (kind, queue, state, max_attempts, finalized_at, args)
			values ('archive_batch', 'upkeep', $1::river_job_state, 5, now(), jsonb_build_object('events', jsonb_build_array($2::text)))`, state, id)
	}
	if started, err := in.Replay(t.Context(), id, ""); err != nil || started != 1 {
		t.Errorf("a replay after its batches: %d, %v", started, err)
	}
}
