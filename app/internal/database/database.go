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

// patience is how long a query waits for a new connection where the server is
// restarting or a password rotates: long enough for both, too short to pile
// up requests while the database is really away.
const patience = time.Second

// DB is a connection pool that survives rotation and restarts of the server.
// Its own methods try again where nothing can have been executed yet.
type DB struct {
	*pgxpool.Pool
	logins *awsapi.Logins
}

// Open prepares the pool. It connects only when first used, so that a process
// starts, and answers its health check, while the database is away.
func Open(ctx context.Context, cfg config.Database, aws *awsapi.Client, process string) (*DB, error) {
	settings, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("database URL %q: %w", cfg.URL, err)
	}
	logins := awsapi.NewLogins(aws, cfg.SecretARN, awsapi.Login{Username: cfg.Username, Password: cfg.Password.Reveal()})
	settings.MaxConns = int32(cfg.PoolSize)
	settings.MaxConnLifetime = 30 * time.Minute
	settings.MaxConnLifetimeJitter = 5 * time.Minute
	settings.ConnConfig.ConnectTimeout = 3 * time.Second
	params := settings.ConnConfig.RuntimeParams
	params["application_name"] = "dozen-" + process
	// A process that vanishes from the network must not hold its locks for hours.
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

// Begin starts a transaction; see DB.
func (db *DB) Begin(ctx context.Context) (tx pgx.Tx, err error) {
	err = db.retry(ctx, true, func() error { tx, err = db.Pool.Begin(ctx); return err })
	return tx, err
}

// InTx runs work in a transaction, and commits if it returns nil.
func (db *DB) InTx(ctx context.Context, work func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, db, work)
}

// Query runs a query; see DB.
func (db *DB) Query(ctx context.Context, sql string, args ...any) (rows pgx.Rows, err error) {
	err = db.retry(ctx, false, func() error { rows, err = db.Pool.Query(ctx, sql, args...); return err })
	return rows, err
}

// List runs a query and reads each row into a T, column by field.
func List[T any](ctx context.Context, db *DB, sql string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// Batch runs the queries of a batch in one round trip and one transaction, and
// each one's function on its rows; see DB.
func (db *DB) Batch(ctx context.Context, batch *pgx.Batch) error {
	return db.retry(ctx, false, func() error { return db.SendBatch(ctx, batch).Close() })
}

// Exec runs a statement; see DB.
func (db *DB) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = db.retry(ctx, false, func() error { tag, err = db.Pool.Exec(ctx, sql, args...); return err })
	return tag, err
}

// QueryRow runs a query for one row; see DB.
func (db *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return row(func(dest ...any) error {
		return db.retry(ctx, false, func() error { return db.Pool.QueryRow(ctx, sql, args...).Scan(dest...) })
	})
}

type row func(dest ...any) error

func (r row) Scan(dest ...any) error { return r(dest...) }

// retry runs operation again while no connection could be had. harmless says
// that even an interrupted operation has changed nothing, as with BEGIN.
func (db *DB) retry(ctx context.Context, harmless bool, operation func() error) error {
	deadline := time.Now().Add(patience)
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		err := operation()
		if err == nil || !db.again(err, harmless) || time.Now().Add(pause).After(deadline) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

func (db *DB) again(err error, harmless bool) bool {
	var refused *pgconn.ConnectError
	var reason *pgconn.PgError
	isReason := errors.As(err, &reason)
	if errors.As(err, &refused) {
		if isReason && (reason.Code == "28P01" || reason.Code == "28000") {
			return db.logins.Refused(refused.Config.Password)
		}
		// Away, starting, shutting down or full: all of them pass.
		return !isReason || reason.Code[:2] == "57" || reason.Code[:2] == "53"
	}
	if isReason {
		return harmless && reason.Code[:2] == "57" && reason.Code != "57014"
	}
	return pgconn.SafeToRetry(err) || harmless && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}
