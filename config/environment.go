package config

import "time"

// Environment is everything that distinguishes one environment from another. Environments differ in these values only; the
// constructs ask for nothing else. Development, Staging and Production fill it in, and Validate checks it.
type Environment struct {
	// Application names the product in stack names, tags, metrics and the Parameter Store path. 2 to 20 of a-z, 0-9 and -.
	Application string
	// Name of the environment, as in `cdk deploy 'dev/*'`. 2 to 20 of a-z, 0-9 and -.
	Name string
	// Account is the 12-digit AWS account; empty: the account of the credentials that deploy.
	Account string
	// Region such as eu-central-1; empty: the region of the credentials that deploy.
	Region string
	// Removable lets `cdk destroy` delete everything, including data. Otherwise data outlives its stack as snapshots and
	// retained buckets.
	Removable bool
	// Small says that nobody's work stops while this environment is down, although it keeps its data. It changes no resource. An
	// environment that is neither Small nor Removable may not serve plain HTTP silently, and every synthesis warns of protections
	// that are off: DeletionProtection, Database.MultiAZ, Database.RotationDays, Cache.Replicas, Network.FlowLogs.
	Small bool
	// PlainHTTP lets an environment that is neither Small nor Removable go without a Domain: passwords and cookies then cross the
	// internet unencrypted. With a Domain it has no effect.
	PlainHTTP bool
	// DeletionProtection makes AWS refuse to delete the data stack, the database and the option Table. The services can be deleted:
	// they keep nothing, and a deployment brings them back.
	DeletionProtection bool
	// Shell allows ECS Exec into running tasks and adds the permissions and writable paths that it needs.
	Shell bool
	// LogDays is how long log events are kept; one of CloudWatch's retention periods. PostgreSQL's log is the exception: RDS makes its
	// log group itself and keeps it forever, until you run the command in the output DatabaseLogCommand.
	LogDays int
	// LogLevel is what processes log at least, LOG_LEVEL: debug, info, warn or error.
	LogLevel string

	// Connect is how processes reach the database and the cache: proxy or secret. The proxy needs about 20 MiB of each task's memory.
	Connect Connect

	Network   Network
	Database  Database
	Cache     Cache
	Storage   Storage
	Domain    Domain
	Alarms    Alarms
	Web       Web
	Workers   map[string]Worker
	Scheduler Scheduler
	Migration Migration
	Options   Options

	// Settings are plain environment variables for every process, in addition to those of docs/variables.md: 32 KiB of UTF-8 in all.
	Settings map[string]string
	// Aliases give variables of docs/variables.md a second name, for an app that reads another one: the app's name, then Dozen's, such
	// as "RAILS_LOG_LEVEL": "LOG_LEVEL" or "S3_BUCKET": "STORAGE_BUCKET". The value is the same in each process, also under `dozen up`.
	Aliases map[string]string
	// Secrets are environment variables that ECS fills when a task starts: from Secrets Manager by ARN or Name, from Parameter Store
	// by Parameter, or with a value that AWS makes up once, Generated.
	Secrets map[string]Secret
	// ScheduledTasks are one-off commands that run on a schedule, by name: 1 to 30 of a-z, 0-9 and -. Each run costs its task's
	// seconds.
	ScheduledTasks map[string]ScheduledTask
	// Confirm lists changes of this environment that lose data or interrupt tasks, and that a deployment refuses without it: the
	// lines that it then prints, such as Options.Queue=false. A new environment needs none.
	Confirm []string
	// ParametersPath is the Parameter Store path whose parameters the processes may read; empty: /APPLICATION/NAME/.
	ParametersPath string

	// overridden are the fields that a DOZEN_ variable has set, and which one: messages name it.
	overridden map[string]string
}

// Domain is the name at which users reach the application. All empty: plain HTTP on the load balancer's own name.
type Domain struct {
	// Name such as app.example.com. Setting it turns HTTPS on.
	Name string
	// HostedZoneID of the Route 53 zone that gets the record, such as Z0123456789ABC.
	HostedZoneID string
	// HostedZoneName such as example.com.
	HostedZoneName string
	// CertificateARN of an ACM certificate in the same region; empty: one is issued through the hosted zone.
	CertificateARN string
}

// Alarms says whom to alert, and when.
type Alarms struct {
	// Email that receives every alarm; empty: the topic has no subscriber.
	Email string
	// ErrorPercent of web's requests that may be answered with 5xx, 1 to 99. More of them in two of three minutes is an alarm, and
	// rolls a release back. A minute with a single error never counts, so an application that fails every request is noticed from
	// about two requests a minute on.
	ErrorPercent int
	// LatencyP99 of web above which users suffer, 1 ms to 1 min. In a minute with fewer than 100 requests the median counts instead:
	// the slowest hundredth would be a single request.
	LatencyP99 time.Duration
	// BacklogAge of the oldest due job above which workers are too slow; also of the oldest message of Options.Queue. 1 min to 24 h.
	BacklogAge time.Duration
}

// Options are parts that most teams can do without; each costs something and is off by default.
type Options struct {
	// ContainerInsights adds CloudWatch's container metrics, about 20 dollars a month.
	ContainerInsights bool
	// Queue adds an SQS queue with a dead-letter queue, QUEUE_URL; 0.40 dollars per million requests.
	Queue bool
	// Topic adds an SNS topic, TOPIC_ARN; 0.50 dollars per million messages.
	Topic bool
	// Table adds a DynamoDB table with the string key id, TABLE_NAME; paid per request, plus 0.20 dollars per GB and month for
	// recovery.
	Table bool
	// AppConfig adds configuration that changes without a release, APPCONFIG_*; cents a month for tasks that poll once a minute.
	AppConfig bool
	// Dashboard adds a CloudWatch dashboard of the environment; 3 dollars a month after the account's first three.
	Dashboard bool
	// FireLens sends logs through a Fluent Bit sidecar in each task; no charge, but about 50 MiB of each task's memory.
	FireLens bool
	// AuditTrail records who changed what in the account, in all regions; the account's first trail is free, each further one costs
	// 2 dollars per 100,000 events, so switch it on in one environment of an account.
	AuditTrail bool
	// MonthlyBudgetUSD alerts Alarms.Email at 80 % of this cost, and when AWS forecasts more than all of it. Whole dollars a
	// month, 1 to 1,000,000; 0: no alert. Free.
	MonthlyBudgetUSD int
}

// Parameters returns the Parameter Store path of this environment, with a slash at both ends.
func (e Environment) Parameters() string {
	if e.ParametersPath != "" {
		return e.ParametersPath
	}
	return "/" + e.Application + "/" + e.Name + "/"
}

// MetricsNamespace returns the CloudWatch namespace of the app's own metrics in this environment.
func (e Environment) MetricsNamespace() string { return e.Application + "/" + e.Name }
