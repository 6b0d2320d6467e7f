package inbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/database"
)

// queue inserts jobs of a destination that are due.
func queue(t *testing.T, db *database.DB, destination string, jobs int) {
	t.Helper()
	exec(t, db, `insert into river_job (kind, queue, args, max_attempts, scheduled_at)
		select 'deliver', 'worker', jsonb_build_object('event_id', gen_random_uuid(), 'destination', $1::text), 12, now() - interval '1 minute'
		from generate_series(1, $2)`, destination, jobs)
}

// due returns in how long each job of a destination is due, sorted; those that are due now are left out.
func due(t *testing.T, db *database.DB, destination string) []time.Duration {
	t.Helper()
	rows, err := db.Query(t.Context(), `select extract(epoch from scheduled_at - now())::float8 from river_job
		where state = 'available' and args ->> 'destination' = $1 and scheduled_at > now()`, destination)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (time.Duration, error) {
		var seconds float64
		err := row.Scan(&seconds)
		return time.Duration(seconds * float64(time.Second)), err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// Jobs were brought forward from the beginning and put off behind the end. After some rounds, the next one was due in half
// an hour: when the workers were replaced, nothing was delivered until then, though the destination was well.
func TestPutOffLeavesNoGap(t *testing.T) {
	in, db, _ := newInbox(t)
	const jobs, batch = 3000, 500
	queue(t, db, "sink", jobs)
	queue(t, db, "other", 3)
	for round := range 20 {
		if err := in.PutOff(t.Context(), "sink"); err != nil {
			t.Fatal(err)
		}
		list := due(t, db, "sink")
		if len(list) < jobs-100 || list[0] > 3*time.Second || list[len(list)-1] > time.Minute*3 {
			t.Fatalf("round %d: %d of %d jobs are put off, from %s to %s", round, len(list), jobs, list[0], list[len(list)-1])
		}
		for i, next := range list[1:] {
			if next-list[i] > time.Second {
				t.Fatalf("round %d: nothing is due from %s to %s", round, list[i], next)
			}
		}
		// The first of them may be due by themselves by now.
		if ready, added, err := in.Forward(t.Context(), "sink", batch); err != nil || ready > 100 || ready+added != batch {
			t.Fatalf("round %d: %d were due and %d were added, %v; want %d together", round, ready, added, err, batch)
		}
	}
	if ready, added, err := in.Forward(t.Context(), "sink", batch+7); err != nil || ready < batch || ready+added != batch+7 {
		t.Errorf("%d were due and %d were added, %v; want %d and 7", ready, added, err, batch)
	}
	if ready, added, err := in.Forward(t.Context(), "sink", batch); err != nil || ready != batch || added != 0 {
		t.Errorf("%d were due and %d were added, %v; want %d and 0", ready, added, err, batch)
	}
	if others := due(t, db, "other"); len(others) > 0 {
		t.Errorf("%d jobs of another destination are put off", len(others))
	}
	if ready, added, err := in.Forward(t.Context(), "nobody", batch); err != nil || ready+added != 0 {
		t.Errorf("a destination without jobs has %d and gets %d, %v", ready, added, err)
	}
}
