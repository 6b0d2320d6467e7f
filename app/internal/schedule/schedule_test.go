package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/schedule"
	"dozen/app/internal/testsuite"
	"dozen/app/internal/upkeep"
)

// asScheduler makes this test binary a scheduler on the database with that URL.
const asScheduler = "DOZEN_TEST_SCHEDULER"

func TestMain(m *testing.M) {
	if url := os.Getenv(asScheduler); url != "" {
		if err := scheduler(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	testsuite.Main(m)
}

// scheduler inserts one job a second, tagged with this process.
func scheduler(url string) error {
	ctx := context.Background()
	cfg, err := config.Load(func(name string) string { return map[string]string{"DATABASE_URL": url}[name] })
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, cfg.Database, awsapi.New(cfg.AWS), "test")
	if err != nil {
		return err
	}
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		return err
	}
	schedule.Run(ctx, db, slog.New(slog.DiscardHandler), []schedule.Schedule{{
		Name: "test", Every: time.Second, CatchUp: 60,
		Act: func(ctx context.Context, tx pgx.Tx, tick time.Time) error {
			_, err := jobs.InsertTx(ctx, tx, upkeep.Redrive{Tick: tick}, &river.InsertOpts{Tags: []string{strconv.Itoa(os.Getpid())}})
			return err
		},
	}})
	return nil
}

// Two schedulers may overlap, and any of them may be killed at any time. Each tick must still fire exactly once,
// because some jobs send invoices.
func TestEveryTickFiresExactlyOnce(t *testing.T) {
	ticks := 10
	if os.Getenv("DOZEN_LONG") != "" {
		ticks = 300
	}
	url := testsuite.DatabaseURL(t, true)
	db := testsuite.Open(t, url)
	running := map[int]*exec.Cmd{}
	startOne := func() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{asScheduler + "=" + url, "GORACE=halt_on_error=1 atexit_sleep_ms=0"}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running[cmd.Process.Pid] = cmd
	}
	t.Cleanup(func() {
		for _, cmd := range running {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	for range 3 {
		startOne()
	}
	kills := 0
	for count, before := 0, 0; count < ticks; {
		testsuite.Eventually(t, 20*time.Second, func() error {
			count = len(fired(t, db))
			if count < min(before+2, ticks) {
				return fmt.Errorf("%d ticks have fired", count)
			}
			return nil
		})
		before = count
		// The one that fired last is what a leader would be.
		var leader int
		err := db.QueryRow(t.Context(), "select tags[1]::int from river_job order by id desc limit 1").Scan(&leader)
		if err != nil {
			t.Fatal(err)
		}
		if cmd := running[leader]; cmd != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			delete(running, leader)
			startOne()
			kills++
		}
	}
	list := fired(t, db)
	for i, tick := range list[1:] {
		if step := tick.Sub(list[i]); step != time.Second {
			t.Errorf("tick %s comes %s after the one before", tick, step)
		}
	}
	if kills < ticks/4 {
		t.Errorf("only %d leaders were killed in %d ticks", kills, ticks)
	}
}

func fired(t *testing.T, db *database.DB) []time.Time {
	t.Helper()
	rows, err := db.Query(t.Context(), "select (args ->> 'tick')::timestamptz from river_job order by 1")
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// After a downtime, the newest CatchUp missed ticks are acted on. A tick whose action fails is neither recorded nor
// lost.
func TestCatchUpAfterDowntime(t *testing.T) {
	for _, catchUp := range []int{0, 3} {
		db := testsuite.Database(t)
		_, err := db.Exec(t.Context(), "insert into schedule values ('test', date_trunc('hour', now()) - interval '30 hours')")
		if err != nil {
			t.Fatal(err)
		}
		var acted []time.Time
		failures := 2
		ctx, done := context.WithTimeout(t.Context(), 20*time.Second) // a wrong tick must not hang the run
		defer done()
		schedule.Run(ctx, db, slog.New(slog.DiscardHandler), []schedule.Schedule{{
			Name: "test", Every: time.Hour, CatchUp: catchUp,
			Act: func(_ context.Context, _ pgx.Tx, tick time.Time) error {
				if failures > 0 {
					failures--
					return errors.New("not now")
				}
				acted = append(acted, tick)
				if len(acted) == catchUp+1 {
					done()
				}
				return nil
			},
		}})
		newest := time.Now().UTC().Truncate(time.Hour)
		if len(acted) != catchUp+1 || !slices.IsSortedFunc(acted, time.Time.Compare) || newest.Sub(acted[catchUp]) > time.Hour {
			t.Errorf("catch-up %d acted on %v", catchUp, acted)
		}
	}
}

// The archive runs at three at night, not when people work.
func TestTicksHaveTheirOffset(t *testing.T) {
	db := testsuite.Database(t)
	_, err := db.Exec(t.Context(), "insert into schedule values ('test', now() - interval '3 hours')")
	if err != nil {
		t.Fatal(err)
	}
	ctx, done := context.WithTimeout(t.Context(), 20*time.Second)
	defer done()
	var acted time.Time
	schedule.Run(ctx, db, slog.New(slog.DiscardHandler), []schedule.Schedule{{
		Name: "test", Every: time.Hour, Offset: 20 * time.Minute,
		Act: func(_ context.Context, _ pgx.Tx, tick time.Time) error { acted = tick; done(); return nil },
	}})
	if acted.Minute() != 20 || acted.Second() != 0 || time.Since(acted) > time.Hour+time.Minute {
		t.Errorf("the tick is %s, want twenty minutes past the hour", acted)
	}
}
