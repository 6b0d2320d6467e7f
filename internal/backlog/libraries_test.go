package backlog_test

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"dozen/internal/backlog"
)

// library is one whose jobs the door counts, and how many of testdata's there are.
//
// In queue mail one job runs, and these wait: "due"; "past", which was to start earlier; "again", which has failed once; and "urgent" if
// the library has a place of its own for that. "future" is for later, "later" is tried again later, and "broken" has failed for good:
// these three do not count. In queue other a job waits.
type library struct {
	mail, all float64
	hours     float64  // the age of the oldest job in mail, if it is known that one was to start an hour ago
	run       []string // the command that writes the jobs with the library itself; none: the record is written by hand
	tables    []table  // what is recorded
	keys      string   // and in Redis, a regular expression
	fields    []string // of hashes; none: all
}

var libraries = map[string]library{
	"river":   {4, 5, 1, goProgram("river"), []table{{"river_job", "queue, state, scheduled_at"}}, "", nil},
	"pg-boss": {4, 5, 1, []string{"node", "pg-boss.js"}, []table{{"pgboss.job", "name, state, start_after"}}, "", nil},
	"graphile-worker": {4, 5, 1, []string{"node", "graphile-worker.js"},
		[]table{{"graphile_worker.jobs", "task_identifier, locked_at, run_at, attempts, max_attempts"}}, "", nil},
	"procrastinate": {4, 5, 1, []string{"python", "procrastinate_jobs.py"}, []table{
		{"procrastinate_jobs", "id, queue_name, status, scheduled_at"}, {"procrastinate_events", "job_id, type, at"},
	}, "", nil},
	"solid-queue": {4, 5, 1, nil, nil, "", nil},
	"good-job":    {4, 5, 1, nil, nil, "", nil},
	"delayed-job": {4, 5, 1, nil, nil, "", nil},
	"oban":        {4, 5, 1, nil, nil, "", nil},
	// What runs, and what is for later or tried again, is of no queue, so the job in other has company.
	"sidekiq": {4, 5, 1, nil, nil, "", nil},
	// Only a worker can tell that a job is for later: future and later count.
	"celery": {7, 8, 0, []string{"python", "celery_jobs.py"}, nil, `^(mail|other)|^unacked$`, nil},
	"rq": {4, 5, 1, []string{"python", "rq_jobs.py"}, nil,
		`^rq:(queue|wip|scheduled):[a-z]+$|^rq:job:[a-z]+$`, []string{"enqueued_at"}},
	"bullmq": {5, 6, 0, []string{"node", "bullmq.js"}, nil,
		`^bull:[a-z]+:(wait|active|delayed|prioritized|failed|due|other|again)$`, []string{"timestamp", "opts", "processedOn"}},
	"asynq": {4, 5, 0, goProgram("asynq"), nil,
		`^asynq:queues$|^asynq:{[a-z]+}:(pending|active|scheduled|retry|archived|t:.*)$`, []string{"pending_since"}},
}

func goProgram(name string) []string { return []string{"go", "run", ".", name} }

// sources are three workers with the jobs of a library.
func sources(kind string) []backlog.Source {
	all := backlog.Source{Process: kind + " all", Kind: kind}
	if kind == "celery" || kind == "rq" || kind == "bullmq" {
		all.Queues = []string{"mail", "other"} // these have no list of their queues
	}
	return []backlog.Source{
		all,
		{Process: kind + " mail", Kind: kind, Queues: []string{"mail"}},
		{Process: kind + " other", Kind: kind, Queues: []string{"other", `no "\, such`}},
	}
}

// check compares what is measured with what there is: age is of a job that was sent without a delay, in seconds.
func (l library) check(t *testing.T, kind string, found map[string]line, age, tolerance float64) {
	t.Helper()
	other, hours := l.all-l.mail, l.hours
	if kind == "sidekiq" || kind == "celery" {
		other = l.all - map[string]float64{"sidekiq": 1, "celery": 6}[kind]
	}
	want := map[string]float64{"all": l.all, "mail": l.mail, "other": other}
	for _, queue := range slices.Sorted(maps.Keys(want)) {
		got := found[kind+" "+queue]
		if got.Backlog == nil || *got.Backlog != want[queue] {
			t.Errorf("%s %s: %v jobs, want %v", kind, queue, pointed(got.Backlog), want[queue])
		}
		if kind == "celery" {
			if got.BacklogAge != nil {
				t.Errorf("an age of %v, which nobody can know", *got.BacklogAge)
			}
			continue
		}
		oldest := age + hours*3600
		if queue == "other" && kind != "sidekiq" {
			oldest = age
		}
		if got.BacklogAge == nil || *got.BacklogAge < oldest-0.001 || *got.BacklogAge > oldest+tolerance {
			t.Errorf("%s %s: the oldest has waited for %v seconds, want %v to %v", kind, queue, pointed(got.BacklogAge), oldest, oldest+tolerance)
		}
	}
}

