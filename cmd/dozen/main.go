// Command dozen is the operator's command line.
package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// Exit codes.
const (
	ok      = 0
	refused = 1 // the command has found something
	misused = 2 // the command line or a file is not as it should be
)

// command is one subcommand. It gets the arguments behind its name.
type command struct {
	arguments, help string
	run             func(args []string, out, errs io.Writer) int
}

func commands() map[string]command {
	return map[string]command{
		"lint-migrations": {"DIR...", "refuse migrations that break the release which is still running", lintMigrations},
	}
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, out, errs io.Writer) int {
	if len(args) > 0 {
		if c, known := commands()[args[0]]; known {
			return c.run(args[1:], out, errs)
		}
		if !slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
			say(errs, "dozen: unknown command %q\n\n", args[0])
		}
	}
	usage(errs)
	return misused
}

func usage(w io.Writer) {
	say(w, "usage: dozen COMMAND [ARGUMENTS]\n\n")
	all := commands()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		say(w, "  %s %s\n      %s\n", name, all[name].arguments, all[name].help)
	}
}

// say writes for a person. If nobody listens any more there is nobody to tell.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
