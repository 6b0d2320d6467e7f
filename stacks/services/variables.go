package services

import (
	"strconv"
	"time"

	"dozen/config"

	"github.com/aws/jsii-runtime-go"
)

// variable is one environment variable of docs/variables.md, and where its value comes from.
type variable struct {
	name  string
	value func(*platform, processProps) *string
}

// variables are the environment of every process. Every value follows from the environment's fields or from a resource. None
// relies on a default in the app, so that the template shows what runs. config/variables.go has their names; a test compares.
var variables = []variable{
	{"ENVIRONMENT", func(p *platform, _ processProps) *string { return jsii.String(p.env.Name) }},
	{"VERSION", func(p *platform, _ processProps) *string { return jsii.String(p.version()) }},
	{"PORT", func(p *platform, _ processProps) *string { return number(p.env.Web.Port) }},
	{"APP_URL", func(p *platform, _ processProps) *string { return p.url }},
	{"LOG_LEVEL", func(p *platform, _ processProps) *string { return jsii.String(p.env.LogLevel) }},
	{"LOG_FORMAT", func(*platform, processProps) *string { return jsii.String("json") }},
	{"DATABASE_POOL_SIZE", func(_ *platform, t processProps) *string { return number(t.size.PoolSize) }},
	{"PARAMETERS_PATH", func(p *platform, _ processProps) *string { return jsii.String(p.env.Parameters()) }},
	{"METRICS_NAMESPACE", func(p *platform, _ processProps) *string { return jsii.String(p.env.MetricsNamespace()) }},
	{"WORKER_CONCURRENCY", func(_ *platform, t processProps) *string { return number(max(t.concurrency, 1)) }},
	{"ROUTING_LAG_SECONDS", func(p *platform, t processProps) *string {
		if t.process.Role != config.RoleWeb {
			return number(0) // no load balancer sends requests to it, and its drain may be shorter than web's lag
		}
		return seconds(p.env.Web.Drain().Accepts())
	}},
	{"DRAIN_SECONDS", func(_ *platform, t processProps) *string { return seconds(t.stopTimeout - config.StopMargin) }},
	{"KEEP_ALIVE_SECONDS", func(p *platform, _ processProps) *string { return seconds(p.env.Web.Drain().KeepAlive()) }},
	{"GOMEMLIMIT", func(p *platform, t processProps) *string { return jsii.Sprintf("%dMiB", p.memoryLimit(t)) }},
	{"REQUEST_TIMEOUT_SECONDS", func(p *platform, _ processProps) *string { return seconds(p.env.Web.LongestRequest) }},
}

// memoryLimit is 90 % of a task's memory, without the sidecars', in MiB: Go's garbage collector then works harder before Fargate
// kills the task, and a tenth is left for what it does not count. https://go.dev/doc/gc-guide#Memory_limit
func (p *platform) memoryLimit(t processProps) int {
	memory := t.size.MemoryMiB
	if p.routed(t) {
		memory -= routerMemoryMiB
	}
	if p.proxy != nil {
		memory -= config.ProxyMemoryMiB
	}
	return memory * 9 / 10
}

// servers tell how to reach the database and the cache: the app, or the proxy that does it for the app.
func (p *platform) servers() map[string]*string {
	servers := map[string]*string{
		"POSTGRES_SERVICE_HOST": p.data.Database.Host,
		"POSTGRES_PORT":         p.data.Database.Port,
		"POSTGRES_NAME":         jsii.String(p.data.Database.Name),
		"POSTGRES_SSLMODE":      jsii.String("require"),
		"DATABASE_SECRET_ARN":   p.data.Database.Login.SecretArn(),
	}
	if cache := p.data.Cache; cache != nil {
		servers["CACHE_URL"] = jsii.Sprintf("rediss://%s:%s", *cache.Host, *cache.Port)
		servers["CACHE_SECRET_ARN"] = cache.Login.SecretArn()
	}
	return servers
}

// bucket tells where uploads and archives are, if the environment has a bucket for them.
func (p *platform) bucket() map[string]*string {
	files := p.data.Storage.Files
	if files == nil {
		return nil
	}
	return map[string]*string{"STORAGE_URL": jsii.Sprintf("s3://%s", *files.BucketName()), "STORAGE_BUCKET": files.BucketName()}
}

func number(n int) *string            { return jsii.String(strconv.Itoa(n)) }
func seconds(d time.Duration) *string { return number(int(d / time.Second)) }