func pointed(n *float64) any {
	if n == nil {
		return nil
	}
	return *n
}

// Prevents: a worker that is scaled by jobs that are not there, or not scaled by those that are. What each library has written is
// written again, as of a minute and a half ago.
func TestRecordedJobsAreCounted(t *testing.T) {
	kinds := slices.DeleteFunc(backlog.Kinds(), func(kind string) bool { return kind == "sql" })
	if !slices.Equal(kinds, slices.Sorted(maps.Keys(libraries))) {
		t.Fatalf("the libraries are %q, tested are %q", kinds, slices.Sorted(maps.Keys(libraries)))
	}
	var all []backlog.Source
	for _, kind := range kinds {
		all = append(all, sources(kind)...)
	}
	s, database, cache := fresh(t, all...)
	execute(t, database, "alter database "+value[string](t, database, "select current_database()")+" set timezone = 'Asia/Tokyo'")
	from := time.Now().Truncate(time.Second).Add(-90 * time.Second)
	for _, kind := range kinds {
		replay(t, kind, from, database, cache)
	}
	// Version 12 of pg-boss has jobs that wait for others; and each version has a queue of its own.
	execute(t, database, `alter table pgboss.job add blocked bool not null default false;
		insert into pgboss.job values ('mail', 'created', minutes(-600), true), ('__pgboss__send-it', 'created', minutes(-600), false)`)
	found := measured(t, s)
	for _, kind := range kinds {
		libraries[kind].check(t, kind, found, 90, time.Since(from).Seconds()-90)
	}
}

// Prevents: a record of what a library wrote years ago.
func TestLibrariesWriteWhatIsRecorded(t *testing.T) {
	if os.Getenv("DOZEN_LONG") == "" {
		t.Skip("DOZEN_LONG is not set")
	}
	programs := installed(t)
	for kind, l := range libraries {
		if l.run == nil {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			s, database, cache := fresh(t, sources(kind)...)
			before := time.Now()
			start(t, programs, s, l)
			ready := time.Now()
			found := measured(t, s)
			l.check(t, kind, found, time.Since(ready).Seconds()-3, time.Since(before).Seconds()+3)
			var got []byte
			if l.tables != nil {
				got = recordTables(t, database, l.tables)
			} else {
				got = recordKeys(t, cache, l.keys, l.fields)
			}
			if *update {
				must(t, os.WriteFile(recorded(kind), got, 0o600))
			}
			want, err := os.ReadFile(recorded(kind))
			must(t, err)
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs; the library writes\n%s", recorded(kind), got)
			}
		})
	}
}

// installed returns a copy of testdata with the libraries, and the programs that find them.
func installed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS("testdata")))
	for _, install := range [][]string{
		{"python", "python3", "-m", "venv", "environment"},
		{"python", "environment/bin/pip", "install", "--quiet", "--requirement", "requirements.txt"},
		{"node", "npm", "install", "--no-save", "--silent", "--ignore-scripts"},
		{"go", "go", "build", "-o", "jobs", "."},
	} {
		command := exec.CommandContext(t.Context(), install[1], install[2:]...)
		command.Dir = filepath.Join(dir, install[0])
		command.Env = append(os.Environ(), "GOWORK=off")
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", install, err, out)
		}
	}
	return dir
}

// start runs a library's program until the test ends. It returns when the jobs are there.
func start(t *testing.T, programs string, s backlog.Settings, l library) {
	t.Helper()
	dir, arguments := l.run[0], l.run
	switch dir {
	case "python":
		arguments = append([]string{"environment/bin/python"}, l.run[1:]...)
	case "go":
		arguments = []string{"./jobs", l.run[3]}
	}
	command := exec.CommandContext(t.Context(), arguments[0], arguments[1:]...)
	command.Dir = filepath.Join(programs, dir)
	command.Env = append(os.Environ(), "DATABASE_URL="+s.Database, "REDIS_URL=redis://"+s.Cache)
	var problems bytes.Buffer
	command.Stderr = &problems
	command.WaitDelay = 10 * time.Second
	in, err := command.StdinPipe()
	must(t, err)
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		_ = in.Close() // it ends by itself, with its worker
		_ = command.Wait()
	})
	ready := make(chan error, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if lines.Text() == "ready" {
				ready <- nil
			}
		}
		ready <- fmt.Errorf("%q has ended", arguments)
	}()
	select {
	case err := <-ready:
		if err != nil {
			t.Fatalf("%v\n%s", err, problems.String())
		}
	case <-time.After(time.Minute):
		t.Fatalf("%q has written no jobs\n%s", arguments, problems.String())
	}
}
