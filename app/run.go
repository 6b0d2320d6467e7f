package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
	"dozen/app/internal/database"
	"dozen/app/internal/logging"
	"dozen/app/internal/metric"
)

// process is one way to run the image. The long-running ones stand in the
// Procfile; the others are for operators, with the same configuration.
type process struct {
	name, args, help string
	run              func(context.Context, *app, []string) error
}

// processes is the whole table, in the order of the help text.
var processes = []process{
	{"web", "", "accept events and serve the operators' page", runWeb},
	{"worker", "[QUEUE]", "deliver events; the queue is named after the process, by default worker", runWorker},
	{"scheduler", "", "measure the backlog, redrive and archive, each at its time", runScheduler},
	{"migrate", "[status]", "bring the database's schema up to date, or show its state", runMigrate},
	{"createadmin", "EMAIL", "let somebody use the operators' page; the password comes from ADMIN_PASSWORD or the input", runCreateAdmin},
	{"source", "list | add NAME [--scheme hmac|github|stripe] [--secret TEXT] [--rate N]", "who may post events", runSource},
	{"destination", "list | add NAME SOURCE URL [--secret TEXT] [--allow-private] [--concurrency N] [--attempts N]", "where a source's events go", runDestination},
	{"import", "[--dry-run] FILE | - | storage:KEY", "accept events from JSON lines, as the archive has them", runImport},
	{"replay", "EVENT | [--source NAME] [--state STATE] --yes", "deliver one event again, or all that match; STATE is dead by default", runReplay},
	{"console", "[--write]", "a SQL shell on the database; reads statements from the input", runConsole},
}

// usageError is a mistake in the command line: exit code 2.
type usageError struct{ problem string }

func (e usageError) Error() string { return e.problem + "\n\n" + usage() }

func usage() string {
	var text strings.Builder
	text.WriteString("usage: dozen-app PROCESS [ARGUMENTS]\n\n")
	for _, p := range processes {
		fmt.Fprintf(&text, "  %s\n        %s\n", strings.TrimSpace(p.name+" "+p.args), p.help)
	}
	text.WriteString("  help\n        show this text\n\nConfiguration comes from the environment; .env.example lists every variable.")
	return text.String()
}

// app is what every process starts from.
type app struct {
	config.Config
	log     *slog.Logger
	metrics *metric.Writer
	aws     *awsapi.Client
	db      *database.DB
	stdin   io.Reader
	stdout  io.Writer
}

// run runs the process that args name until it ends, or until ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) == 0 {
		return usageError{"dozen-app: which process?"}
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		_, err := fmt.Fprintln(stdout, usage())
		return err
	}
	for _, p := range processes {
		if p.name == args[0] {
			a, err := open(ctx, p.name, getenv, &lines{out: stdout})
			if err != nil {
				return err
			}
			defer a.db.Close()
			return p.run(ctx, a, args[1:])
		}
	}
	return usageError{fmt.Sprintf("dozen-app: unknown process %q", args[0])}
}

func open(ctx context.Context, name string, getenv config.Lookup, stdout io.Writer) (*app, error) {
	cfg, err := config.Load(getenv)
	if err != nil {
		return nil, fmt.Errorf("the configuration has mistakes:\n%w", err)
	}
	aws := awsapi.New(cfg.AWS)
	if cfg.ParametersPath != "" {
		stored, err := aws.Parameters(ctx, cfg.ParametersPath)
		if err != nil {
			return nil, fmt.Errorf("PARAMETERS_PATH=%q: %w", cfg.ParametersPath, err)
		}
		if cfg, err = config.Load(config.Overlay(getenv, stored)); err != nil {
			return nil, fmt.Errorf("the configuration, with the settings of %s, has mistakes:\n%w", cfg.ParametersPath, err)
		}
	}
	if cfg.Version == "dev" {
		cfg.Version = version
	}
	db, err := database.Open(ctx, cfg.Database, aws, name)
	if err != nil {
		return nil, err
	}
	log := logging.New(stdout, cfg.LogFormat, cfg.LogLevel).
		With("process", name, "environment", cfg.Environment, "version", cfg.Version)
	return &app{Config: cfg, log: log, aws: aws, db: db, stdin: os.Stdin, stdout: stdout,
		metrics: metric.New(stdout, cfg.MetricsNamespace, name)}, nil
}

// lines lets logs and metrics share stdout without mixing within a line.
type lines struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(line)
}
