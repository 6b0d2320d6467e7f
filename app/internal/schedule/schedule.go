// Package schedule acts on each tick exactly once, however many schedulers run.
//
//	scheduler A ──┐   row "archive": last tick 03:00 yesterday
//	scheduler B ──┼─► lock the row, act on the ticks since, write the last one
//	scheduler C ──┘   and whatever the act wrote, in the same transaction
//
// There is no leader: the scheduler that locks the row first acts, and the others find nothing left to do. A
// scheduler that is killed halfway has done nothing. Ticks follow the database's clock, so the clocks of hosts may
// differ.
package schedule

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/database"
)

// Schedule is an action that runs at every tick.
type Schedule struct {
	Name   string
	Every  time.Duration // between two ticks; ticks are at whole multiples of it in UTC
	Offset time.Duration // of ticks after the whole multiple; less than Every
	// CatchUp is how many missed ticks before the newest one are acted on after a downtime. Older ones are skipped.
	CatchUp int
	// Act runs in the transaction that records the tick. An error rolls it back, and the tick is retried.
	Act func(ctx context.Context, tx pgx.Tx, tick time.Time) error
}

// Run acts on the schedules' ticks until ctx ends.
func Run(ctx context.Context, db *database.DB, log *slog.Logger, schedules []Schedule) {
	next := make([]time.Time, len(schedules))
	for {
		pause := time.Second
		for i, s := range schedules {
			pause = min(pause, s.Every/4)
			if time.Now().Before(next[i]) {
				continue
			}
			switch due, err := s.catchUp(ctx, db, log); {
			case err == nil:
				next[i] = due
			case ctx.Err() == nil:
				log.ErrorContext(ctx, "tick failed and will be retried", "schedule", s.Name, "error", err)
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// catchUp acts on all ticks since the last one, and returns when the next one is due.
func (s Schedule) catchUp(ctx context.Context, db *database.DB, log *slog.Logger) (due time.Time, err error) {
	err = db.InTx(ctx, func(tx pgx.Tx) error {
		var now, last time.Time
		if err := tx.QueryRow(ctx, "select clock_timestamp()").Scan(&now); err != nil {
			return err
		}
		newest := s.newestTick(now)
		due = time.Now().Add(min(newest.Add(s.Every).Sub(now), time.Minute))
		// The first scheduler ever starts with the next tick.
		const insert = "insert into schedule values ($1, $2) on conflict do nothing"
		if _, err := tx.Exec(ctx, insert, s.Name, newest); err != nil {
			return err
		}
		const lock = "select last_tick from schedule where name = $1 for update skip locked"
		err := tx.QueryRow(ctx, lock, s.Name).Scan(&last)
		if errors.Is(err, pgx.ErrNoRows) {
			due = time.Now() // another scheduler is acting; check later whether it has succeeded
			return nil
		}
		if err != nil || !newest.After(last) {
			return err
		}
		if oldest := newest.Add(-time.Duration(s.CatchUp) * s.Every); last.Before(oldest.Add(-s.Every)) {
			log.WarnContext(ctx, "skipped missed ticks", "schedule", s.Name, "since", last, "until", oldest)
			last = oldest.Add(-s.Every)
		}
		for tick := last.Add(s.Every); !tick.After(newest); tick = tick.Add(s.Every) {
			if err := s.Act(ctx, tx, tick.UTC()); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "update schedule set last_tick = $2 where name = $1", s.Name, newest)
		return err
	})
	return due, err
}

// newestTick returns the newest tick that is not after now.
func (s Schedule) newestTick(now time.Time) time.Time {
	return now.UTC().Add(-s.Offset).Truncate(s.Every).Add(s.Offset)
}
