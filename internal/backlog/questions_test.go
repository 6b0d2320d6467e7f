package backlog_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"dozen/internal/backlog"
)

// memory of the proxy's container, in bytes.
const memory = 32 << 20

// Prevents: a query of one team's that ends the proxy, and with it the app, or keeps others from being counted.
func TestOwnQueries(t *testing.T) {
	good := map[string]string{ // the query, and what it counts
		"select 3":                            "3 <nil>",
		"select 3, 1.5;":                      "3 1.5",
		"select 7::bigint, 2::float8, 'more'": "7 2",
		"select sum(n), max(n) from empty":    "0 0",
		"select count(*) from (select 1) x":   "1 <nil>",
		"select 1, 1e300":                     "1 1e+300",
	}
	bad := map[string]string{ // the query, and a part of the warning
		"select":                                  "0 columns",
		"select ''":                               "not a number",
		"select 'many'":                           "not a number",
		"select 1, interval '1 hour'":             "not a number",
		"select -1":                               "not a number",
		"select 1, -0.5":                          "not a number",
		"select 'NaN'::float8":                    "not a number",
		"select 'infinity'::float8":               "not a number",
		"select 1 union all select 2":             "2 rows",
		"select 1 where false":                    "0 rows",
		"set search_path = nowhere":               "0 rows",
		"set default_transaction_read_only = off": "0 rows",
		"select 1; select 2":                      "multiple commands",
		"select count(*) from missing":            "does not exist",
		"insert into empty values (1)":            "read-only transaction",
		"with x as (delete from empty returning 1) select count(*) from x": "read-only transaction",
		"select pg_sleep(60)":                                    "statement timeout",
		"select n from generate_series(1, 1000000000) n":         "timeout",
		"select repeat('x', 5000000)":                            "body",
		"select repeat('x', 5000000) from generate_series(1, 3)": "body",
		"select pg_terminate_backend(pg_backend_pid())":          "terminating connection",
	}
	var all []backlog.Source
	for query := range bad {
		all = append(all, backlog.Source{Process: query, Kind: "sql", Query: query})
	}
	for query := range good {
		all = append(all, backlog.Source{Process: query, Kind: "sql", Query: query})
	}
	s, database, _ := fresh(t, all...)
	execute(t, database, "create table empty (n int)")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d := open(t, s, 1)
	counted := map[string]int{}
	eventually(t, "each good query has two lines", func() bool {
		counted = map[string]int{}
		lines, _ := d.seen()
		for _, l := range lines {
			if got := fmt.Sprint(pointed(l.Backlog), " ", pointed(l.BacklogAge)); got != good[l.Process] {
				t.Fatalf("%s: %s, want %q", l.Process, got, good[l.Process])
			}
			counted[l.Process]++
		}
		for query := range good {
			if counted[query] < 2 {
				return false
			}
		}
		return true
	})
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > memory/4 {
		t.Errorf("the doors have used %d bytes", used)
	}
	warned := map[string]int{}
	_, warnings := d.seen()
	for _, w := range warnings {
		warned[w.Process]++
		if !strings.Contains(w.Error, bad[w.Process]) || bad[w.Process] == "" {
			t.Errorf("%s: %s", w.Process, w.Error)
		}
	}
	for query := range bad {
		if warned[query] != 1 {
			t.Errorf("%s: %d warnings, want one", query, warned[query])
		}
	}
}

// Prevents: keys of somebody else's under a library's names, or a huge job, that end the proxy or keep others from being counted.
func TestOddKeys(t *testing.T) {
	bad := []backlog.Source{
		{Process: "wrong sidekiq", Kind: "sidekiq", Queues: []string{"wrong"}}, {Process: "wrong celery", Kind: "celery", Queues: []string{"wrong"}},
		{Process: "wrong rq", Kind: "rq", Queues: []string{"wrong"}}, {Process: "wrong bullmq", Kind: "bullmq", Queues: []string{"wrong"}},
		{Process: "wrong asynq", Kind: "asynq", Queues: []string{"wrong"}},
	}
	good := []backlog.Source{
		{Process: "sidekiq 8", Kind: "sidekiq", Queues: []string{"eight"}},
		{Process: "sidekiq", Kind: "sidekiq", Queues: []string{"huge"}}, {Process: "celery", Kind: "celery", Queues: []string{"huge"}},
		{Process: "rq", Kind: "rq", Queues: []string{"empty"}}, {Process: "bullmq", Kind: "bullmq", Queues: []string{"odd"}},
	}
	s, _, cache := fresh(t, append(bad, good...)...)
	for _, key := range []string{"queue:wrong", "wrong", "rq:queue:wrong", "bull:wrong:wait", "asynq:{wrong}:pending"} {
		do(t, cache, "SET", key, "text")
	}
	minute := float64(time.Now().UnixMilli())/1e3 - 60
	huge := `{"args":["` + strings.Repeat("x", 6<<20) + `"],"enqueued_at":%f,"error_message":"\"enqueued_at\":1"}`
	do(t, cache, "LPUSH", "queue:huge", fmt.Sprintf(huge, minute))
	do(t, cache, "LPUSH", "queue:eight", fmt.Sprintf(`{"enqueued_at":%.0f}`, minute*1000))
	do(t, cache, "ZADD", "schedule", minute+50, fmt.Sprintf(huge, minute))
	do(t, cache, "LPUSH", "huge", huge)
	// A job that was put off for an hour, a minute ago.
	hour := (minute - 3600) * 1e3
	do(t, cache, "HSET", "bull:odd:1", "timestamp", fmt.Sprint(hour), "opts", `{"delay":3600000}`)
	do(t, cache, "RPUSH", "bull:odd:wait", "1")

	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d := open(t, s, 1)
	eventually(t, "each good source has two lines", func() bool {
		counted := map[string]int{}
		lines, _ := d.seen()
		for _, l := range lines {
			counted[l.Process]++
			if l.Process != "celery" && l.Process != "rq" {
				if *l.BacklogAge < 60 || *l.BacklogAge > 90 {
					t.Fatalf("%s: the oldest has waited for %f seconds", l.Process, *l.BacklogAge)
				}
			}
		}
		return counted["sidekiq"] > 1 && counted["sidekiq 8"] > 1 && counted["celery"] > 1 && counted["rq"] > 1 && counted["bullmq"] > 1 && len(counted) == len(good)
	})
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > memory/4 {
		t.Errorf("the doors have used %d bytes", used)
	}
	warned := map[string]int{}
	_, warnings := d.seen()
	for _, w := range warnings {
		if strings.Contains(w.Error, "timeout") || strings.Contains(w.Error, "deadline") {
			continue // half a second is little on a busy machine
		}
		warned[w.Process]++
		if !strings.Contains(w.Error, "WRONGTYPE") {
			t.Errorf("%+v", w)
		}
	}
	if len(warned) != len(bad) {
		t.Errorf("warnings: %v", warnings)
	}
}
