package stacks

import (
	"strconv"
	"time"

	"github.com/aws/jsii-runtime-go"
)

// variable is one environment variable of docs/contract.md and where its value comes from.
type variable struct {
	name  string
	value func(*platform, processProps) *string
}

// variables are the environment of every process. Every value follows from the environment's fields or from a resource;
// none relies on a default in the app, so that what runs can be read in the template.
var variables = []variable{
	{"ENVIRONMENT", func(p *platform, _ processProps) *string { return jsii.String(p.env.Name) }},
	{"VERSION", func(p *platform, _ processProps) *string { return jsii.String(p.version()) }},
	{"PORT", func(p *platform, _ processProps) *string { return number(p.env.Web.Port) }},
	{"APP_URL", func(p *platform, _ processProps) *string { return p.url }},
	{"LOG_LEVEL", func(*platform, processProps) *string { return jsii.String("info") }},
	{"LOG_FORMAT", func(*platform, processProps) *string { return jsii.String("json") }},
	{"POSTGRES_SERVICE_HOST", func(p *platform, _ processProps) *string { return p.data.postgres.host }},
	{"POSTGRES_PORT", func(p *platform, _ processProps) *string { return p.data.postgres.port }},
	{"POSTGRES_NAME", func(*platform, processProps) *string { return jsii.String(databaseName) }},
	{"POSTGRES_SSLMODE", func(*platform, processProps) *string { return jsii.String("require") }},
	{"DATABASE_SECRET_ARN", func(p *platform, _ processProps) *string { return p.data.postgres.secret.SecretArn() }},
	{"DATABASE_POOL_SIZE", func(_ *platform, t processProps) *string { return number(t.size.PoolSize) }},
	{"CACHE_URL", func(p *platform, _ processProps) *string {
		return jsii.Sprintf("rediss://%s:%s", *p.data.valkey.host, *p.data.valkey.port)
	}},
	{"CACHE_SECRET_ARN", func(p *platform, _ processProps) *string { return p.data.valkey.secret.SecretArn() }},
	{"STORAGE_URL", func(p *platform, _ processProps) *string {
		return jsii.Sprintf("s3://%s", *p.data.buckets.files.BucketName())
	}},
	{"PARAMETERS_PATH", func(p *platform, _ processProps) *string { return jsii.String(p.env.Parameters()) }},
	{"METRICS_NAMESPACE", func(p *platform, _ processProps) *string { return jsii.String(p.env.metricsNamespace()) }},
	{"WORKER_CONCURRENCY", func(_ *platform, t processProps) *string { return number(max(t.concurrency, 1)) }},
	{"ROUTING_LAG_SECONDS", func(*platform, processProps) *string { return seconds(routingLag) }},
	{"DRAIN_SECONDS", func(_ *platform, t processProps) *string { return seconds(t.stopTimeout - stopMargin) }},
	{"KEEP_ALIVE_SECONDS", func(p *platform, _ processProps) *string { return seconds(drain{p.env.Web.LongestRequest}.keepAlive()) }},
	{"REQUEST_TIMEOUT_SECONDS", func(p *platform, _ processProps) *string { return seconds(p.env.Web.LongestRequest) }},
}

// contractVariables are the names that a team cannot use for settings of its own.
func contractVariables() []string {
	names := make([]string, len(variables))
	for i, v := range variables {
		names[i] = v.name
	}
	return append(names, optionVariables...)
}

// metricsNamespace is where the app's backlog metrics of this environment appear in CloudWatch.
func (e Environment) metricsNamespace() string { return e.Application + "/" + e.Name }

func number(n int) *string            { return jsii.String(strconv.Itoa(n)) }
func seconds(d time.Duration) *string { return number(int(d / time.Second)) }
