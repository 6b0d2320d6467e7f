package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"dozen/app/internal/inbox"
	"dozen/app/internal/storage"
)

// runImport reads a file, standard input (-), or an object of the archive (storage:KEY).
func runImport(ctx context.Context, a *app, args []string) error {
	set := newFlags("import")
	dryRun := set.Bool("dry-run", false, "")
	found, err := parse(set, args, 1)
	if err != nil {
		return err
	}
	in, err := a.newInbox()
	if err != nil {
		return err
	}
	from, err := a.openEvents(ctx, found[0])
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	done, err := in.Import(ctx, from, *dryRun)
	verb := "imported"
	if *dryRun {
		verb = "would import"
	}
	_, _ = fmt.Fprintf(a.stdout, "%s %d events; %d were already known\n", verb, done.New, done.Known)
	return err
}

func (a *app) openEvents(ctx context.Context, name string) (io.ReadCloser, error) {
	if key, found := strings.CutPrefix(name, "storage:"); found {
		object, err := storage.Open(a.Storage, a.aws).Get(ctx, key)
		return io.NopCloser(bytes.NewReader(object)), err
	}
	if name == "-" {
		return io.NopCloser(a.stdin), nil
	}
	return os.Open(name)
}

// replayed is what `replay` replays.
type replayed struct {
	inbox.Filter
	all bool // every delivery of an event, not only those in the filter's state
	yes bool // false only counts
}

// runReplay delivers one event again, or all that match. Without --yes it only prints how many match.
func runReplay(ctx context.Context, a *app, args []string) error {
	in, err := a.newInbox()
	if err != nil {
		return err
	}
	if len(args) == 1 && inbox.IsID(args[0]) {
		started, err := in.Replay(ctx, args[0], "")
		if err == nil {
			_, err = fmt.Fprintf(a.stdout, "started %d deliveries\n", started)
		}
		return err
	}
	what := replayed{Filter: inbox.Filter{Limit: 500}}
	set := newFlags("replay")
	set.StringVar(&what.Source, "source", "", "")
	set.StringVar(&what.State, "state", "dead", "")
	set.BoolVar(&what.all, "all", false, "")
	set.BoolVar(&what.yes, "yes", false, "")
	if _, err := parse(set, args, 0); err != nil {
		return err
	}
	if !slices.Contains(inbox.States, what.State) {
		return usageError{fmt.Sprintf("dozen-app replay: --state %q: write one of %v", what.State, inbox.States)}
	}
	return a.replayAll(ctx, in, what)
}

func (a *app) replayAll(ctx context.Context, in *inbox.Inbox, what replayed) error {
	events, started := 0, 0
	for {
		list, err := in.Events(ctx, what.Filter)
		if err != nil {
			return err
		}
		for _, event := range list {
			what.Before = event.ID
			count, err := what.replay(ctx, in, event.ID)
			if errors.Is(err, inbox.ErrArchiving) || errors.Is(err, inbox.ErrNotFound) {
				continue // it went into the archive meanwhile
			}
			if err != nil {
				return err
			}
			events, started = events+1, started+count
		}
		if len(list) < what.Limit {
			break
		}
	}
	if !what.yes {
		_, err := fmt.Fprintf(a.stdout, "would replay %d events; add --yes to do it\n", events)
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "replayed %d events, started %d deliveries\n", events, started)
	return err
}

func (r replayed) replay(ctx context.Context, in *inbox.Inbox, id string) (started int, err error) {
	switch {
	case !r.yes:
		return 0, nil
	case r.all:
		return in.Replay(ctx, id, "")
	}
	return in.ReplayOnly(ctx, id, r.State)
}
