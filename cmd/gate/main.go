// Command gate is the Lambda function of the migration gate. See package handler for what it needs.
package main

import (
	"context"
	"log/slog"
	"os"

	"dozen/internal/gate/handler"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	settings, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Error("cannot load the AWS configuration", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler.New(settings, log).Handle)
}
