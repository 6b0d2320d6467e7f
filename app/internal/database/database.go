// Package database opens PostgreSQL and brings its schema up to date.
package database

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
)

// patience is how long a query waits for a new connection while the server restarts or a password rotates. It is long
// enough for both, and too short for requests to pile up during a longer outage.
const patience = time.Second

// DB is a connection pool that survives restarts of the server and rotations of its password. Its own methods retry
// if the server cannot have executed anything yet.
type DB struct {
	*pgxpool.Pool
	logins *awsapi.Logins
}

// Open returns a pool. It connects when it is first used, so that a process can start, and answer its health check,
// during an outage of the database.
func Open(ctx context.Context, cfg config.Database, aws *awsapi.Client, process string) (*DB, error) {
	settings, err := pgxpool.ParseConfig(verified(cfg.URL))
	if err != nil {
		return nil, fmt.Errorf("database URL %q: %w", cfg.URL, err)
	}
	fixed := awsapi.Login{Username: cfg.Username, Password: cfg.Password.Reveal()}
	logins := awsapi.NewLogins(aws, cfg.SecretARN, fixed)
	settings.MaxConns = int32(cfg.PoolSize)
	settings.MaxConnLifetime = 30 * time.Minute
	settings.MaxConnLifetimeJitter = 5 * time.Minute
	settings.ConnConfig.ConnectTimeout = 3 * time.Second
	trustRDS(settings.ConnConfig)
	params := settings.ConnConfig.RuntimeParams
	params["application_name"] = "dozen-" + process
	// A process that disappears from the network must not hold its locks for hours.
	params["idle_in_transaction_session_timeout"] = "30s"
	settings.BeforeConnect = func(ctx context.Context, conn *pgx.ConnConfig) error {
		login, err := logins.Get(ctx)
		conn.User, conn.Password = login.Username, login.Password
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, err
	}
	return &DB{Pool: pool, logins: logins}, nil
}

// Begin starts a transaction. It retries, see DB.
func (db *DB) Begin(ctx context.Context) (tx pgx.Tx, err error) {
	err = db.retry(ctx, true, func() error { tx, err = db.Pool.Begin(ctx); return err })
	return tx, err
}

// InTx runs work in a transaction, which it commits if work returns nil.
func (db *DB) InTx(ctx context.Context, work func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, db, work)
}

// Query runs a query. It retries, see DB.
func (db *DB) Query(ctx context.Context, sql string, args ...any) (rows pgx.Rows, err error) {
	err = db.retry(ctx, false, func() error { rows, err = db.Pool.Query(ctx, sql, args...); return err })
	return rows, err
}

// List runs a query and reads each row into a T: its columns into the fields, in order.
func List[T any](ctx context.Context, db *DB, sql string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// Batch runs the queries of a batch in one round trip and one transaction, and calls each query's function with its
// rows. It retries, see DB.
func (db *DB) Batch(ctx context.Context, batch *pgx.Batch) error {
	return db.retry(ctx, false, func() error { return db.SendBatch(ctx, batch).Close() })
}

// Exec runs a statement. It retries, see DB.
func (db *DB) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = db.retry(ctx, false, func() error { tag, err = db.Pool.Exec(ctx, sql, args...); return err })
	return tag, err
}

// QueryRow runs a query for one row. It retries, see DB.
func (db *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return row(func(dest ...any) error {
		return db.retry(ctx, false, func() error { return db.Pool.QueryRow(ctx, sql, args...).Scan(dest...) })
	})
}

type row func(dest ...any) error

func (r row) Scan(dest ...any) error { return r(dest...) }

// IsRefusedValue reports whether PostgreSQL works but refuses a value, such as text that is not UTF-8 or is too long for
// an index: classes 22 and 54 of its error codes.
func IsRefusedValue(err error) bool {
	var reason *pgconn.PgError
	return errors.As(err, &reason) && (reason.Code[:2] == "22" || reason.Code[:2] == "54")
}

// retry runs operation again while it cannot get a connection. If harmless, the operation changes nothing even if it is
// interrupted, as with BEGIN.
func (db *DB) retry(ctx context.Context, harmless bool, operation func() error) error {
	deadline := time.Now().Add(patience)
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		err := operation()
		if err == nil || !db.retryable(err, harmless) || time.Now().Add(pause).After(deadline) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// retryable reports whether the operation that failed with err can safely be repeated.
func (db *DB) retryable(err error, harmless bool) bool {
	var refused *pgconn.ConnectError
	var reason *pgconn.PgError
	isReason := errors.As(err, &reason)
	if errors.As(err, &refused) {
		if isReason && (reason.Code == "28P01" || reason.Code == "28000") {
			return db.logins.Invalidate(refused.Config.Password)
		}
		// Unreachable, starting, shutting down or full: all of them are temporary.
		return !isReason || reason.Code[:2] == "57" || reason.Code[:2] == "53"
	}
	if isReason {
		return harmless && reason.Code[:2] == "57" && reason.Code != "57014"
	}
	ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	return pgconn.SafeToRetry(err) || harmless && !ended
}
