// Command dozen is the operator's command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	ok      = 0
	failed  = 1 // the command found problems, or could not do its work
	misused = 2 // the command line is wrong
)

// commands are the commands of dozen.
type commands struct {
	Up      up      `cmd:"" help:"Run a synthesized environment on this machine until Ctrl-C."`
	Check   check   `cmd:"" help:"Try whether the app keeps the contract (docs/contract.md), and say what to change where it does not."`
	Release release `cmd:"" help:"Release the sources to a running environment: migrate, then replace every task."`
	Run     oneOff  `cmd:"" help:"Run a command in a running environment, as a task with web's configuration: dozen run [ENVIRONMENT] -- COMMAND."`
	PS      ps      `cmd:"" name:"ps" help:"List the tasks of a running environment."`
	Logs    logs    `cmd:"" help:"Show the logs of the processes, even after the environment has ended."`
	Down    down    `cmd:"" help:"Stop a running environment in order."`

	Environments environments `cmd:"" help:"List the environments that the sources declare."`
	Version      version      `cmd:"" help:"Print the commit that dozen was built from."`

	LintMigrations lintMigrations `cmd:"" help:"Find migrations that break the release that is still running."`
}

// session is everything outside of the program that a command uses.
type session struct {
	ctx       context.Context
	in        *os.File
	out, errs io.Writer
	environ   []string
	directory string // the checkout
}

// exit ends the command with an exit code that is not an error of dozen, such as that of a one-off command.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	os.Exit(run(&session{untilSignal(), os.Stdin, os.Stdout, os.Stderr, os.Environ(), checkout(".")}, os.Args[1:]))
}

func run(s *session, args []string) int {
	code, helped := ok, false
	parser := kong.Must(&commands{},
		kong.Name("dozen"),
		kong.Description("Runs and checks what `make synth` synthesizes. Run it in a checkout."),
		kong.Vars{"engineHelp": engineHelp},
		kong.Bind(s),
		kong.Writers(s.out, s.errs),
		kong.Exit(func(c int) { code, helped = c, true }))
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(slices.Clone(args[1:]), "--help")
	case args[0] == "--version":
		args = []string{"version"}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return code
	}
	if err != nil {
		printf(s.errs, "dozen: %v; `dozen --help` lists the commands\n", err)
		return misused
	}
	var ended exit
	switch err := parsed.Run(); {
	case err == nil:
		return ok
	case errors.As(err, &ended):
		return int(ended)
	default:
		printf(s.errs, "dozen: %v\n", err)
		return failed
	}
}

// checkout returns the nearest directory with a cdk.json, from the given one upwards; the given one if there is none.
func checkout(directory string) string {
	above, err := filepath.Abs(directory)
	for ; err == nil; above = filepath.Dir(above) {
		if _, err := os.Stat(filepath.Join(above, "cdk.json")); err == nil {
			return above
		}
		if above == filepath.Dir(above) {
			break
		}
	}
	return directory
}

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. The second signal ends the program at once.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(130)
	}()
	return ctx
}

// getenv returns a variable of the session; empty if it is not set.
func (s *session) getenv(name string) string {
	for _, variable := range s.environ {
		if value, is := strings.CutPrefix(variable, name+"="); is {
			return value
		}
	}
	return ""
}

// printf writes to a user, and ignores errors: if the output is closed, nobody reads it.
func printf(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
