// Package schedule acts on each tick exactly once, however many schedulers run.
//
//	scheduler A ──┐   row "archive": last tick 03:00 yesterday
//	scheduler B ──┼─► lock the row, act on the ticks since, write the last one
//	scheduler C ──┘   and whatever the act wrote, in the same transaction
//
// There is no leader: whoever locks the row first acts, and the others find
// nothing left to do. A scheduler that is killed half-way has done nothing.
// Ticks are read off the database's clock, so that hosts need not agree.
package schedule

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/database"
)

// Schedule is something to do at every tick.
type Schedule struct {
	Name   string
	Every  time.Duration // between ticks, which fall on whole multiples of it in UTC
	Offset time.Duration // later than the whole multiple, less than Every
	// CatchUp is how many missed ticks are made up for after a downtime, newest
	// first; older ones are skipped. 0 acts on the newest tick only.
	CatchUp int
	// Act runs in the transaction that records the tick. An error undoes both,
	// and the tick comes again.
	Act func(ctx context.Context, tx pgx.Tx, tick time.Time) error
}

// Run watches the schedules until ctx ends.
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
				log.ErrorContext(ctx, "tick failed and comes again", "schedule", s.Name, "error", err)
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// catchUp acts on all ticks since the last one, and returns when to look again.
func (s Schedule) catchUp(ctx context.Context, db *database.DB, log *slog.Logger) (due time.Time, err error) {
	err = db.InTx(ctx, func(tx pgx.Tx) error {
		var now, last time.Time
		if err := tx.QueryRow(ctx, "select clock_timestamp()").Scan(&now); err != nil {
			return err
		}
		newest := s.tick(now)
		due = time.Now().Add(min(newest.Add(s.Every).Sub(now), time.Minute))
		// The first scheduler ever starts with the next tick.
		if _, err := tx.Exec(ctx, "insert into schedule values ($1, $2) on conflict do nothing", s.Name, newest); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, "select last_tick from schedule where name = $1 for update skip locked", s.Name).Scan(&last)
		if errors.Is(err, pgx.ErrNoRows) {
			due = time.Now() // another scheduler is at it; see whether it succeeds
			return nil
		}
		if err != nil || !newest.After(last) {
			return err
		}
		if oldest := newest.Add(-time.Duration(s.CatchUp) * s.Every); last.Before(oldest.Add(-s.Every)) {
			log.WarnContext(ctx, "missed ticks are skipped", "schedule", s.Name, "since", last, "until", oldest)
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

// tick is the newest tick that is not after now.
func (s Schedule) tick(now time.Time) time.Time {
	return now.UTC().Add(-s.Offset).Truncate(s.Every).Add(s.Offset)
}
