package migrationlint

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// table is what PostgreSQL says about a table that existed before the migration: whether this transaction keeps others
// from writing to it, where its rows are, and how many of them the session has read and changed.
type tableState struct {
	Name          string
	Locked        bool
	File          int64
	Read, Changed int64
}

const tableStates = `SELECT c.oid::regclass::text, EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_backend_pid()
		AND l.relation = c.oid AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')),
	coalesce(pg_relation_filenode(c.oid), 0)::int8, coalesce(s.seq_tup_read + coalesce(s.idx_tup_fetch, 0), 0)::int8,
	coalesce(s.n_tup_upd + s.n_tup_del, 0)::int8
	FROM pg_class c LEFT JOIN pg_stat_xact_all_tables s ON s.relid = c.oid
	WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace IN (to_regnamespace('public'), to_regnamespace('archive'))`

func states(t *testing.T, conn *pgx.Conn) map[string]tableState {
	t.Helper()
	rows, err := conn.Query(context.Background(), tableStates)
	must(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[tableState])
	must(t, err)
	all := map[string]tableState{}
	for _, s := range list {
		all[s.Name] = s
	}
	return all
}

// many rows are more than a batch, and most of a table of the corpus.
const many = 1500

// watch executes one statement of a migration and returns what it does to those who use the old tables.
func watch(t *testing.T, conn *pgx.Conn, old map[string]bool, sql string) (harm []string) {
	t.Helper()
	before, limit := states(t, conn), 0
	must(t, conn.QueryRow(context.Background(), "SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout'").Scan(&limit))
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		return []string{"it fails: " + err.Error()}
	}
	var locked []string
	var read, changed int64
	for name, after := range states(t, conn) {
		if !old[name] {
			continue
		}
		if after.Locked {
			locked = append(locked, name)
			if !before[name].Locked && (limit == 0 || limit > 10_000) {
				harm = append(harm, "it waits for its lock without a limit: "+name)
			}
		}
		if after.File != before[name].File {
			harm = append(harm, "it writes the table anew: "+name)
		}
		read, changed = read+after.Read-before[name].Read, changed+after.Changed-before[name].Changed
	}
	if len(locked) > 0 && read >= many {
		harm = append(harm, fmt.Sprintf("nobody can write to %v while it reads %d rows", locked, read))
	}
	if changed >= many {
		harm = append(harm, fmt.Sprintf("it changes %d rows", changed))
	}
	return harm
}

// migrate runs one file as goose does.
func migrate(t *testing.T, conn *pgx.Conn, old map[string]bool, f migrationFile) (harm []string) {
	t.Helper()
	m := read(f.content)
	if err := m.parse(); err != nil {
		return []string{err.Error()}
	}
	for _, s := range m.statements {
		// A transaction of its own shows which locks the statement has taken. CONCURRENTLY and VACUUM refuse one.
		own := f.noTx && !strings.Contains(s.text, "CONCURRENTLY") && !strings.HasPrefix(s.text, "VACUUM")
		if own {
			execute(t, conn, "BEGIN")
		}
		harm = watch(t, conn, old, s.text)
		if own {
			execute(t, conn, "COMMIT")
		}
		if len(harm) > 0 {
			return harm
		}
	}
	return nil
}

// harm runs an example on the server, and returns what happens to the release that still runs.
func (s *server) harm(t *testing.T, shared *pgx.Conn, want []string, e example) (harm []string) {
	t.Helper()
	conn, remove := shared, func() {}
	single := len(e.files) == 1 && !e.files[0].noTx && !strings.Contains(e.files[0].content, "COMMIT;")
	if !single {
		conn, remove = s.clone(t)
	}
	defer remove()
	old := map[string]bool{}
	for name := range states(t, conn) {
		old[name] = true
	}
	for _, f := range e.files {
		if !f.noTx {
			execute(t, conn, "BEGIN")
		}
		harm = append(harm, migrate(t, conn, old, f)...)
		if f.noTx && len(harm) == 0 {
			for _, again := range migrate(t, conn, old, f) {
				harm = append(harm, "a second run: "+again)
			}
		}
		if single {
			break
		}
		execute(t, conn, "COMMIT") // ROLLBACK, if it has failed
	}
	if len(harm) == 0 {
		if !single {
			execute(t, conn, "BEGIN")
		}
		execute(t, conn, "SET LOCAL search_path = public")
		statements, got := oldRelease(t, conn)
		for i := range statements {
			if got[i] != want[i] {
				harm = append(harm, fmt.Sprintf("%s\n\t\tgave  %s\n\t\tgives %s", statements[i], want[i], got[i]))
			}
		}
	}
	execute(t, conn, "ROLLBACK")
	return harm
}

// Prevents: a verdict of the corpus that somebody believed. PostgreSQL has the last word: it runs every example, shows
// which locks are held over which work, and then the release that still runs does all that it does.
func TestPostgreSQLAgreesWithTheCorpus(t *testing.T) {
	s := startServer(t)
	shared, remove := s.clone(t)
	defer remove()
	execute(t, shared, "BEGIN")
	_, want := oldRelease(t, shared)
	execute(t, shared, "ROLLBACK")
	harmful, unseen, safe := 0, 0, 0
	for _, name := range corpus {
		for _, e := range examples(t, name) {
			harm := s.harm(t, shared, want, e)
			switch {
			case e.harmful && e.unseen:
				unseen++
			case e.harmful:
				harmful++
				if len(harm) == 0 {
					t.Errorf("%s: PostgreSQL sees no harm", e.name)
				}
			default:
				safe++
				if len(harm) > 0 {
					t.Errorf("%s:\n\t%s", e.name, strings.Join(harm, "\n\t"))
				}
			}
		}
	}
	t.Logf("%d harmful, %d safe, and %d harmful that PostgreSQL cannot tell", harmful, safe, unseen)
}

// Prevents: a function in functions.txt that gives something else for each row, or changes something.
func TestListedFunctionsChangeNothing(t *testing.T) {
	conn := startServer(t).connect(t, "corpus")
	rows, err := conn.Query(t.Context(), `SELECT proname::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
		GROUP BY proname HAVING bool_and(provolatile <> 'v')`)
	must(t, err)
	stable, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	for _, name := range functions {
		if !slices.Contains(stable, name) {
			t.Errorf("%s is volatile, or does not exist", name)
		}
	}
	if len(functions) < 200 {
		t.Errorf("only %d functions", len(functions))
	}
}
