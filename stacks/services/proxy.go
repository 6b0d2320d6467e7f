package services

import (
	"fmt"

	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecrassets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// proxyName is the container of the proxy, see internal/proxy.
const proxyName = "proxy"

// newProxyImage makes the proxy's image: one static binary, which is compiled during the synthesis, on nothing.
func newProxyImage(scope constructs.Construct, id string, directory string) awsecrassets.DockerImageAsset {
	return awsecrassets.NewDockerImageAsset(scope, jsii.String(id), &awsecrassets.DockerImageAssetProps{
		Directory: jsii.String(directory), Platform: awsecrassets.Platform_LINUX_ARM64(),
	})
}

// urls lead the app to its proxy. They are the names that frameworks, libpq and psql know.
func (p *platform) urls() map[string]*string {
	d := p.data.Database
	urls := map[string]*string{
		"DATABASE_URL": jsii.Sprintf("postgres://%s@%s/%s?sslmode=disable", d.User, onLoopback(config.ProxyDatabasePort), d.Name),
		"PGHOST":       jsii.String("127.0.0.1"),
		"PGPORT":       number(config.ProxyDatabasePort),
		"PGUSER":       jsii.String(d.User),
		"PGDATABASE":   jsii.String(d.Name),
		"PGSSLMODE":    jsii.String("disable"), // the loopback is nobody else's; the proxy encrypts what leaves the task
	}
	if p.data.Cache != nil {
		urls["REDIS_URL"] = jsii.Sprintf("redis://%s", onLoopback(config.ProxyCachePort))
	}
	return urls
}

// onLoopback is an address inside the task. It has no name: an image may lack /etc/hosts.
func onLoopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// addProxy puts the proxy next to the app. ECS starts it first and stops it last, because the app depends on it. If it ends, the
// task ends too, and is replaced.
func (p *platform) addProxy(definition awsecs.FargateTaskDefinition, app awsecs.ContainerDefinition, logs awslogs.LogGroup) {
	if p.proxy == nil {
		return
	}
	environment := p.servers()
	environment["GOMEMLIMIT"] = jsii.Sprintf("%dMiB", config.ProxyMemoryMiB)
	environment["DATABASE_LISTEN"] = jsii.String(onLoopback(config.ProxyDatabasePort))
	if p.data.Cache != nil {
		environment["CACHE_LISTEN"] = jsii.String(onLoopback(config.ProxyCachePort))
	}
	if sources := p.countedByProxy(); sources != "" {
		environment["BACKLOG_SOURCES"] = jsii.String(sources)
		environment["METRICS_NAMESPACE"] = jsii.String(p.env.MetricsNamespace())
	}
	proxy := definition.AddContainer(jsii.String(proxyName), &awsecs.ContainerDefinitionOptions{
		Image:                  awsecs.ContainerImage_FromDockerImageAsset(p.proxy),
		Environment:            &environment,
		Essential:              jsii.Bool(true),
		User:                   jsii.String(runAs),
		ReadonlyRootFilesystem: jsii.Bool(true),
		LinuxParameters:        hardened(constructs.NewConstruct(definition, jsii.String("Proxy"))),
		MemoryReservationMiB:   jsii.Number(config.ProxyMemoryMiB),
		StopTimeout:            awscdk.Duration_Seconds(jsii.Number(config.ShortStop.Seconds())),
		VersionConsistency:     awsecs.VersionConsistency_ENABLED,
		Ulimits:                openFiles(65536),
		Logging: awsecs.LogDrivers_AwsLogs(&awsecs.AwsLogDriverProps{
			LogGroup: logs, StreamPrefix: jsii.String(proxyName), Mode: awsecs.AwsLogDriverMode_NON_BLOCKING,
		}),
	})
	app.AddContainerDependencies(&awsecs.ContainerDependency{Container: proxy, Condition: awsecs.ContainerDependencyCondition_START})
}
