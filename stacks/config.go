package stacks

import "time"

// Environment is everything that distinguishes one deployment from another. Environments differ by these values only;
// the constructs ask no other question. Development, Staging and Production fill it, Validate checks it.
type Environment struct {
	// Application names the product in stack names, tags, metrics and the Parameter Store path. 2 to 20 of a-z, 0-9 and -.
	Application string
	// Name of the environment, as in `cdk deploy 'dev/*'`. 2 to 20 of a-z, 0-9 and -.
	Name string
	// Account is the 12-digit AWS account; empty: the account of the credentials that deploy.
	Account string
	// Region such as eu-central-1; empty: the region of the credentials that deploy.
	Region string
	// Removable lets `cdk destroy` take everything, data too. Otherwise data outlives its stack as snapshots and retained buckets.
	Removable bool
	// DeletionProtection makes AWS refuse to delete the stacks, the database and the load balancer.
	DeletionProtection bool
	// Shell allows ECS Exec into running tasks and adds the permissions and writable paths that it needs.
	Shell bool
	// LogDays keeps log events this long; one of CloudWatch's retention periods.
	LogDays int

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

	// Settings are plain environment variables for every process, besides those of docs/contract.md.
	Settings map[string]string
	// Secrets are environment variables that ECS fills from Secrets Manager when a task starts.
	Secrets map[string]Secret
	// ScheduledTasks are one-off commands that run by the clock, by name: 1 to 30 of a-z, 0-9 and -. Each run costs its task's seconds.
	ScheduledTasks map[string]ScheduledTask
	// ParametersPath is the Parameter Store path whose parameters the processes may read; empty: /APPLICATION/NAME/.
	ParametersPath string
}

// Network is the VPC of one environment.
type Network struct {
	// CIDR of the VPC, /16 to /22. Peered networks must not overlap.
	CIDR string
	// Zones to spread over: 2 or 3. The load balancer needs 2.
	Zones int
	// ZoneNames pins the zones by name, as many as Zones; empty: the first ones that the region offers.
	ZoneNames []string
	// NAT is how tasks reach the internet: per-zone, single, instance or none (tasks in public subnets behind closed groups).
	NAT NAT
	// Endpoints are interface endpoints by their short AWS name, such as secretsmanager or ecr.dkr; each costs about 7 dollars a month and zone.
	Endpoints []string
	// FlowLogs records rejected and accepted connections in CloudWatch Logs.
	FlowLogs bool
}

// NAT is a way out to the internet for tasks.
type NAT string

// The ways out, from the most available to the cheapest.
const (
	NATPerZone  NAT = "per-zone" // a gateway per zone: no zone depends on another
	NATSingle   NAT = "single"   // one gateway: a zone's failure stops all outbound traffic
	NATInstance NAT = "instance" // one t4g.nano: as single, and slower, for a tenth of the price
	NATNone     NAT = "none"     // tasks have public addresses; their groups still let nothing in but the load balancer
)

// Database is PostgreSQL: one RDS instance or an Aurora Serverless v2 cluster.
type Database struct {
	// Aurora chooses Aurora Serverless v2 instead of an RDS instance.
	Aurora bool
	// Class of the instance without the db. prefix, such as t4g.micro. Not used with Aurora.
	Class string
	// StorageGiB of gp3 to start with, 20 to 65536. Not used with Aurora.
	StorageGiB int
	// MaxStorageGiB up to which storage grows by itself; more than StorageGiB. Not used with Aurora.
	MaxStorageGiB int
	// MinACU is the least Aurora capacity, 0 to 256 in halves; 0 pauses an idle database.
	MinACU float64
	// MaxACU is the most Aurora capacity, 1 to 256 in halves.
	MaxACU float64
	// MultiAZ keeps a standby (RDS) or a reader (Aurora) in another zone.
	MultiAZ bool
	// BackupDays of point-in-time recovery, 7 to 35.
	BackupDays int
	// Snapshot to restore from: its identifier or ARN. Changing it REPLACES the database; see docs/runbooks/RestoreDatabase.md.
	Snapshot string
	// RotationDays between rotations of the password, 1 to 1000; 0 leaves it as generated.
	RotationDays int
}

// Cache is Valkey: one node, a node with replicas, or serverless.
type Cache struct {
	// Serverless chooses ElastiCache Serverless, which always runs in cluster mode: the app's client must speak it, and the bundled app's does not.
	Serverless bool
	// NodeType such as cache.t4g.micro. Not used with Serverless.
	NodeType string
	// Replicas besides the primary, 0 to 5; with one or more, failover is automatic and spans zones. Not used with Serverless.
	Replicas int
	// MaxGB caps the data stored, 1 to 5000. Only with Serverless.
	MaxGB int
	// SnapshotDays keeps daily snapshots, 0 to 35.
	SnapshotDays int
}

// Storage is the bucket for uploads and archives.
type Storage struct {
	// InfrequentAfterDays moves objects to the infrequent-access class, 30 or more; 0 never.
	InfrequentAfterDays int
	// KeepOldVersionsDays before a replaced or deleted object is really gone, 1 or more.
	KeepOldVersionsDays int
	// AccessLogDays keeps access logs of the load balancer and the bucket, 1 or more.
	AccessLogDays int
}

