package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"dozen/internal/local/balancer"
	"dozen/internal/local/container"
)

// environment is one that runs.
type environment struct {
	settings Settings
	state    State
	out      *printer
	log      *slog.Logger
	platform container.Runtime
	attached *attached
	balancer *balancer.Balancer
	front    *balancer.Settings // the balancer's

	releasing sync.Mutex // one release at a time
	number    int        // of releases so far

	mu       sync.Mutex
	current  *release
	releases map[string]*release
	services map[string]*service
	tasks    map[string]*container.Task // by id, the newest of each
	oneOffs  int
}

// Up runs an environment until ctx ends or `dozen down` is called; then it drains it in order. A caller that cannot
// wait for that may end the process: the next Up cleans what is left.
func Up(ctx context.Context, settings Settings) (err error) {
	env, err := read(settings.Assembly, settings.Environment)
	if err != nil {
		return err
	}
	unlock, err := settings.State.lock()
	if err != nil {
		return err
	}
	defer unlock()
	out, err := newPrinter(settings.Out, settings.State.Logs(), settings.Plain)
	if err != nil {
		return err
	}
	defer out.close()
	e := &environment{settings: settings, state: settings.State, out: out, releases: map[string]*release{}, services: map[string]*service{}, tasks: map[string]*container.Task{},
		log: slog.New(slog.NewTextHandler(out.task("dozen", "dozen"), &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: terse}))}
	if err := e.choosePlatform(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.platform.Clean(context.WithoutCancel(ctx))) }()

	ctx, down := context.WithCancel(ctx)
	defer down()
	listener, err := listen(settings.Port)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if e.attached, err = attach(ctx, settings, env, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return err
	}
	defer e.attached.stop()
	for _, note := range e.attached.notes() {
		out.say("%s", note)
	}
	return e.run(ctx, listener, down)
}

// run brings the first release up, serves until ctx ends, and drains.
func (e *environment) run(ctx context.Context, listener net.Listener, down func()) error {
	stopControl, err := e.serve(ctx, down)
	if err != nil {
		return err
	}
	defer stopControl()
	stopBalancer, err := e.first(ctx, listener)
	defer stopBalancer()
	defer e.drain()
	if err != nil {
		return e.unless(ctx, err)
	}
	e.out.say("environment %q serves at %s", e.settings.Environment, e.attached.url())
	<-ctx.Done()
	e.out.say("stops: no new requests, those under way may finish")
	return nil
}

// first is the first release, with the load balancer in front of it. It counts as one that is under way.
func (e *environment) first(ctx context.Context, listener net.Listener) (stopBalancer func(), err error) {
	e.releasing.Lock()
	defer e.releasing.Unlock()
	stopBalancer = func() {}
	r, err := e.load(ctx, e.settings.Assembly, e.out.task("dozen", "build"))
	if err != nil {
		return stopBalancer, err
	}
	e.say(r)
	if err := e.migrate(ctx, r); err != nil {
		return stopBalancer, err
	}
	if stopBalancer, err = e.startBalancer(r, listener); err != nil {
		return stopBalancer, err
	}
	return stopBalancer, e.deploy(ctx, r)
}

// unless drops an error that only says that the environment was told to end.
func (e *environment) unless(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// drain stops all services: each deregisters its tasks, lets them finish, and waits for their end.
func (e *environment) drain() {
	e.mu.Lock()
	services := slices.Collect(maps.Values(e.services))
	e.mu.Unlock()
	var all sync.WaitGroup
	for _, s := range services {
		all.Go(func() { _ = s.Stop(context.Background()) }) // which waits as long as the tasks' stop timeouts
	}
	all.Wait()
}

// Release rolls the environment to another assembly of it, behind its migration. It ends with the environment, not with the
// command that has asked for it: half a release is nobody's wish.
func (e *environment) Release(ctx context.Context, directory string, out io.Writer) error {
	if !e.releasing.TryLock() {
		return errors.New("another release is under way; wait until it is done")
	}
	defer e.releasing.Unlock()
	r, err := e.load(ctx, directory, out)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "release %s: built\n", r.revision)
	if r.front != nil && e.front != nil && *r.front != *e.front {
		_, _ = fmt.Fprintf(out, "release %s: the load balancer has other settings in it, and keeps its own until `dozen up` starts again\n", r.revision)
	}
	if err := e.migrate(ctx, r); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "release %s: migrated; the services roll\n", r.revision)
	began := time.Now()
	if err := e.deploy(ctx, r); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "release %s: steady after %s\n", r.revision, time.Since(began).Round(time.Second))
	return nil
}

// listen takes the wanted port, or 8080, or the next free one above it.
func listen(port int) (net.Listener, error) {
	if port != 0 {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, fmt.Errorf("--port %d: %w; choose one from 1 to 65535 that nobody uses", port, err)
		}
		return listener, nil
	}
	const usual, tries = 8080, 100
	for port = usual; port < usual+tries; port++ {
		if listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return listener, nil
		}
	}
	return nil, fmt.Errorf("no free port from %d to %d; name one with --port", usual, usual+tries-1)
}

// terse leaves out of our own lines the time, because they are read as they come, and the level of the ordinary ones.
func terse(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == slog.LevelKey && a.Value.Any() == slog.LevelInfo {
		return slog.Attr{}
	}
	return a
}
