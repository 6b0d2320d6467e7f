// Dev runs the whole app on this machine, without containers and without root: a private PostgreSQL and Valkey, the
// Procfile's processes with their output in one stream, and a demo source whose events are delivered back to this
// program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alicebob/miniredis/v2"

	"dozen/app/internal/testserver"
)

const (
	email    = "dev@example.com"
	password = "development-only"
	secret   = "development-only-secret"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, ".", os.Getenv("PORT"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "dev:", err)
		os.Exit(1)
	}
}

// run keeps its data in the directory .dev next to the app's directory, so that it is no part of the image; delete it to
// start from scratch. port is the port of web, 8080 by default.
func run(ctx context.Context, app, port string, out io.Writer) error {
	if port == "" {
		port = "8080"
	}
	app, err := filepath.Abs(app)
	if err != nil {
		return err
	}
	procfile, err := os.ReadFile(filepath.Join(app, "Procfile"))
	if err != nil {
		return fmt.Errorf("run this in the app's directory: %w", err)
	}
	d := &dev{app: app, dir: filepath.Join(filepath.Dir(app), ".dev"), out: newPrinter(out)}
	lock, err := d.lock()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	binary, err := d.build(ctx)
	if err != nil {
		return err
	}
	stop, err := d.startServices()
	defer stop()
	if err != nil {
		return err
	}
	d.env = append(d.env, "BIND=127.0.0.1", "PORT="+port, "APP_URL=http://localhost:"+port, "ADMIN_PASSWORD="+password,
		"STORAGE_URL=file://"+filepath.Join(d.dir, "storage"), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	echo, err := d.startEcho()
	if err != nil {
		return err
	}
	defer func() { _ = echo.Close() }()
	for _, args := range [][]string{
		{"migrate"},
		{"createadmin", email},
		{"source", "add", "demo", "--secret", secret},
		{"destination", "add", "echo", "demo", "http://" + echo.Addr().String(), "--secret", secret, "--allow-private"},
	} {
		if err := d.runCommand(ctx, binary, args...); err != nil {
			return err
		}
	}
	return d.runProcesses(ctx, binary, string(procfile), port)
}

type dev struct {
	app, dir string
	env      []string
	out      *printer
}

// lock makes sure that only one dev runs in a directory, until the returned file is closed.
func (d *dev) lock() (io.Closer, error) {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(d.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, errors.New("`make dev` is already running in this checkout; stop it first, with Ctrl-C in its terminal")
	}
	return file, nil
}

// build returns the path of the app's new binary.
func (d *dev) build(ctx context.Context) (string, error) {
	binary := filepath.Join(d.dir, "bin", "dozen-app")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	build.Dir = d.app
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return binary, nil
}

// startServices starts PostgreSQL and Valkey. stop may be called even after an error.
func (d *dev) startServices() (stop func(), err error) {
	stop = func() {}
	postgres, err := testserver.NewPostgres(d.dir, 0)
	if err != nil {
		return stop, err
	}
	if err := postgres.Start(); err != nil {
		return stop, err
	}
	stop = postgres.Stop
	d.env = append(d.env, "DATABASE_URL="+postgres.URL("postgres"))
	bin := testserver.FindValkey()
	if bin == "" {
		d.out.printLine("dev", "neither valkey-server nor redis-server is installed: using miniredis instead")
		server := miniredis.NewMiniRedis()
		if err := server.Start(); err != nil {
			return stop, err
		}
		d.env = append(d.env, "CACHE_URL=redis://"+server.Addr())
		return func() { server.Close(); postgres.Stop() }, nil
	}
	valkey, err := testserver.NewValkey(bin, 0)
	if err != nil {
		return stop, err
	}
	d.env = append(d.env, "CACHE_URL="+valkey.URL())
	return func() { valkey.Kill(); postgres.Stop() }, valkey.Start()
}

// runCommand runs a command of the app until it ends.
func (d *dev) runCommand(ctx context.Context, binary string, args ...string) error {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = d.env
	output, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}
