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
	"sync"
	"time"

	"dozen/internal/local/balancer"
	"dozen/internal/local/container"
)

// environment is a running environment.
type environment struct {
	settings Settings
	out      *printer
	log      *slog.Logger
	runtime  container.Runtime // only build changes it, before the first release runs
	backing  *backingServices
	balancer *balancer.Balancer // nil for an environment without load balancer
	front    *balancer.Settings // the balancer's

	releasing sync.Mutex // one release at a time
	number    int        // of releases so far

	mu       sync.Mutex
	current  *release                   // the release that runs; nil until the first one is steady
	releases map[string]*release        // whose tasks may start, by name
	services map[string]*service        // by process
	tasks    map[string]*container.Task // that are running, by id
	failed   map[string]*lines          // the output of the last task that failed in this deployment, by process
	oneOffs  int

	deploying string // the name of the release that is being deployed, or was the last one
}

// Up runs an environment until ctx ends or `dozen down` is called. Then it drains the services and stops everything in
// order. A caller that cannot wait for that may end the process: the next Up cleans up what is left.
func Up(ctx context.Context, settings Settings) (err error) {
	env, err := readEnvironment(settings.Assembly, settings.Environment)
	if err != nil {
		return err
	}
	unlock, err := settings.Home.lock()
	if err != nil {
		return err
	}
	defer unlock()
	out, err := newPrinter(settings.Out, settings.Home.Logs(), settings.Plain)
	if err != nil {
		return err
	}
	defer out.close()
	e := newEnvironment(settings, out)
	if err := e.chooseRuntime(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.runtime.Clean(context.WithoutCancel(ctx))) }()

	ctx, down := context.WithCancel(ctx)
	defer down()
	listener, err := listen(settings.Port)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if e.backing, err = startBacking(ctx, settings, env, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return err
	}
	defer e.backing.stop()
	for _, note := range e.backing.notes() {
		out.printf("%s", note)
	}
	return e.run(ctx, listener, down)
}

func newEnvironment(settings Settings, out *printer) *environment {
	options := &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: dropUsual}
	return &environment{
		settings: settings,
		out:      out,
		log:      slog.New(slog.NewTextHandler(out.task("dozen", "dozen"), options)),
		releases: map[string]*release{},
		services: map[string]*service{},
		tasks:    map[string]*container.Task{},
	}
}

// run deploys the first release, serves until ctx ends, and drains the services.
func (e *environment) run(ctx context.Context, listener net.Listener, down func()) error {
	stopControl, err := e.serve(ctx, down)
	if err != nil {
		return err
	}
	defer stopControl()
	stopBalancer, err := e.firstRelease(ctx, listener)
	defer stopBalancer()
	defer e.drain()
	if err != nil {
		return ignoreIfEnded(ctx, err)
	}
	taken := ""
	if e.settings.Port == 0 && listener.Addr().(*net.TCPAddr).Port != usual {
		taken = fmt.Sprintf("; port %d is taken", usual)
	}
	e.out.printf("environment %q serves at %s%s", e.settings.Environment, e.backing.url(), taken)
	e.out.printf("its data is in %s", e.settings.Home.Directory)
	<-ctx.Done()
	e.out.printf("stopping: no new requests are accepted, requests in flight may finish")
	return nil
}

// firstRelease deploys the first release behind the load balancer. As in Release, no other release can start meanwhile.
func (e *environment) firstRelease(ctx context.Context, listener net.Listener) (stopBalancer func(), err error) {
	e.releasing.Lock()
	defer e.releasing.Unlock()
	stopBalancer = func() {}
	r, err := e.loadRelease(ctx, e.settings.Assembly, e.out.task("dozen", "build"))
	if err != nil {
		return stopBalancer, err
	}
	e.announce(r)
	if err := e.migrate(ctx, r); err != nil {
		return stopBalancer, err
	}
	if stopBalancer, err = e.startBalancer(r, listener); err != nil {
		return stopBalancer, err
	}
	return stopBalancer, e.deploy(ctx, r)
}

// ignoreIfEnded returns nil if ctx has ended: the error is then only a consequence.
func ignoreIfEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// drain stops all services at once. Each deregisters its tasks, lets them finish, and waits for their end.
func (e *environment) drain() {
	e.mu.Lock()
	services := slices.Collect(maps.Values(e.services))
	e.mu.Unlock()
	var all sync.WaitGroup
	for _, s := range services {
		all.Go(func() { _ = s.Stop(context.Background()) }) // takes up to the deregistration delay and the stop timeout
	}
	all.Wait()
}

// Release deploys the environment of another assembly: its migration first, then its services. It ends early only if
// the environment ends, and not if the command that asked for it does: half a release helps nobody.
func (e *environment) Release(ctx context.Context, directory string, out io.Writer) error {
	if !e.releasing.TryLock() {
		return errors.New("another release is in progress; wait until it has ended")
	}
	defer e.releasing.Unlock()
	r, err := e.loadRelease(ctx, directory, out)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "release %s: built\n", r.name)
	if r.front != nil && e.front != nil && *r.front != *e.front {
		_, _ = fmt.Fprintf(out, "release %s: changes the load balancer's settings; "+
			"the old ones apply until you restart `dozen up`\n", r.name)
	}
	if err := e.migrate(ctx, r); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "release %s: migrated; replacing the tasks\n", r.name)
	began := time.Now()
	if err := e.deploy(ctx, r); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "release %s: steady after %s\n", r.name, time.Since(began).Round(time.Second))
	return nil
}

// dropUsual removes the time from our own log lines, because they are read as they appear, and the level if it is info.
func dropUsual(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == slog.LevelKey && a.Value.Any() == slog.LevelInfo {
		return slog.Attr{}
	}
	return a
}
