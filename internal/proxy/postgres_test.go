package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dozen/internal/proxy"
)

// Prevents: a part of the protocol that the proxy does not pass on.
func TestEveryWayToQueryPasses(t *testing.T) {
	conn := start(t, newSecrets(), nil).query(t)
	ctx := t.Context()
	for name, try := range map[string]func() error{
		"a simple query":       func() error { _, err := conn.Exec(ctx, "select 1; select 2"); return err },
		"a prepared statement": func() error { return one(conn.QueryRow(ctx, "select $1::int", 1)) },
		"a batch": func() error {
			batch := &pgx.Batch{}
			for n := range 100 {
				batch.Queue("select $1::int", n)
			}
			return conn.SendBatch(ctx, batch).Close()
		},
		"a pipeline": func() error {
			pipeline := conn.PgConn().StartPipeline(ctx)
			for range 3 {
				pipeline.SendQueryParams("select 1", nil, nil, nil, nil)
				if err := pipeline.Sync(); err != nil {
					return err
				}
			}
			return pipeline.Close()
		},
		"COPY in": func() error {
			if _, err := conn.Exec(ctx, "create temp table copied (n int)"); err != nil {
				return err
			}
			rows := make([][]any, 100_000)
			for n := range rows {
				rows[n] = []any{n}
			}
			_, err := conn.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"n"}, pgx.CopyFromRows(rows))
			return err
		},
		"COPY out": func() error {
			tag, err := conn.PgConn().CopyTo(ctx, &strings.Builder{}, "copy (select generate_series(1, 100000)) to stdout")
			if err == nil && tag.RowsAffected() != 100_000 {
				err = errors.New(tag.String())
			}
			return err
		},
		"LISTEN": func() error {
			if _, err := conn.Exec(ctx, "listen here; select pg_notify('here', 'text')"); err != nil {
				return err
			}
			ctx, done := context.WithTimeout(ctx, 10*time.Second)
			defer done()
			_, err := conn.WaitForNotification(ctx)
			return err
		},
		"10 MiB": func() error {
			var length int
			err := conn.QueryRow(ctx, "select length($1)", strings.Repeat("x", 10<<20)).Scan(&length)
			return errors.Join(err, one(conn.QueryRow(ctx, "select repeat('x', 10485760)")))
		},
	} {
		if err := try(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func one(row pgx.Row) error { var ignored any; return row.Scan(&ignored) }

// Prevents: a query that nobody can stop.
func TestAQueryIsCancelled(t *testing.T) {
	conn := start(t, newSecrets(), nil).query(t)
	ended := make(chan error, 1)
	go func() { _, err := conn.Exec(context.Background(), "select pg_sleep(60)"); ended <- err }()
	for {
		if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			if code(err) != "57014" {
				t.Errorf("the query ended with %v", err)
			}
			return
		case <-time.After(50 * time.Millisecond): // it may not have begun
		case <-t.Context().Done():
			t.Fatal("the query goes on")
		}
	}
}

func code(err error) string {
	var reason *pgconn.PgError
	if errors.As(err, &reason) {
		return reason.Code
	}
	return ""
}

// Prevents: an app behaves otherwise in an outage than it does without the proxy, or learns nothing of its cause.
func TestWhatClientsAreTold(t *testing.T) {
	away, elsewhere := free(t), lay(t, "127.0.0.2", fmt.Sprintf("127.0.0.1:%d", database.Port))
	for name, c := range map[string]struct {
		secrets func(*secrets)
		change  func(*proxy.Settings)
		options string
		code    string
		words   string
	}{
		"no such database":   {options: "dbname=missing", code: "3D000", words: `database "missing" does not exist`},
		"a refused setting":  {options: "work_mem=much", code: "22023", words: "work_mem"},
		"no server":          {change: func(s *proxy.Settings) { s.Database.Address = away }, code: "57P03", words: "connection refused"},
		"no such host":       {change: func(s *proxy.Settings) { s.Database.Address = "missing.invalid:5432" }, code: "57P03", words: "missing.invalid"},
		"another server":     {change: func(s *proxy.Settings) { s.Database.Address = elsewhere.address }, code: "57P03", words: "certificate"},
		"a wrong password":   {secrets: func(s *secrets) { s.set("database", "AWSCURRENT", "app", "wrong") }, code: "28P01", words: "password"},
		"no secret":          {change: func(s *proxy.Settings) { s.Database.SecretARN = "missing" }, code: "57P03", words: "ResourceNotFoundException"},
		"a secret of no use": {secrets: func(s *secrets) { s.logins["database AWSCURRENT"] = "text" }, code: "57P03", words: `not JSON with "username"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSecrets()
			if c.secrets != nil {
				c.secrets(s)
			}
			address, err := pgconn.ParseConfig(start(t, s, c.change).url())
			if err != nil {
				t.Fatal(err)
			}
			if key, value, ok := strings.Cut(c.options, "="); ok {
				address.RuntimeParams[key] = value
				if key == "dbname" {
					delete(address.RuntimeParams, key)
					address.Database = value
				}
			}
			conn, err := pgconn.ConnectConfig(t.Context(), address)
			if err == nil {
				_ = conn.Close(t.Context())
			}
			if code(err) != c.code || !strings.Contains(err.Error(), c.words) {
				t.Errorf("the client got %v, want %s and %q", err, c.code, c.words)
			}
			if strings.Contains(fmt.Sprint(err), password) {
				t.Errorf("%v holds a password", err)
			}
		})
	}
}

// Prevents: a client that is not written in Go meets another proxy than pgx. It also asks for TLS and GSSAPI first.
func TestPsql(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("psql is not installed")
	}
	a := start(t, newSecrets(), nil)
	for _, mode := range []string{"disable", "prefer"} {
		cmd := exec.CommandContext(t.Context(), psql, "-XAtc", "select current_user", "postgres://app@"+a.database+"/app?sslmode="+mode)
		out, err := cmd.CombinedOutput()
		if strings.TrimSpace(string(out)) != "app" {
			t.Errorf("sslmode=%s: %v %s", mode, err, out)
		}
	}
}

// Prevents: the reason why the server has ended a session never reaches the app.
func TestTheServersLastWordsArrive(t *testing.T) {
	a := start(t, newSecrets(), nil)
	conn, other := a.query(t), a.query(t)
	ended := make(chan error, 1)
	go func() { _, err := conn.Exec(context.Background(), "select pg_sleep(60)"); ended <- err }()
	if _, err := other.Exec(t.Context(), "select pg_terminate_backend($1)", conn.PgConn().PID()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if code(err) != "57P01" {
			t.Errorf("the session ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the client waits for a session that has ended")
	}
}

// Prevents: sessions pile up at the server when their clients are gone.
func TestASessionEndsWithItsClient(t *testing.T) {
	a := start(t, newSecrets(), nil)
	watching := a.query(t)
	for range 5 {
		conn := a.query(t)
		if err := conn.PgConn().Conn().Close(); err != nil { // without a word, as a killed process does
			t.Fatal(err)
		}
	}
	eventually(t, "only one session is left", func() bool {
		var sessions int
		err := watching.QueryRow(t.Context(), "select count(*) from pg_stat_activity where usename = 'app' and pid <> pg_backend_pid() and application_name = ''").Scan(&sessions)
		return err == nil && sessions == 0
	})
}
