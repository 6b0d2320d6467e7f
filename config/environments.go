package config

import "time"

// This is the file to edit. It is the only place where environments differ: two tiers of defaults, cheap and durable, and what
// each environment changes in them. After a change, `make snapshots` shows in test/snapshots what it does to the templates.

// AppBuild says where your app is and how its image is built, the same for all environments.
func AppBuild() Build { return Build{Directory: "app"} }

// Development is the cheapest environment that still has every part. `cdk destroy` deletes all of it.
func Development() Environment { return cheap("dev") }

// Staging is where a release for production is tried first. It keeps its data, at development's sizes.
func Staging() Environment {
	e := cheap("staging")
	e.Removable, e.Small = false, true
	e.Shell = true
	e.LogDays = 30
	e.Database.RotationDays = 30
	e.Web.Min, e.Web.Max = 1, 3
	e.Web.FailuresToRollBack = 2
	return e
}

// Production keeps its data whatever happens, and survives the loss of a zone.
func Production() Environment {
	e := durable("prod")
	// Until there is a domain. Delete this line when there is one: without it, production cannot lose its HTTPS by an oversight.
	e.PlainHTTP = true
	return e
}

// Ephemeral is a small copy of base under another name, for a pull request for example. Everything in it is removable.
func Ephemeral(name string, base Environment) Environment {
	small := cheap(name)
	e := base
	e.Name = name
	e.Removable = true
	e.DeletionProtection = false
	e.Domain, e.PlainHTTP = Domain{}, false
	e.ParametersPath = base.Parameters()
	e.LogDays = small.LogDays
	e.Network = small.Network
	e.Database = small.Database
	e.Cache = small.Cache
	e.Cache.Off = base.Cache.Off
	e.Web.Task, e.Web.Min, e.Web.Max = small.Web.Task, small.Web.Min, small.Web.Max
	e.Workers = small.Workers
	e.Scheduler = small.Scheduler
	e.Migration.SnapshotFirst = false
	e.Options = small.Options
	// A command on a schedule would act on the outside world a second time, once for each pull request.
	e.ScheduledTasks = nil
	e.Confirm = nil
	return e
}

// cheap is the tier of small sizes; a removable environment unless it says otherwise.
func cheap(name string) Environment {
	return Environment{
		Application: "dozen",
		Name:        name,
		Removable:   true,
		Shell:       true,
		LogDays:     7,
		LogLevel:    "info",
		Connect:     ConnectProxy,
		Network:     Network{CIDR: "10.0.0.0/16", Zones: 2, NAT: NATInstance, NATInstanceType: "t4g.micro"},
		Database: Database{
			Class: "t4g.micro", StorageGiB: 20, MaxStorageGiB: 100, MinACU: 0.5, MaxACU: 2,
			BackupDays: 7,
		},
		Cache:   Cache{NodeType: "cache.t4g.micro", MaxGB: 1},
		Storage: Storage{KeepOldVersionsDays: 30, AccessLogDays: 30},
		Alarms:  Alarms{ErrorPercent: 5, LatencyP99: time.Second, BacklogAge: 10 * time.Minute},
		Web: Web{
			Task: Task{CPU: 256, MemoryMiB: 512, PoolSize: 4},
			Port: 8080, HealthPath: "/livez", Min: 1, Max: 2,
			CPUPercent: 60, MemoryPercent: 75, RequestsPerTask: 6000,
			LongestRequest: 5 * time.Second, RoutingLag: 4 * time.Second,
			StartBudget: 10 * time.Second, FailuresToRollBack: 1,
		},
		Workers: map[string]Worker{"worker": {
			Task:   Task{CPU: 256, MemoryMiB: 512, SpotPercent: 100, PoolSize: 4},
			Source: Source{Kind: SourceMetric},
			Min:    0, Max: 2, BacklogPerTask: 100, Concurrency: 4, StopTimeout: 60 * time.Second,
		}},
		Scheduler: Scheduler{Task{CPU: 256, MemoryMiB: 512, SpotPercent: 100, PoolSize: 3}},
		Migration: Migration{
			Task: Task{CPU: 256, MemoryMiB: 512, PoolSize: 3}, RunOnDeploy: true, Deadline: 15 * time.Minute, KeepSnapshots: 5,
		},
	}
}

// durable is the tier of redundant sizes, whose data and service must survive.
func durable(name string) Environment {
	return Environment{
		Application:        "dozen",
		Name:               name,
		DeletionProtection: true,
		LogDays:            90,
		LogLevel:           "info",
		Connect:            ConnectProxy,
		Network: Network{
			CIDR: "10.1.0.0/16", Zones: 2, NAT: NATPerZone, NATInstanceType: "t4g.micro", FlowLogs: true,
		},
		Database: Database{
			Class: "t4g.medium", StorageGiB: 50, MaxStorageGiB: 500, MinACU: 0.5, MaxACU: 8,
			MultiAZ: true, BackupDays: 14, RotationDays: 30,
		},
		Cache:   Cache{NodeType: "cache.t4g.micro", Replicas: 1, MaxGB: 5, SnapshotDays: 7},
		Storage: Storage{InfrequentAfterDays: 90, KeepOldVersionsDays: 90, AccessLogDays: 365},
		Alarms:  Alarms{ErrorPercent: 5, LatencyP99: time.Second, BacklogAge: 5 * time.Minute},
		Web: Web{
			Task: Task{CPU: 512, MemoryMiB: 1024, PoolSize: 8},
			Port: 8080, HealthPath: "/livez", Min: 2, Max: 8,
			CPUPercent: 60, MemoryPercent: 75, RequestsPerTask: 12000,
			LongestRequest: 5 * time.Second, RoutingLag: 4 * time.Second,
			StartBudget: 10 * time.Second, FailuresToRollBack: 3,
		},
		Workers: map[string]Worker{"worker": {
			Task:   Task{CPU: 256, MemoryMiB: 512, SpotPercent: 50, PoolSize: 8},
			Source: Source{Kind: SourceMetric},
			Min:    1, Max: 4, BacklogPerTask: 200, Concurrency: 8, StopTimeout: 60 * time.Second,
		}},
		Scheduler: Scheduler{Task{CPU: 256, MemoryMiB: 512, PoolSize: 3}},
		Migration: Migration{
			Task: Task{CPU: 256, MemoryMiB: 512, PoolSize: 3}, RunOnDeploy: true, Deadline: 15 * time.Minute, KeepSnapshots: 5,
		},
	}
}
