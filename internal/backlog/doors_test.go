package backlog_test

import (
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5"

	"dozen/internal/backlog"
)

// two are a source in each store.
var two = []backlog.Source{{Process: "rows", Kind: "sql", Query: "select 1, 2"}, {Process: "keys", Kind: "rq"}}

// leader waits for the next line of a process, and returns its door. The line must come within some intervals.
func leader(t *testing.T, d *doors, process string) int {
	t.Helper()
	since := time.Now()
	var found *line
	eventually(t, "a line of "+process, func() bool {
		lines, _ := d.seen()
		for _, l := range lines {
			if l.Process == process && l.at.After(since) {
				found = &l
				return true
			}
		}
		return false
	})
	if waited := found.at.Sub(since); waited > 10*time.Second {
		t.Errorf("%s: a line after %s, and not within some intervals", process, waited)
	}
	return found.door
}

// Prevents: a hundred tasks that ask one database, and a leader whose death ends all scaling.
func TestOneDoorCounts(t *testing.T) {
	s, database, cache := fresh(t, two...)
	d := open(t, s, 8)
	leader(t, d, "rows")
	leader(t, d, "keys")
	counted := map[string]int{}
	for _, l := range d.intervals(t, s, 4) {
		counted[l.Process]++
	}
	for _, process := range []string{"rows", "keys"} {
		if n := counted[process]; n < 1 || n > 6 { // a busy machine is late, and late is not twenty times
			t.Errorf("%s: %d lines in four intervals", process, n)
		}
	}
	const locks = "from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())"
	if n := value[int](t, database, "select count(*) "+locks); n != 1 {
		t.Errorf("%d doors have the lock", n)
	}
	value[bool](t, database, "select bool_and(pg_terminate_backend(pid)) "+locks)
	for range 2 {
		d.stop[leader(t, d, "rows")]()
		d.stop[leader(t, d, "keys")]()
	}
	d.stopAll()
	eventually(t, "no connection is left", func() bool {
		return value[int](t, database, "select count(*) from pg_stat_activity where application_name = 'dozen backlog'") == 0
	})
	eventually(t, "no key is left", func() bool { return len(do(t, cache, "KEYS", "*").([]any)) == 0 })
	eventually(t, "no goroutine is left", func() bool {
		stacks := make([]byte, 1<<20)
		return !strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "dozen/internal/backlog.")
	})
}

// Prevents: a warning each minute while a store is away, and a door that does not find it again.
func TestStoreGoesAndComes(t *testing.T) {
	s, _, _ := fresh(t, two...)
	database, cache := free(), free()
	s.Database = "postgres://app@" + database + s.Database[len("postgres://app@"+at.database):]
	s.Cache = cache
	d := open(t, s, 1)
	for round := 1; round <= 2; round++ {
		if lines := d.intervals(t, s, 3); len(lines) > 0 {
			t.Errorf("there is no store, and lines: %v", lines)
		}
		if _, warnings := d.seen(); len(warnings) != 2*round {
			t.Errorf("%d warnings, want one for each store and time: %v", len(warnings), warnings)
		}
		closeDatabase, closeCache := forward(t, database, at.database), forward(t, cache, at.cache)
		eventually(t, "the stores are found again", func() bool {
			found := map[string]bool{}
			for _, l := range d.intervals(t, s, 1) {
				found[l.Process] = true
			}
			return len(found) == 2
		})
		closeDatabase()
		closeCache()
	}
}

// forward leads connections to an address somewhere else, until it is closed.
func forward(t *testing.T, from, to string) (stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	must(t, err)
	var mu sync.Mutex
	var open []net.Conn
	stop = func() {
		_ = listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, conn := range open {
			_ = conn.Close()
		}
	}
	t.Cleanup(stop)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				_ = client.Close()
				return
			}
			mu.Lock()
			open = append(open, client, server)
			mu.Unlock()
			go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
			go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
		}
	}()
	return stop
}

// Prevents: a number from before the library's first start, when there is none to give; and a library that is found only by a restart.
func TestLibraryThatHasNotBegun(t *testing.T) {
	var all []backlog.Source
	for kind := range libraries {
		all = append(all, sources(kind)[0])
	}
	s, database, cache := fresh(t, all...)
	d := open(t, s, 1)
	inDatabase := 0
	for kind, l := range libraries {
		if l.keys == "" && kind != "sidekiq" {
			inDatabase++
		}
	}
	isEmpty := func(lines []line, number int) bool {
		found := map[string]bool{}
		for _, l := range lines {
			aged := l.BacklogAge != nil && *l.BacklogAge == 0 || l.BacklogAge == nil && l.Process == "celery all"
			found[l.Process] = *l.Backlog == 0 && aged
		}
		for _, empty := range found {
			if !empty {
				return false
			}
		}
		return len(found) == number
	}
	eventually(t, "only what is in the cache can be counted", func() bool {
		lines := d.intervals(t, s, 3)
		_, warnings := d.seen()
		return isEmpty(lines, len(libraries)-inDatabase) && len(warnings) == inDatabase
	})
	for kind := range libraries {
		replay(t, kind, time.Now(), database, cache)
	}
	clean(t, database, cache)
	eventually(t, "all are empty", func() bool { return isEmpty(d.intervals(t, s, 2), len(libraries)) })
	if _, warnings := d.seen(); len(warnings) != inDatabase {
		t.Errorf("%d warnings, want one for each library: %v", len(warnings), warnings)
	}
}

func clean(t *testing.T, database *pgx.Conn, cache redis.Conn) {
	t.Helper()
	do(t, cache, "FLUSHALL")
	execute(t, database, `do $$ declare name text; begin
		for name in select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'pgboss', 'graphile_worker') loop
			execute 'truncate ' || name;
		end loop; end $$`)
}
