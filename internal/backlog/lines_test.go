package backlog_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"dozen/internal/backlog"
)

// Prevents: a line that CloudWatch takes for text. See "Specification: Embedded metric format" in its documentation.
func TestLinesAreMetrics(t *testing.T) {
	s, _, cache := fresh(t, backlog.Source{Process: "worker", Kind: "rq"}, backlog.Source{Process: "slow", Kind: "celery"})
	do(t, cache, "RPUSH", "rq:queue:default", "1", "2")
	before := time.Now().UnixMilli()
	d := open(t, s, 1)
	eventually(t, "two lines", func() bool { lines, _ := d.seen(); return len(lines) >= 2 })
	d.stopAll()
	for i, want := range []string{
		`{"Process": "worker", "Backlog": 2, "BacklogAge": 0, "_aws": {"CloudWatchMetrics": [{"Namespace": "app/test",
			"Dimensions": [["Process"]], "Metrics": [{"Name": "Backlog", "Unit": "Count"}, {"Name": "BacklogAge", "Unit": "Seconds"}]}]}}`,
		`{"Process": "slow", "Backlog": 0, "_aws": {"CloudWatchMetrics": [{"Namespace": "app/test",
			"Dimensions": [["Process"]], "Metrics": [{"Name": "Backlog", "Unit": "Count"}]}]}}`,
	} {
		var got, expected map[string]any
		must(t, json.Unmarshal([]byte(strings.Split(d.text.String(), "\n")[i]), &got))
		must(t, json.Unmarshal([]byte(want), &expected))
		metadata := got["_aws"].(map[string]any)
		if at := int64(metadata["Timestamp"].(float64)); at < before || at > time.Now().UnixMilli() {
			t.Errorf("the timestamp is %d, not milliseconds of now", at)
		}
		delete(metadata, "Timestamp")
		if !reflect.DeepEqual(got, expected) {
			t.Errorf("got %v, want %v", got, expected)
		}
	}
}

// Prevents: a metric line in the middle of a log line. Both are written to the task's standard output.
func TestLinesAndLogDoNotMix(t *testing.T) {
	var all []backlog.Source
	for i := range 200 {
		all = append(all, backlog.Source{Process: fmt.Sprint(i), Kind: "celery", Queues: []string{strings.Repeat("q", 10)}})
	}
	s, _, _ := fresh(t, all...)
	s.Every = 200 * time.Millisecond
	out, in, err := os.Pipe()
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	log := slog.New(slog.NewJSONHandler(in, nil))
	var writers sync.WaitGroup
	writers.Go(func() { backlog.Run(ctx, s, in, log) })
	writers.Go(func() {
		for ctx.Err() == nil {
			log.Info("a connection is refused", "error", strings.Repeat("long ", 2000))
		}
	})
	defer func() { stop(); _ = out.Close(); writers.Wait(); _ = in.Close() }()
	metrics, messages := 0, 0
	for lines := bufio.NewReader(out); metrics < 300 || messages < 300; {
		text, err := lines.ReadBytes('\n')
		must(t, err)
		var l struct {
			AWS *json.RawMessage `json:"_aws"`
		}
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("%v: %.200s", err, text)
		}
		if l.AWS != nil {
			metrics++
		} else {
			messages++
		}
	}
}

// Prevents: variables of the task definition that are read under other names.
func TestLoadSettings(t *testing.T) {
	variables := map[string]string{
		"BACKLOG_SOURCES": `[{"Process": "worker", "Kind": "sql", "Query": "select 1"}, {"Process": "mailer", "Kind": "rq", "Queues": ["mail"]}]`,
		"DATABASE_LISTEN": "127.0.0.1:5432", "POSTGRES_NAME": "inbox", "CACHE_LISTEN": "127.0.0.1:6379", "METRICS_NAMESPACE": "inbox/dev",
	}
	got, err := backlog.LoadSettings(func(name string) string { return variables[name] })
	must(t, err)
	want := backlog.Settings{
		Sources: []backlog.Source{
			{Process: "worker", Kind: "sql", Query: "select 1"}, {Process: "mailer", Kind: "rq", Queues: []string{"mail"}},
		},
		Database: "postgres://app@127.0.0.1:5432/inbox?sslmode=disable", Cache: "127.0.0.1:6379", Namespace: "inbox/dev",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for text, problem := range map[string]string{"[": "BACKLOG_SOURCES", `[{"Process": "worker", "Kind": "resque"}]`: `"resque" of worker is unknown`} {
		variables["BACKLOG_SOURCES"] = text
		if _, err := backlog.LoadSettings(func(name string) string { return variables[name] }); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%s: %v", text, err)
		}
	}
	variables["BACKLOG_SOURCES"] = ""
	none, err := backlog.LoadSettings(func(name string) string { return variables[name] })
	must(t, err)
	backlog.Run(t.Context(), none, os.Stdout, slog.Default()) // returns, as there is nothing to count
}
