package migrationlint

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dozen/internal/local/backing"
)

// server is a PostgreSQL 17 whose database "corpus" has the schema and the rows of the corpus.
type server struct {
	port      int
	authority *backing.Authority
	clones    int
}

func startServer(t *testing.T) *server {
	t.Helper()
	if testing.Short() {
		t.Skip("starts PostgreSQL")
	}
	dir, err := os.MkdirTemp("", "lint") // a short path that user nobody can reach
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o711))
	authority, err := backing.OpenAuthority(filepath.Join(dir, "authority"))
	must(t, err)
	db, err := backing.StartDatabase(t.Context(), backing.DatabaseSettings{
		Dir: filepath.Join(dir, "database"), Version: "17.10", Name: "corpus", Username: "app", Password: "secret",
		Authority: authority, Checkout: "../..", Parameters: map[string]string{"fsync": "off", "autovacuum": "off"},
	})
	must(t, err)
	t.Cleanup(db.Stop)
	s := &server{port: db.Port, authority: authority}
	conn := s.connect(t, "corpus")
	execute(t, conn, "CREATE ROLE reporting")
	for _, name := range []string{"schema", "rows"} {
		execute(t, conn, corpusFile(t, name))
	}
	must(t, conn.Close(t.Context()))
	return s
}

// connect opens a connection that lives until the test ends, or is closed.
func (s *server) connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=app dbname=%s sslmode=disable", s.port, database))
	must(t, err)
	config.Password = "secret"
	config.TLSConfig = &tls.Config{RootCAs: s.authority.Pool(), ServerName: "127.0.0.1"}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// clone makes a copy of the database, and a function that removes it.
func (s *server) clone(t *testing.T) (conn *pgx.Conn, remove func()) {
	t.Helper()
	s.clones++
	name := fmt.Sprintf("clone%d", s.clones)
	admin := s.connect(t, "postgres")
	execute(t, admin, "CREATE DATABASE "+name+" TEMPLATE corpus")
	conn = s.connect(t, name)
	return conn, func() {
		must(t, conn.Close(t.Context()))
		execute(t, admin, "DROP DATABASE "+name)
		must(t, admin.Close(t.Context()))
	}
}

func corpusFile(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "corpus", name+".sql"))
	must(t, err)
	return string(content)
}

// oldRelease returns what each statement of the release that still runs gives, or its error, without a trace.
func oldRelease(t *testing.T, conn *pgx.Conn) (statements, results []string) {
	t.Helper()
	for line := range strings.SplitSeq(corpusFile(t, "old_release"), "\n") {
		if line == "" || strings.HasPrefix(line, "--") {
			continue
		}
		execute(t, conn, "SAVEPOINT probe")
		statements, results = append(statements, line), append(results, result(conn, line))
		execute(t, conn, "ROLLBACK TO probe")
	}
	if len(statements) < 40 {
		t.Fatalf("only %d statements", len(statements))
	}
	return statements, results
}

func result(conn *pgx.Conn, sql string) string {
	rows, err := conn.Query(context.Background(), sql)
	if err == nil {
		var all [][]any
		if all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() }); err == nil {
			return fmt.Sprint(rows.CommandTag(), all)
		}
	}
	return err.Error()
}

func execute(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	_, err := conn.Exec(context.Background(), sql)
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
