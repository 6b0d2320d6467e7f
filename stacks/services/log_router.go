package services

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	// routerName is the container of the log router.
	routerName = "log-router"
	fluentBit  = "public.ecr.aws/aws-observability/aws-for-fluent-bit:"
	// routerMemoryMiB is kept for the router out of the task's memory.
	routerMemoryMiB = 50
)

// routed reports whether a process's logs go through the router. Those of the migration never do: the gate reads its last
// lines where the plain driver writes them.
func (p *platform) routed(props processProps) bool {
	return p.env.Options.FireLens && props.process.Role != config.RoleMigration
}

// logDriver sends what a process prints to its log group: by itself, or through the router. The router adds nothing to the
// lines, so that queries and the embedded metrics that workers scale on read the same either way.
func (p *platform) logDriver(scope constructs.Construct, props processProps, logs awslogs.LogGroup) awsecs.LogDriver {
	if !p.routed(props) {
		// A constant prefix: a date in it would make a new task definition every day.
		return awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{
			LogGroup: logs, StreamPrefix: jsii.String(config.ContainerName), Mode: awsecs.AwsLogDriverMode_NON_BLOCKING,
		})
	}
	return awsecs.LogDrivers_Firelens(&awsecs.FireLensLogDriverProps{Options: &map[string]*string{
		"Name":              jsii.String("cloudwatch_logs"),
		"region":            awscdk.Stack_Of(scope).Region(),
		"log_group_name":    logs.LogGroupName(),
		"log_stream_prefix": jsii.String(config.ContainerName + "/"),
		"log_key":           jsii.String("log"),
		"log_format":        jsii.String("json/emf"),
		// How much may wait in memory while the router is busy, in bytes. The default of 1 MB loses lines in a burst.
		"log-driver-buffer-limit": jsii.String("8388608"),
	}})
}

// addLogRouter adds Fluent Bit next to the app. A team that sends logs elsewhere changes logDriver's options and the
// permissions here. The router is as restricted as the app: since October 2025 ECS lets it run as a user other than root, and
// it writes no file, because its output is CloudWatch.
func (p *platform) addLogRouter(definition awsecs.FargateTaskDefinition, props processProps, logs awslogs.LogGroup) {
	if !p.routed(props) {
		return
	}
	definition.AddFirelensLogRouter(jsii.String(routerName), &awsecs.FirelensLogRouterDefinitionOptions{
		Image:         awsecs.ContainerImage_FromRegistry(jsii.String(fluentBit+config.FluentBitVersion), nil),
		ContainerName: jsii.String(routerName),
		FirelensConfig: &awsecs.FirelensConfig{
			Type: awsecs.FirelensLogRouterType_FLUENTBIT, Options: &awsecs.FirelensOptions{EnableECSLogMetadata: jsii.Bool(false)},
		},
		Essential:              jsii.Bool(true),
		User:                   jsii.String(runAs),
		ReadonlyRootFilesystem: jsii.Bool(true),
		LinuxParameters:        hardened(constructs.NewConstruct(definition, jsii.String("Router"))),
		MemoryReservationMiB:   jsii.Number(routerMemoryMiB),
		StopTimeout:            awscdk.Duration_Seconds(jsii.Number(config.ShortStop.Seconds())),
		Logging: awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{
			LogGroup: logs, StreamPrefix: jsii.String(routerName), Mode: awsecs.AwsLogDriverMode_NON_BLOCKING,
		}),
	})
	logs.GrantWrite(definition.TaskRole())
}