// Domain is the name under which users reach the application. All empty: plain HTTP on the load balancer's own name.
type Domain struct {
	// Name such as app.example.com. With it comes HTTPS.
	Name string
	// HostedZoneID of the Route 53 zone that gets the record, such as Z0123456789ABC.
	HostedZoneID string
	// HostedZoneName such as example.com.
	HostedZoneName string
	// CertificateARN of an ACM certificate in the same region; empty: one is issued through the hosted zone.
	CertificateARN string
}

// Alarms says whom to tell, and when.
type Alarms struct {
	// Email that receives every alarm; empty: the topic has no subscriber.
	Email string
	// LatencyP99 of web above which users suffer.
	LatencyP99 time.Duration
	// BacklogAge of the oldest due job above which workers are too slow.
	BacklogAge time.Duration
}

// Task is the size of one Fargate task.
type Task struct {
	// CPU in units of 1/1024 vCPU: 256, 512, 1024, 2048, 4096, 8192 or 16384.
	CPU int
	// MemoryMiB that Fargate offers for that CPU.
	MemoryMiB int
	// SpotPercent of the tasks run on Fargate Spot, 0 to 100: cheaper, and ended with two minutes' notice.
	SpotPercent int
	// PoolSize is the most database connections that one task may hold, 1 or more.
	PoolSize int
}

// Web is the process behind the load balancer.
type Web struct {
	Task
	// Port the process listens on, 1024 to 65535.
	Port int
	// HealthPath answers 200 while the process can serve.
	HealthPath string
	// Min tasks, 1 or more; 2 to survive a task's failure.
	Min int
	// Max tasks.
	Max int
	// CPUPercent that scaling aims at, 10 to 90.
	CPUPercent int
	// MemoryPercent that scaling aims at, 10 to 90.
	MemoryPercent int
	// RequestsPerTask a minute that scaling aims at, 1 or more.
	RequestsPerTask int
	// LongestRequest that a release lets finish, 1 s to 60 s. Every drain figure follows from it.
	LongestRequest time.Duration
	// StartBudget from start to the first healthy answer, 1 s to 300 s.
	StartBudget time.Duration
	// FailuresToRollBack is how many new tasks may fail before a release is rolled back, 1 or more.
	FailuresToRollBack int
}

// Worker is a worker-like process; every name in the Procfile that has no role of its own is one. The key "worker" of
// Environment.Workers also serves the names that have no key there.
type Worker struct {
	Task
	// Min tasks, 0 or more; 0 lets the last task go when there is nothing to do.
	Min int
	// Max tasks, 1 or more.
	Max int
	// BacklogPerTask that scaling aims at: jobs due or running, per task.
	BacklogPerTask int
	// Concurrency is how many jobs one task runs at once.
	Concurrency int
	// StopTimeout between SIGTERM and SIGKILL, 10 s to 120 s.
	StopTimeout time.Duration
}

// Scheduler is the process that runs exactly once.
type Scheduler struct {
	Task
}

// Migration is the release process, which gates every release.
type Migration struct {
	Task
	// RunOnDeploy runs it in every deployment that changes the image or its settings; otherwise an output tells how to run it by hand.
	RunOnDeploy bool
	// Deadline after which the task is stopped and the release fails, 1 min to 55 min.
	Deadline time.Duration
	// SnapshotFirst takes a snapshot of the database before the task starts; the release waits for it.
	SnapshotFirst bool
}

// Secret names one field of a secret in Secrets Manager.
type Secret struct {
	// ARN of the secret, complete with its six-character suffix.
	ARN string
	// Field of the secret's JSON; empty: the whole secret string.
	Field string
}

// ScheduledTask is one command that runs by the clock in the admin task definition, beside what already runs.
type ScheduledTask struct {
	// Schedule in UTC: cron(minutes hours day-of-month month day-of-week year) or rate(value unit), as EventBridge Scheduler reads them.
	Schedule string
	// Command is the program and its arguments; no shell reads it.
	Command []string
}

// Options are parts that most teams can do without; each costs something and is off by default.
type Options struct {
	// ContainerInsights adds CloudWatch's container metrics, about 20 dollars a month.
	ContainerInsights bool
	// Queue adds an SQS queue with a dead-letter queue, QUEUE_URL; default off, 0.40 dollars per million requests.
	Queue bool
	// Topic adds an SNS topic, TOPIC_ARN; default off, 0.50 dollars per million messages.
	Topic bool
	// Table adds a DynamoDB table with the string key id, TABLE_NAME; default off, per request, plus 0.20 dollars a GB and month of recovery.
	Table bool
	// AppConfig adds settings that change without a release, APPCONFIG_*; default off, cents a month for tasks that poll each minute.
	AppConfig bool
	// Dashboard adds a CloudWatch dashboard of the environment; default off, 3 dollars a month after the account's first three.
	Dashboard bool
	// FireLens sends logs through a Fluent Bit sidecar in each task; default off, no charge but about 50 MiB of each task's memory.
	FireLens bool
	// AuditTrail records who changed what in the account and region; default off, the first trail is free, 2 dollars per 100,000 events after it.
	AuditTrail bool
	// MonthlyBudgetUSD alerts Alarms.Email at 80 % of this cost and when the forecast passes it, whole dollars a month, 1 to 1,000,000; default 0 for none, free.
	MonthlyBudgetUSD int
}
