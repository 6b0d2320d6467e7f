package database_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/database"
	"dozen/app/internal/testsuite"
)

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) has(text string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !strings.Contains(j.text.String(), text) {
		return fmt.Errorf("no %q in %q", text, j.text.String())
	}
	return nil
}

// Two migrations at once would apply one of them twice. So a migration waits for the lock before it touches anything, and
// ends its waiting when it is told to.
func TestMigrationsTakeTurns(t *testing.T) {
	db := testsuite.Open(t, testsuite.DatabaseURL(t, false))
	other, err := db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()    // again, if the test has failed
	const key = 0x646f7a656e // "dozen"; another number would let this release and the one before migrate at once
	if _, err := other.Exec(t.Context(), "select pg_advisory_lock($1)", key); err != nil {
		t.Fatal(err)
	}
	log, migrated := &journal{}, make(chan error, 1)
	go func() { migrated <- db.Migrate(context.Background(), slog.New(slog.NewTextHandler(log, nil)), 0) }()
	testsuite.Eventually(t, 10*time.Second, func() error { return log.has("waiting for another migration") })
	stopping, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- db.Migrate(stopping, silent, 0) }()
	stop()
	if err := wait(t, stopped); err == nil {
		t.Error("a migration that was told to stop has succeeded")
	}
	if found := tables(t, db); found != 0 {
		t.Errorf("%d tables, though another migration has the lock", found)
	}
	other.Release()
	db.Reset() // which ends the session with the lock
	if err := wait(t, migrated); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"event", "river_job"} { // ours, and the queue's
		if _, err := db.Exec(t.Context(), "select from "+table); err != nil {
			t.Error(err)
		}
	}
}

// While a migration runs, nobody else gets its lock, from its first statement to its last.
func TestMigrationHoldsItsLock(t *testing.T) {
	db := testsuite.Open(t, testsuite.DatabaseURL(t, false))
	if err := db.Migrate(t.Context(), silent, 1); err != nil {
		t.Fatal(err)
	}
	report, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = report.Rollback(context.Background()) }()
	if _, err := report.Exec(t.Context(), "select count(*) from delivery"); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan error, 1)
	go func() { migrated <- db.Migrate(context.Background(), silent, 0) }()
	testsuite.Eventually(t, 10*time.Second, func() error { // it is in the middle, and waits for the report
		var waiting int
		err := db.QueryRow(t.Context(), `select count(*) from pg_locks where not granted
			and database = (select oid from pg_database where datname = current_database())`).Scan(&waiting)
		if err == nil && waiting == 0 {
			err = fmt.Errorf("nobody waits")
		}
		return err
	})
	for _, function := range []string{"pg_try_advisory_xact_lock", "pg_try_advisory_xact_lock_shared"} {
		var mine bool
		if err := db.QueryRow(t.Context(), "select "+function+"($1)", 0x646f7a656e).Scan(&mine); err != nil || mine {
			t.Errorf("%s in the middle of a migration: %t, %v", function, mine, err)
		}
	}
	if err := report.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, migrated); err != nil {
		t.Error(err)
	}
}

// Our migrations say how long they wait for a table. Those of the queue do not, so their connection does.
func TestTheQueuesMigrationGivesUpItsLock(t *testing.T) {
	db := testsuite.Database(t)
	report, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = report.Rollback(context.Background()) }()
	if _, err := report.Exec(t.Context(), "lock table river_migration"); err != nil {
		t.Fatal(err)
	}
	log, migrated := &journal{}, make(chan error, 1)
	go func() { migrated <- db.Migrate(context.Background(), slog.New(slog.NewTextHandler(log, nil)), 0) }()
	testsuite.Eventually(t, 20*time.Second, func() error { return log.has("a table is locked, retrying") })
	if err := report.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, migrated); err != nil {
		t.Error(err)
	}
}

// A migration that is wrong must say so at once, not after thirty tries.
func TestAFailedMigrationEnds(t *testing.T) {
	db := testsuite.Open(t, testsuite.DatabaseURL(t, false))
	if _, err := db.Exec(t.Context(), "create table event (something text)"); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { failed <- db.Migrate(t.Context(), silent, 0) }()
	select {
	case err := <-failed:
		if err == nil || !strings.Contains(err.Error(), "event") {
			t.Errorf("migrate on a table of somebody else: %v", err)
		}
	case <-time.After(15 * time.Second):
		t.Error("a migration that cannot succeed is tried again and again")
	}
}

// A process that disappears from the network in the middle of a transaction must not hold its locks for hours.
func TestLostProcessesHoldNoLocks(t *testing.T) {
	db := testsuite.Database(t)
	var timeout string
	if err := db.QueryRow(t.Context(), "show idle_in_transaction_session_timeout").Scan(&timeout); err != nil || timeout != "30s" {
		t.Errorf("a transaction may be idle for %s, %v", timeout, err)
	}
}

// What is tested for itself must also be used: a pool for RDS verifies it, with RDS's own roots.
func TestOpenVerifiesRDS(t *testing.T) {
	cfg := load(t, map[string]string{"POSTGRES_SERVICE_HOST": "db.abc.eu-central-1.rds.amazonaws.com", "POSTGRES_SSLMODE": "require"})
	db, err := database.Open(t.Context(), cfg.Database, awsapi.New(cfg.AWS), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tls := db.Config().ConnConfig.TLSConfig
	if tls == nil || tls.InsecureSkipVerify || tls.RootCAs == nil || tls.ServerName != "db.abc.eu-central-1.rds.amazonaws.com" {
		t.Errorf("TLS of a connection to RDS: %+v", tls)
	}
}

// tables returns the number of tables in a database.
func tables(t *testing.T, db *database.DB) (count int) {
	t.Helper()
	err := db.QueryRow(t.Context(), "select count(*) from pg_tables where schemaname = 'public'").Scan(&count)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// wait returns what a migration ends with.
func wait(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(time.Minute):
		t.Fatal("a migration does not end")
		return nil
	}
}
