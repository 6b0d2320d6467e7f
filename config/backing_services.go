package config

// Network is the VPC of one environment.
type Network struct {
	// Existing is a VPC that Dozen has not made: docs/existing-resources.md. nil: Dozen makes one. With it, no other field is set.
	Existing *ExistingNetwork
	// CIDR of the VPC, /16 to /22. Peered networks must not overlap.
	CIDR string
	// Zones to spread over: 2 or 3. The load balancer needs 2.
	Zones int
	// ZoneNames pins the zones by name, as many as Zones; empty: the first ones that the region offers.
	ZoneNames []string
	// NAT is how tasks reach the internet: per-zone, single, instance or none (tasks in public subnets behind closed groups).
	NAT NAT
	// NATInstanceType of the instance, in the family t4g. t4g.nano suffices and costs 3 dollars a month less than t4g.micro, but
	// accounts on AWS's free plan refuse it. Only with NATInstance.
	NATInstanceType string
	// Endpoints are interface endpoints by their short AWS name, such as secretsmanager or ecr.dkr; each costs about 7 dollars a
	// month and zone.
	Endpoints []string
	// FlowLogs records rejected and accepted connections in CloudWatch Logs.
	FlowLogs bool
}

// NAT is how tasks reach the internet.
type NAT string

// The ways to the internet, from the most available to the cheapest.
const (
	NATPerZone  NAT = "per-zone" // a gateway per zone: no zone depends on another
	NATSingle   NAT = "single"   // one gateway: a zone's failure stops all outbound traffic
	NATInstance NAT = "instance" // one small machine: like single, but slower, for a third of the price
	NATNone     NAT = "none"     // tasks have public addresses; their security groups still admit only the load balancer
)

// Database is PostgreSQL: one RDS instance or an Aurora Serverless v2 cluster.
type Database struct {
	// Existing is a server that Dozen has not made: docs/existing-resources.md. nil: Dozen makes one. With it, no other field is set.
	Existing *ExistingDatabase
	// Aurora chooses Aurora Serverless v2 instead of an RDS instance.
	Aurora bool
	// Class of the instance without the db. prefix, such as t4g.micro. Not used with Aurora.
	Class string
	// StorageGiB of gp3 to start with, 20 to 65536. Not used with Aurora.
	StorageGiB int
	// MaxStorageGiB is the limit up to which storage grows by itself; more than StorageGiB. Not used with Aurora.
	MaxStorageGiB int
	// MinACU is the smallest Aurora capacity, 0 to 256 in halves. With 0 Aurora pauses a database that has no connections, which never
	// happens while tasks run: their pools keep connections open.
	MinACU float64
	// MaxACU is the largest Aurora capacity, 1 to 256 in halves.
	MaxACU float64
	// MultiAZ keeps a standby (RDS) or a reader (Aurora) in another zone.
	MultiAZ bool
	// BackupDays of point-in-time recovery, 7 to 35.
	BackupDays int
	// Snapshot to restore from: its identifier or ARN. Changing it REPLACES the database; see docs/runbooks/RestoreDatabase.md.
	Snapshot string
	// KeyARN of a KMS key of your own that encrypts the database and its snapshots, 1 dollar a month; empty: AWS's key for RDS, whose
	// snapshots no other account can restore. Changing it REPLACES the database by an EMPTY one: decide before the first deployment.
	// With Snapshot the key is the snapshot's: a living database gets another one by a copy of its snapshot under that key.
	KeyARN string
	// RotationDays between rotations of the password, 1 to 1000; 0: no rotation.
	RotationDays int
}

// Cache is Valkey: one node, a node with replicas, or serverless.
type Cache struct {
	// Off leaves the cache out, with its variables, its alarms and its cost; the other fields then have no effect. The bundled app needs
	// the cache. A deployed cache is deleted with what is in it.
	Off bool
	// Existing is a server that Dozen has not made: docs/existing-resources.md. nil: Dozen makes one. With it, no other field is set.
	Existing *ExistingCache
	// Serverless chooses ElastiCache Serverless, which always runs in cluster mode: the app's client must support it, and the
	// bundled app's does not.
	Serverless bool
	// NodeType such as cache.t4g.micro. Not used with Serverless.
	NodeType string
	// Replicas in addition to the primary, 0 to 5; with one or more, failover is automatic and spans zones. Not used with Serverless.
	Replicas int
	// MaxGB caps the data stored, 1 to 5000. Only with Serverless.
	MaxGB int
	// SnapshotDays keeps daily snapshots, 0 to 35.
	SnapshotDays int
}

// Storage is the bucket for uploads and archives.
type Storage struct {
	// Off leaves the bucket out, and STORAGE_URL and STORAGE_BUCKET; access logs keep their own. The bundled app needs the bucket. A
	// deployed bucket stays in the account with its files, unless the environment is Removable; no stack knows it any more.
	Off bool
	// InfrequentAfterDays moves objects to the infrequent-access class, 30 or more; 0: never.
	InfrequentAfterDays int
	// KeepOldVersionsDays is how long a replaced or deleted object can be brought back, 1 or more.
	KeepOldVersionsDays int
	// AccessLogDays keeps access logs of the load balancer and the bucket, 1 or more.
	AccessLogDays int
}
