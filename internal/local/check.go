package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"dozen/internal/local/container"
)

// CheckSettings are what Check needs.
type CheckSettings struct {
	Settings               // of the environment; its home must be one of its own, which Check removes at the end
	Backlog  time.Duration // how long the first backlog may take, which is due once a minute; 0 does not wait for it
}

// Outcome is what became of one rule.
type Outcome string

// The outcomes of a rule.
const (
	Passed   Outcome = "ok"
	Failed   Outcome = "FAILED"
	NotTried Outcome = "not tried"
)

// Result is what became of one rule of docs/contract.md.
type Result struct {
	Outcome Outcome
	Rule    string // the process and what it has to do, such as "web listens on PORT"
	Seen    string // what has happened
	Remedy  string // of a failure: the file and line to change, and how
	Last    []string
}

// check is a run of Check.
type check struct {
	*environment
	release  *release
	patience time.Duration // for the backlog
	backlog  *backlog
	seen     func(Result)
	mu       sync.Mutex
}

// Check starts the app of an environment as its templates say, with backing services of its own, and tries what docs/contract.md
// asks for. It reports each result when it is known. The error is about what keeps the app from being tried at all.
func Check(ctx context.Context, settings CheckSettings, report func(Result)) (err error) {
	env, err := readEnvironment(settings.Assembly, settings.Environment)
	if err != nil {
		return err
	}
	unlock, err := settings.Home.lock()
	if err != nil {
		return err
	}
	defer func() {
		unlock()
		err = errors.Join(err, os.RemoveAll(settings.Home.Directory))
	}()
	out, err := newPrinter(io.Discard, settings.Home.Logs(), true)
	if err != nil {
		return err
	}
	defer out.close()
	e := newEnvironment(settings.Settings, out)
	if err := e.chooseRuntime(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.runtime.Clean(context.WithoutCancel(ctx))) }()
	listener, err := listen(0) // nothing is served there: the address is for APP_URL
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if e.backing, err = startBacking(ctx, settings.Settings, env, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return err
	}
	defer e.backing.stop()
	build := out.task("dozen", "build")
	r, err := e.loadRelease(ctx, settings.Assembly, build)
	if err != nil {
		return fmt.Errorf("%w%s", err, indented(build.tail()))
	}
	c := &check{environment: e, release: r, patience: settings.Backlog, seen: report, backlog: newBacklog(r.variables("METRICS_NAMESPACE"))}
	return c.run(ctx)
}

// run tries every rule. The processes without requests are tried while web is, because a backlog takes a minute.
func (c *check) run(ctx context.Context) error {
	c.tryMigration(ctx)
	var all sync.WaitGroup
	for _, d := range c.release.services {
		if d.TargetGroup == nil {
			all.Go(func() { c.tryTask(ctx, d) })
		}
	}
	var healthy []serviceDefinition
	for _, d := range c.release.services {
		if d.TargetGroup != nil && c.tryWeb(ctx, d) {
			healthy = append(healthy, d)
		}
	}
	c.tryBacklog(ctx)
	c.backlog.stop()
	all.Wait()
	for _, d := range healthy {
		c.tryWithoutDatabase(ctx, d)
	}
	return ctx.Err()
}

// result reports what became of a rule.
func (c *check) result(outcome Outcome, rule, seen, remedy string, last ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen(Result{outcome, rule, seen, remedy, last})
}

// ok reports a rule that holds, or the error that says why it does not.
func (c *check) ok(err error, rule, seen, remedy string, last ...string) bool {
	if err != nil {
		c.result(Failed, rule, err.Error(), remedy, last...)
		return false
	}
	c.result(Passed, rule, seen, "")
	return true
}

// tried is a task that a check has started.
type tried struct {
	*container.Task
	out  *lines
	port int
}

// start starts a task of a definition with some variables changed; an empty one is removed.
func (c *check) start(d definition, name string, port int, changed map[string]string) (*tried, error) {
	out := c.out.task(d.process, name)
	spec := d.spec(name, port)
	for variable, value := range changed {
		if spec.Variables[variable] = value; value == "" {
			delete(spec.Variables, variable)
		}
	}
	started, err := c.runtime.Start(c.release.program, spec, io.MultiWriter(out, c.backlog))
	return &tried{started, out, port}, err
}

// last returns the last lines of a task's output.
func (t *tried) last() []string {
	if t.out == nil {
		return nil
	}
	all := t.out.tail()
	return all[max(0, len(all)-10):]
}

// ended says how a task has ended.
func (t *tried) ended() string {
	code, reason := t.Exit()
	return fmt.Sprintf("ended with exit code %d%s", code, comma(reason))
}

func comma(text string) string {
	if text == "" {
		return ""
	}
	return ", " + text
}

func indented(lines []string) string {
	text := ""
	for _, line := range lines {
		text += "\n  " + line
	}
	return text
}

// variables returns the value of a variable in the first service that has it.
func (r *release) variables(name string) string {
	i := slices.IndexFunc(r.services, func(d serviceDefinition) bool { return d.variables[name] != "" })
	if i < 0 {
		return ""
	}
	return r.services[i].variables[name]
}
