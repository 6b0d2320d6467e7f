// Dozen-app is a webhook inbox: other systems post events to it, and it passes
// every one of them on, however often they or it fall over.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the image's build; the environment's VERSION wins.
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

// interrupted is the exit code of a process that was told twice, as a shell gives it.
const interrupted = 130

// untilSignal gives a context that ends with the first SIGTERM or SIGINT; the second ends the process at once. Both are
// received on one channel, so that a second one right after the first is not lost while handlers change hands.
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
