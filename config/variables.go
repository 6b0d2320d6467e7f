package config

import "slices"

// ContainerName is the name of the app's container. It is the same in every task definition, so that one-off commands and
// dashboards need not know the process.
const ContainerName = "app"

// ProcessTag is the tag of an ECS service that holds its process's name in the Procfile. A construct's id cannot be turned back
// into the name: Worker2 may come from worker-2 or from worker2.
const ProcessTag = "Process"

// contractVariables are the environment variables that every process receives, see docs/contract.md.
var contractVariables = []string{
	"ENVIRONMENT", "VERSION", "PORT", "APP_URL", "LOG_LEVEL", "LOG_FORMAT",
	"POSTGRES_SERVICE_HOST", "POSTGRES_PORT", "POSTGRES_NAME", "POSTGRES_SSLMODE", "DATABASE_SECRET_ARN", "DATABASE_POOL_SIZE",
	"CACHE_URL", "CACHE_SECRET_ARN", "STORAGE_URL", "PARAMETERS_PATH", "METRICS_NAMESPACE", "WORKER_CONCURRENCY",
	"ROUTING_LAG_SECONDS", "DRAIN_SECONDS", "KEEP_ALIVE_SECONDS", "REQUEST_TIMEOUT_SECONDS",
}

// optionVariables are the variables that the options add.
var optionVariables = []string{
	"QUEUE_URL", "TOPIC_ARN", "TABLE_NAME",
	"APPCONFIG_APPLICATION", "APPCONFIG_ENVIRONMENT", "APPCONFIG_PROFILE",
}

// ReservedVariables returns the names that a team cannot use in Settings. Those of an option are reserved even
// while it is off, so that switching it on never collides with a setting. A test compares the names with a template that has
// every option on.
func ReservedVariables() []string { return slices.Concat(contractVariables, optionVariables) }
