// Command proxy is the sidecar that logs an app in at its database and its cache, and counts the jobs that wait there. See packages
// internal/proxy and internal/backlog for what it does, and their LoadSettings for its variables.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"dozen/internal/backlog"
	"dozen/internal/proxy"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// gcPercent trades processor time for memory, which is the app's. To relay bytes makes no garbage.
const gcPercent = 20

func main() {
	debug.SetGCPercent(gcPercent)
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	if err := run(log); err != nil {
		log.Error("the proxy cannot serve", "error", err)
		os.Exit(1)
	}
}

func run(log *slog.Logger) error {
	settings, err := proxy.LoadSettings(os.Getenv)
	if err != nil {
		return err
	}
	jobs, err := backlog.LoadSettings(os.Getenv)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	aws, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	client := secretsmanager.NewFromConfig(aws)
	p, err := proxy.Start(settings, func(ctx context.Context, arn, stage string) (string, error) {
		answer, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn, VersionStage: &stage})
		if err != nil {
			return "", err
		}
		return *answer.SecretString, nil
	}, log)
	if err != nil {
		return err
	}
	backlog.Run(ctx, jobs, os.Stdout, log)
	<-ctx.Done()
	p.Stop(context.Background())
	return nil
}
