package database

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// migrateLock is the number of the advisory lock that migrations take; it is arbitrary.
	migrateLock = 0x646f7a656e
	// lockTimeout keeps a waiting ALTER TABLE from blocking every query behind it: it gives up and is retried.
	lockTimeout = "2s"
	lockTries   = 30
	// connectPatience is how long a migration waits for a database that is busy or starting, in total and for one
	// connection.
	connectPatience = time.Minute
)

// Migrate applies the migrations that the schema lacks. It leaves a newer schema alone. It is safe to run many times at
// once, to kill at any point, and to run again. target is the last migration to apply, for tests; 0 is the newest.
func (db *DB) Migrate(ctx context.Context, log *slog.Logger, target int64) error {
	if err := db.connectWithPatience(ctx, log); err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := db.migrateOnce(ctx, log, target)
		if err == nil || !isLockTimeout(err) || try == lockTries {
			return err
		}
		log.WarnContext(ctx, "a table is locked, retrying", "try", try)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lock waits until no other migration is running. The lock belongs to the one connection that the migration runs on:
// if that connection is cut, another migration can begin only when PostgreSQL has ended what runs on it.
func lock(ctx context.Context, log *slog.Logger, conn *pgx.Conn) error {
	for waited := false; ; waited = true {
		var mine bool
		if err := conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", migrateLock).Scan(&mine); err != nil || mine {
			return err
		}
		if !waited {
			log.InfoContext(ctx, "waiting for another migration to finish")
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("wait for another migration: %w", ctx.Err())
		}
	}
}

// connectWithPatience waits for the database. A migration must not fail because the database is busy or starting, but it
// fails at once if the database refuses the login.
func (db *DB) connectWithPatience(ctx context.Context, log *slog.Logger) error {
	for deadline := time.Now().Add(connectPatience); ; {
		err := db.Ping(ctx)
		if err == nil || !db.retryable(err, false) || time.Now().After(deadline) {
			return err
		}
		log.WarnContext(ctx, "cannot reach the database, retrying", "error", err)
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (db *DB) migrateOnce(ctx context.Context, log *slog.Logger, target int64) error {
	settings := db.Config()
	settings.MaxConns = 1
	settings.ConnConfig.ConnectTimeout = connectPatience
	settings.ConnConfig.RuntimeParams["lock_timeout"] = lockTimeout
	settings.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return lock(ctx, log, conn) }
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return err
	}
	defer pool.Close()
	queue, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err := queue.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	provider, err := newProvider(pool)
	if err != nil {
		return err
	}
	defer func() { _ = provider.Close() }()
	if target == 0 {
		target = newest
	}
	results, err := provider.UpTo(ctx, target)
	for _, result := range results {
		log.InfoContext(ctx, "migrated", "schema", result.Source.Version, "took", result.Duration)
	}
	return err
}

// Migration is a migration of the schema. AppliedAt is zero while it is pending.
type Migration struct {
	Version   int64
	AppliedAt time.Time
}

// Status returns all migrations of this version of the app, oldest first.
func (db *DB) Status(ctx context.Context) ([]Migration, error) {
	provider, err := newProvider(db.Pool)
	if err != nil {
		return nil, err
	}
	defer func() { _ = provider.Close() }()
	all, err := provider.Status(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Migration, len(all))
	for i, migration := range all {
		list[i] = Migration{Version: migration.Source.Version, AppliedAt: migration.AppliedAt}
	}
	return list, nil
}

func isLockTimeout(err error) bool {
	var reason *pgconn.PgError
	return errors.As(err, &reason) && reason.Code == "55P03"
}

func newProvider(pool *pgxpool.Pool) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, stdlib.OpenDBFromPool(pool), files)
}
