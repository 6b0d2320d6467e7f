package config

import "slices"

// ContainerName is the name of the app's container. It is the same in every task definition, so that one-off commands and
// dashboards need not know the process.
const ContainerName = "app"

// ProcessTag is the tag of an ECS service that holds its process's name in the Procfile. A construct's id cannot be turned back
// into the name: Worker2 may come from worker-2 or from worker2.
const ProcessTag = "Process"

// contractVariables are the environment variables that every process receives, see docs/variables.md.
var contractVariables = []string{
	"ENVIRONMENT", "VERSION", "PORT", "APP_URL", "LOG_LEVEL", "LOG_FORMAT", "DATABASE_POOL_SIZE",
	"PARAMETERS_PATH", "METRICS_NAMESPACE", "WORKER_CONCURRENCY",
	"ROUTING_LAG_SECONDS", "DRAIN_SECONDS", "KEEP_ALIVE_SECONDS", "REQUEST_TIMEOUT_SECONDS", "GOMEMLIMIT",
}

// The variables of the backing services; those of database and cache for each way to connect.
var (
	databaseVariables = map[Connect][]string{
		ConnectProxy:  {"DATABASE_URL", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE"},
		ConnectSecret: {"POSTGRES_SERVICE_HOST", "POSTGRES_PORT", "POSTGRES_NAME", "POSTGRES_SSLMODE", "DATABASE_SECRET_ARN"},
	}
	cacheVariables = map[Connect][]string{
		ConnectProxy:  {"REDIS_URL"},
		ConnectSecret: {"CACHE_URL", "CACHE_SECRET_ARN"},
	}
	storageVariables = []string{"STORAGE_URL", "STORAGE_BUCKET"}
)

// variables returns the variables that the options add.
func (o Options) variables() (names []string) {
	for _, option := range []struct {
		on    bool
		names []string
	}{
		{o.Queue, []string{"QUEUE_URL"}},
		{o.Topic, []string{"TOPIC_ARN"}},
		{o.Table, []string{"TABLE_NAME"}},
		{o.AppConfig, []string{"APPCONFIG_APPLICATION", "APPCONFIG_ENVIRONMENT", "APPCONFIG_PROFILE"}},
	} {
		if option.on {
			names = append(names, option.names...)
		}
	}
	return names
}

// platformVariables are those that ECS sets in every Fargate task, and those by which AWS's SDKs would look for other credentials
// or another region than the task's: a value from Settings or Secrets would win, and no call to AWS would succeed. Source: "Amazon
// ECS environment variables" in the ECS guide, "Environment variables" in the guide of AWS's SDKs and tools.
var platformVariables = []string{
	"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_ENDPOINT_URL",
	"ECS_AGENT_URI", "ECS_CONTAINER_METADATA_URI", "ECS_CONTAINER_METADATA_URI_V4",
}

// Variables returns the names of the variables that every process of this environment receives from Dozen, sorted.
func (e Environment) Variables() []string {
	names := slices.Concat(contractVariables, databaseVariables[e.Connect], e.Options.variables())
	if !e.Cache.Off {
		names = append(names, cacheVariables[e.Connect]...)
	}
	if !e.Storage.Off {
		names = append(names, storageVariables...)
	}
	slices.Sort(names)
	return names
}

// ReservedVariables returns the names that a team cannot use in Settings: those that any environment may have, so that switching
// an option on, or another way to connect, never collides with a setting. A test compares the names with a template that has every
// option on.
func ReservedVariables() []string {
	every := Options{Queue: true, Topic: true, Table: true, AppConfig: true}
	return slices.Concat(contractVariables, storageVariables, databaseVariables[ConnectProxy], databaseVariables[ConnectSecret],
		cacheVariables[ConnectProxy], cacheVariables[ConnectSecret], every.variables())
}
