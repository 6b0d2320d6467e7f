package database_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
	"dozen/app/internal/database"
	"dozen/app/internal/testsuite"
)

func TestMain(m *testing.M) { testsuite.Main(m) }

func load(t testing.TB, values map[string]string) config.Config {
	t.Helper()
	cfg, err := config.Load(func(name string) string { return values[name] })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// A caret in a generated password has kept a whole deployment from starting. Every printable character must work in
// every place that can contain a password.
func TestEveryPrintablePasswordLogsIn(t *testing.T) {
	admin := testsuite.Database(t)
	server := testsuite.Server()
	if _, err := admin.Exec(t.Context(), "create role printable login superuser"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = admin.Exec(t.Context(), "drop role printable") })
	all := ""
	for c := ' ' + 1; c < 0x7f; c++ {
		all += string(c)
	}
	ctx := t.Context()
	try := func(t rapid.TB, password string) {
		if _, err := admin.Exec(ctx, "alter role printable password '"+strings.ReplaceAll(password, "'", "''")+"'"); err != nil {
			t.Fatal(err)
		}
		parts := map[string]string{"POSTGRES_SERVICE_HOST": "127.0.0.1", "POSTGRES_PORT": fmt.Sprint(server.Port),
			"POSTGRES_SSLMODE": "disable", "POSTGRES_USERNAME": "printable", "POSTGRES_PASSWORD": password}
		whole := map[string]string{"DATABASE_URL": (&url.URL{Scheme: "postgres", User: url.UserPassword("printable", password),
			Host: fmt.Sprintf("127.0.0.1:%d", server.Port), Path: "postgres", RawQuery: "sslmode=disable"}).String()}
		for _, values := range []map[string]string{parts, whole} {
			cfg, err := config.Load(func(name string) string { return values[name] })
			if err != nil {
				t.Fatal(err)
			}
			db, err := database.Open(ctx, cfg.Database, awsapi.New(cfg.AWS), "test")
			if err != nil {
				t.Fatal(err)
			}
			var who string
			err = db.QueryRow(ctx, "select current_user").Scan(&who)
			db.Close()
			if err != nil || who != "printable" {
				t.Fatalf("password %q: %v", password, err)
			}
		}
	}
	try(t, all)
	rapid.Check(t, func(t *rapid.T) {
		try(t, rapid.StringOfN(rapid.RuneFrom([]rune(all)), 1, 30, -1).Draw(t, "password"))
	})
}

// Raw special characters in DATABASE_URL work too, unless they are ambiguous.
func TestRawPasswordInURL(t *testing.T) {
	cfg := load(t, map[string]string{"DATABASE_URL": "postgres://me:p^w%d@d:x/y#z@db.example:5433/app?sslmode=require"})
	if cfg.Database.Password.Reveal() != "p^w%d@d:x/y#z" || cfg.Database.URL != "postgres://db.example:5433/app?sslmode=require" {
		t.Errorf("password %q, URL %q", cfg.Database.Password.Reveal(), cfg.Database.URL)
	}
}

// The database's password rotates every month, under load, and nobody restarts anything: no query may fail, in either
// order of the rotation's steps.
func TestRotationUnderLoad(t *testing.T) {
	url := testsuite.DatabaseURL(t, true)
	admin := testsuite.Open(t, url)
	change := func(password string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), "alter role rotating password '"+password+"'"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := admin.Exec(t.Context(), "create role rotating login superuser"); err != nil {
		t.Fatal(err)
	}
	login := func(n int) awsapi.Login {
		return awsapi.Login{Username: "rotating", Password: fmt.Sprintf("pass-%d", n)}
	}
	change(login(0).Password)
	fake := testsuite.NewAWS(t)
	fake.SetLogin(awsapi.Current, login(0))
	values := fake.Variables()
	values["DATABASE_URL"], values["DATABASE_SECRET_ARN"], values["DATABASE_POOL_SIZE"] = url, "arn:aws:secretsmanager:x", "4"
	cfg := load(t, values)
	db, err := database.Open(t.Context(), cfg.Database, awsapi.New(cfg.AWS), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	var queries atomic.Int64
	ending := make(chan struct{})
	var load sync.WaitGroup
	for range 8 {
		load.Go(func() {
			for {
				select {
				case <-ending:
					return
				default:
				}
				err := db.InTx(t.Context(), func(tx pgx.Tx) error {
					_, err := tx.Exec(t.Context(), "select 1")
					return err
				})
				if err != nil {
					t.Errorf("query failed in the rotation: %v", err)
					return
				}
				queries.Add(1)
			}
		})
	}
	waitForQueries := func() {
		t.Helper()
		want := queries.Load() + 50
		testsuite.Eventually(t, 10*time.Second, func() error {
			if queries.Load() < want && !t.Failed() {
				return fmt.Errorf("%d queries, waiting for %d", queries.Load(), want)
			}
			return nil
		})
	}
	waitForQueries()
	for n := 1; n <= 4; n++ {
		// Like the rotation: the new password is pending, the server gets it, and only then it becomes the current one.
		fake.SetLogin(awsapi.Pending, login(n))
		change(login(n).Password)
		db.Reset() // every connection must log in again
		waitForQueries()
		fake.SetLogin(awsapi.Current, login(n))
		fake.SetLogin(awsapi.Pending, awsapi.Login{})
		db.Reset()
		waitForQueries()
	}
	close(ending)
	load.Wait()
	// The secret is kept between logins: 8 resets of 4 connections are not 32 fetches.
	if fetches := fake.Fetches(); fetches > 20 {
		t.Errorf("the secret was fetched %d times for 4 rotations", fetches)
	}
}

// A refused password that nobody rotates is an error within a second, not a hang.
func TestWrongPasswordFails(t *testing.T) {
	cfg := load(t, map[string]string{"DATABASE_URL": testsuite.Server().URL("postgres"), "POSTGRES_PASSWORD": "x"})
	cfg.Database.Password = "wrong"
	db, err := database.Open(t.Context(), cfg.Database, awsapi.New(cfg.AWS), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(t.Context(), "select 1"); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("error = %v; want one without the password", err)
	}
}
