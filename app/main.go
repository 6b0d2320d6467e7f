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
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, stop) // from here on, a second signal ends the process at once
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
