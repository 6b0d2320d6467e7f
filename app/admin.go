package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/riverqueue/river"

	"dozen/app/internal/config"
	"dozen/app/internal/inbox"
	"dozen/app/internal/operator"
)

// newFlags returns an empty flag set that prints nothing; parse reports its errors.
func newFlags(name string) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return set
}

// parse reads flags before and after the arguments, and requires exactly want arguments.
func parse(set *flag.FlagSet, args []string, want int) ([]string, error) {
	var found []string
	for len(args) > 0 {
		if err := set.Parse(args); err != nil {
			return nil, usageError{fmt.Sprintf("dozen-app %s: %v", set.Name(), err)}
		}
		if args = set.Args(); len(args) > 0 {
			found, args = append(found, args[0]), args[1:]
		}
	}
	if len(found) != want {
		return nil, usageError{fmt.Sprintf("dozen-app %s: want %d arguments, got %q", set.Name(), want, found)}
	}
	return found, nil
}

func (a *app) newInbox() (*inbox.Inbox, error) {
	jobs, err := inbox.NewJobs(a.db, &river.Config{Logger: a.log})
	if err != nil {
		return nil, err
	}
	return inbox.New(a.db, jobs), nil
}

// runCreateAdmin reads the password from ADMIN_PASSWORD or the first line of standard input, never from the command
// line, which process lists show.
func runCreateAdmin(ctx context.Context, a *app, args []string) error {
	found, err := parse(newFlags("createadmin"), args, 1)
	if err != nil {
		return err
	}
	password := a.AdminPassword.Reveal()
	if password == "" {
		if file, ok := a.stdin.(*os.File); ok && isTerminal(file) {
			_, _ = fmt.Fprintf(a.stdout, "Password, %d characters or more: ", operator.MinPassword)
		}
		if password, err = a.readLine(); err != nil {
			return err
		}
	}
	if err := operator.Add(ctx, a.db, found[0], password); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, "operator", found[0], "can log in")
	return err
}

// isTerminal reports whether somebody types here; a pipe needs no prompt.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// readLine reads the first line of standard input.
func (a *app) readLine() (string, error) {
	line, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func runSource(ctx context.Context, a *app, args []string) error {
	in, err := a.newInbox()
	if err != nil {
		return err
	}
	if len(args) > 0 && args[0] == "list" {
		sources, err := in.Sources(ctx)
		return a.printTable(err, "NAME\tSCHEME\tRATE PER MINUTE", len(sources), func(i int) string {
			return fmt.Sprintf("%s\t%s\t%d", sources[i].Name, sources[i].Scheme, sources[i].RatePerMinute)
		})
	}
	if len(args) == 0 || args[0] != "add" {
		return usageError{"dozen-app source: want add or list"}
	}
	var source inbox.Source
	set := newFlags("source add")
	set.StringVar(&source.Scheme, "scheme", "hmac", "")
	set.StringVar((*string)(&source.Secret), "secret", "", "")
	set.IntVar(&source.RatePerMinute, "rate", 6000, "")
	found, err := parse(set, args[1:], 1)
	if err != nil {
		return err
	}
	source.Name = found[0]
	return a.addWithSecret("source "+source.Name, &source.Secret, func() error { return in.AddSource(ctx, source) })
}

func runDestination(ctx context.Context, a *app, args []string) error {
	in, err := a.newInbox()
	if err != nil {
		return err
	}
	if len(args) > 0 && args[0] == "list" {
		list, err := in.Destinations(ctx)
		return a.printTable(err, "NAME\tSOURCE\tURL\tPRIVATE\tCONCURRENCY\tATTEMPTS", len(list), func(i int) string {
			d := list[i]
			return fmt.Sprintf("%s\t%s\t%s\t%t\t%d\t%d",
				d.Name, d.Source, origin(d.URL), d.AllowPrivate, d.Concurrency, d.MaxAttempts)
		})
	}
	if len(args) == 0 || args[0] != "add" {
		return usageError{"dozen-app destination: want add or list"}
	}
	var d inbox.Destination
	set := newFlags("destination add")
	set.StringVar((*string)(&d.Secret), "secret", "", "")
	set.BoolVar(&d.AllowPrivate, "allow-private", false, "")
	set.IntVar(&d.Concurrency, "concurrency", 4, "")
	set.IntVar(&d.MaxAttempts, "attempts", 12, "")
	found, err := parse(set, args[1:], 3)
	if err != nil {
		return err
	}
	d.Name, d.Source, d.URL = found[0], found[1], found[2]
	return a.addWithSecret("destination "+d.Name, &d.Secret, func() error { return in.AddDestination(ctx, d) })
}

// origin returns the part of an address that is no credential. The output of a command may be kept in a log.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	if u.Path == "" && u.RawQuery == "" {
		return address
	}
	return u.Scheme + "://" + u.Host + "/..."
}

// addWithSecret adds a source or destination. The secret - is read from standard input. If there is none, it gets a new
// one, which is shown only this once. On Fargate a secret can be neither an argument nor shown: AWS records the
// arguments of a task, and its output is a log.
func (a *app) addWithSecret(what string, secret *config.Secret, add func() error) error {
	generated := *secret == ""
	switch {
	case *secret == "-":
		line, err := a.readLine()
		if err != nil {
			return err
		}
		*secret = config.Secret(line)
	case a.AWS.CredentialsPath != "":
		return errors.New("on Fargate the arguments and the output of a command are recorded: " +
			"add it on the operators' page, or write --secret - and the secret to standard input")
	case generated:
		*secret = config.Secret(rand.Text())
	}
	if err := add(); err != nil {
		return err
	}
	if generated {
		what += "; its secret is " + secret.Reveal()
	}
	_, err := fmt.Fprintln(a.stdout, "added", what)
	return err
}

func (a *app) printTable(err error, head string, rows int, row func(int) string) error {
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(out, head)
	for i := range rows {
		_, _ = fmt.Fprintln(out, row(i))
	}
	return out.Flush()
}
