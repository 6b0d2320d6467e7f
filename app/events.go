package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
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
	filter := inbox.Filter{Limit: 500}
	set := newFlags("replay")
	set.StringVar(&filter.Source, "source", "", "")
	set.StringVar(&filter.State, "state", "dead", "")
	yes := set.Bool("yes", false, "")
	if _, err := parse(set, args, 0); err != nil {
		return err
	}
	return a.replayAll(ctx, in, filter, *yes)
}

func (a *app) replayAll(ctx context.Context, in *inbox.Inbox, filter inbox.Filter, yes bool) error {
	events, started := 0, 0
	for {
		list, err := in.Events(ctx, filter)
		if err != nil {
			return err
		}
		events += len(list)
		for _, event := range list {
			filter.Before = event.ID
			if !yes {
				continue
			}
			count, err := in.Replay(ctx, event.ID, "")
			if err != nil {
				return err
			}
			started += count
		}
		if len(list) < filter.Limit {
			break
		}
	}
	if !yes {
		_, err := fmt.Fprintf(a.stdout, "would replay %d events; add --yes to do it\n", events)
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "replayed %d events, started %d deliveries\n", events, started)
	return err
}
