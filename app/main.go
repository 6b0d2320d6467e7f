// Dozen-app is a webhook inbox: other systems post events to it, and it delivers every event to its destinations,
// even if a destination or the app itself fails in between.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// version is set when the image is built. The variable VERSION overrides it.
var version = "dev"

func main() {
	ctx := untilSignal(context.Background())
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	var usage usageError
	switch {
	case err == nil:
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "dozen-app:", err)
		os.Exit(1)
	}
}

// interrupted is the exit code after a second signal, as in a shell.
const interrupted = 130

// untilSignal returns a context that ends with the first SIGTERM or SIGINT. The second signal ends the process at
// once. One channel receives both, so that a second signal right after the first is not lost between two handlers.
func untilSignal(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(interrupted)
	}()
	return ctx
}
