package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var processes = []Process{
	{Name: "web", Role: RoleWeb, Command: []string{"app", "web"}},
	{Name: "worker", Role: RoleWorker, Command: []string{"app", "worker"}},
	{Name: "scheduler", Role: RoleScheduler, Command: []string{"app", "scheduler"}},
	{Name: "release", Role: RoleMigration, Command: []string{"app", "migrate"}},
}

func TestDefaultsAreValid(t *testing.T) {
	for _, e := range []Environment{Development(), Staging(), Production(), Ephemeral("pr-1", Production())} {
		if err := e.Validate(processes); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

// Each mistake is found, alone, under the name of its field, with a word on what to write instead.
func TestMistakes(t *testing.T) {
	worker := func(change func(*Worker)) func(*Environment) {
		return func(e *Environment) { w := e.Workers["worker"]; change(&w); e.Workers["worker"] = w }
	}
	for field, mistake := range map[string]func(*Environment){
		"Application":            func(e *Environment) { e.Application = "My App" },
		"Name":                   func(e *Environment) { e.Name = "Dev" },
		"Account":                func(e *Environment) { e.Account = "1234-5678-9012" },
		"Region":                 func(e *Environment) { e.Region = "Frankfurt" },
		"LogDays":                func(e *Environment) { e.LogDays = 10 },
		"DeletionProtection":     func(e *Environment) { e.DeletionProtection = true },
		"Application and Name":   func(e *Environment) { e.Application, e.Name = "abcdefghijklmnopqrst", "abcdefghijklmnopqrst" },
		"Network.CIDR":           func(e *Environment) { e.Network.CIDR = "10.0.0.0/8" },
		"Network.Zones":          func(e *Environment) { e.Network.Zones = 1 },
		"Network.ZoneNames":      func(e *Environment) { e.Network.ZoneNames = []string{"eu-central-1a"} },
		"Network.ZoneNames[1]":   func(e *Environment) { e.Network.ZoneNames = []string{"eu-central-1a", "b"} },
		"Network.NAT":            func(e *Environment) { e.Network.NAT = "gateway" },
		"Network.Endpoints[0]":   func(e *Environment) { e.Network.Endpoints = []string{"s3"} },
		"Database.Class":         func(e *Environment) { e.Database.Class = "db.t4g.micro" },
		"Database.StorageGiB":    func(e *Environment) { e.Database.StorageGiB = 10 },
		"Database.MaxStorageGiB": func(e *Environment) { e.Database.MaxStorageGiB = 20 },
		"Database.MinACU":        func(e *Environment) { e.Database.Aurora, e.Database.MinACU = true, 0.3 },
		"Database.MaxACU":        func(e *Environment) { e.Database.Aurora, e.Database.MaxACU = true, 0.5 },
		"Database.BackupDays":    func(e *Environment) { e.Database.BackupDays = 1 },
		"Database.Snapshot":      func(e *Environment) { e.Database.Snapshot = "my snapshot" },
		"Database.KeyARN":        func(e *Environment) { e.Database.KeyARN = "alias/mine" },
		"KeyARN": func(e *Environment) { // of another region
			e.Region, e.Database.KeyARN = "us-east-1", "arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-123456789012"
		},
		"Network.NATInstanceType":     func(e *Environment) { e.Network.NATInstanceType = "t3.micro" },
		"Database.RotationDays":       func(e *Environment) { e.Network.NAT, e.Database.RotationDays = NATNone, 30 },
		"Cache.NodeType":              func(e *Environment) { e.Cache.NodeType = "t4g.micro" },
		"Cache.Replicas":              func(e *Environment) { e.Cache.Replicas = 6 },
		"Cache.MaxGB":                 func(e *Environment) { e.Cache.Serverless, e.Cache.MaxGB = true, 0 },
		"Cache.SnapshotDays":          func(e *Environment) { e.Cache.SnapshotDays = 36 },
		"Storage.InfrequentAfterDays": func(e *Environment) { e.Storage.InfrequentAfterDays = 7 },
		"Storage.KeepOldVersionsDays": func(e *Environment) { e.Storage.KeepOldVersionsDays = 0 },
		"Storage.AccessLogDays":       func(e *Environment) { e.Storage.AccessLogDays = 0 },
		"Domain.Name": func(e *Environment) {
			e.Domain = Domain{Name: "localhost", HostedZoneID: "Z0123456789", HostedZoneName: "localhost"}
		},
		"Domain.HostedZoneID":               func(e *Environment) { e.Domain = Domain{Name: "app.example.com"} },
		"Domain.HostedZoneName":             func(e *Environment) { e.Domain = Domain{Name: "app.example.com", HostedZoneID: "Z0123456789"} },
		"Domain.CertificateARN":             func(e *Environment) { e.Domain = Domain{Name: "app.example.com", CertificateARN: "arn"} },
		"Alarms.Email":                      func(e *Environment) { e.Alarms.Email = "ops" },
		"Alarms.ErrorPercent":               func(e *Environment) { e.Alarms.ErrorPercent = 100 },
		"Alarms.LatencyP99":                 func(e *Environment) { e.Alarms.LatencyP99 = 0 },
		"Alarms.BacklogAge":                 func(e *Environment) { e.Alarms.BacklogAge = time.Second },
		"Web.CPU":                           func(e *Environment) { e.Web.CPU = 300 },
		"Web.MemoryMiB":                     func(e *Environment) { e.Web.MemoryMiB = 4096 },
		"Web.SpotPercent":                   func(e *Environment) { e.Web.SpotPercent = 101 },
		"Web.PoolSize":                      func(e *Environment) { e.Web.PoolSize = 0 },
		"Web.Port":                          func(e *Environment) { e.Web.Port = 80 },
		"Web.HealthPath":                    func(e *Environment) { e.Web.HealthPath = "livez" },
		"Web.Min":                           func(e *Environment) { e.Web.Min = 0 },
		"Web.Max":                           func(e *Environment) { e.Web.Max = 0 },
		"Web.CPUPercent":                    func(e *Environment) { e.Web.CPUPercent = 95 },
		"Web.MemoryPercent":                 func(e *Environment) { e.Web.MemoryPercent = 5 },
		"Web.RequestsPerTask":               func(e *Environment) { e.Web.RequestsPerTask = 0 },
		"Web.LongestRequest":                func(e *Environment) { e.Web.LongestRequest = 2 * time.Minute },
		"Web.StartBudget":                   func(e *Environment) { e.Web.StartBudget = 0 },
		"Web.FailuresToRollBack":            func(e *Environment) { e.Web.FailuresToRollBack = 0 },
		`Workers["worker"].CPU`:             worker(func(w *Worker) { w.CPU = 128 }),
		`Workers["worker"].Min`:             worker(func(w *Worker) { w.Min = -1 }),
		`Workers["worker"].Max`:             worker(func(w *Worker) { w.Max = 0 }),
		`Workers["worker"].BacklogPerTask`:  worker(func(w *Worker) { w.BacklogPerTask = 0 }),
		`Workers["worker"].Concurrency`:     worker(func(w *Worker) { w.Concurrency = 0 }),
		`Workers["worker"].StopTimeout`:     worker(func(w *Worker) { w.StopTimeout = 3 * time.Minute }),
		"Workers":                           func(e *Environment) { e.Workers["mailer"] = e.Workers["worker"] },
		"Scheduler.MemoryMiB":               func(e *Environment) { e.Scheduler.MemoryMiB = 100 },
		"Migration.SpotPercent":             func(e *Environment) { e.Migration.SpotPercent = 100 },
		"Migration.Deadline":                func(e *Environment) { e.Migration.Deadline = 2 * time.Hour },
		"Migration.SnapshotFirst":           func(e *Environment) { e.Migration.RunOnDeploy, e.Migration.SnapshotFirst = false, true },
		`Settings["feature"]`:               func(e *Environment) { e.Settings = map[string]string{"feature": "on"} },
		`Settings["PORT"]`:                  func(e *Environment) { e.Settings = map[string]string{"PORT": "1"} },
		`Settings["AWS_REGION"]`:            func(e *Environment) { e.Settings = map[string]string{"AWS_REGION": "us-east-1"} },
		`Settings["AWS_SECRET_ACCESS_KEY"]`: func(e *Environment) { e.Settings = map[string]string{"AWS_SECRET_ACCESS_KEY": "x"} },
		`Secrets["AWS_PROFILE"]`: func(e *Environment) {
			e.Secrets = map[string]Secret{"AWS_PROFILE": {ARN: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-AbCdEf"}}
		},
		`Settings["API_TOKEN"]`:   func(e *Environment) { e.Settings = map[string]string{"API_TOKEN": "x"} },
		`Secrets["KEY"].ARN`:      func(e *Environment) { e.Secrets = map[string]Secret{"KEY": {ARN: "stripe"}} },
		"Web.RoutingLag":          func(e *Environment) { e.Web.RoutingLag = 0 },
		"Migration.KeepSnapshots": func(e *Environment) { e.Migration.KeepSnapshots = 0 },
		`Secrets["KEY"].KeyARN`: func(e *Environment) {
			e.Secrets = map[string]Secret{"KEY": {ARN: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-AbCdEf", KeyARN: "alias/mine"}}
		},
		"ParametersPath":               func(e *Environment) { e.ParametersPath = "dozen" },
		"connections during a release": func(e *Environment) { e.Web.Max = 20 },
	} {
		t.Run(field, func(t *testing.T) {
			e := Development()
			mistake(&e)
			err := e.Validate(processes)
			if err == nil {
				t.Fatal("not noticed")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != 1 {
				t.Errorf("one mistake gives %d messages:\n%v", len(lines), err)
			}
			if !strings.Contains(lines[0], field+" is ") && field != "connections during a release" || !strings.Contains(lines[0], field) {
				t.Errorf("the message does not name %s: %s", field, lines[0])
			}
			if !strings.Contains(lines[0], "; ") {
				t.Errorf("the message has no remedy: %s", lines[0])
			}
		})
	}
}

// Prevents: users who lose their requests when AWS takes a Spot task of web away, in production or in its rehearsal; and releases
// that are rolled back because one start found no Spot capacity.
func TestWebRunsOnSpotOnlyWhereItMay(t *testing.T) {
	spot := func(e Environment, failures int) error {
		e.Web.SpotPercent, e.Web.FailuresToRollBack = 50, failures
		return e.Validate(processes)
	}
	if err := spot(Development(), 3); err != nil {
		t.Errorf("dev: %v", err)
	}
	if err := spot(Development(), 2); err == nil || !strings.Contains(err.Error(), "Web.FailuresToRollBack is 2") {
		t.Errorf("dev, after 2 failures: %v", err)
	}
	for _, e := range []Environment{Staging(), Production()} {
		if err := spot(e, 3); err == nil || !strings.Contains(err.Error(), "Web.SpotPercent is 50") {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

// Someone who made ten mistakes is told of ten, not of the first one ten times.
func TestAllMistakesAtOnce(t *testing.T) {
	e := Production()
	e.Region, e.LogDays, e.Web.Port, e.Web.CPU, e.Database.Class = "nowhere", 8, 22, 1, "huge"
	lines := strings.Split(e.Validate(processes).Error(), "\n")
	for _, field := range []string{"Region", "LogDays", "Web.Port", "Web.CPU", "Database.Class"} {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, field+" is ") }) {
			t.Errorf("%s is missing in:\n%s", field, strings.Join(lines, "\n"))
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d messages, want 5:\n%s", len(lines), strings.Join(lines, "\n"))
	}
}

// A secret's value must not be repeated in the message that refuses it: CI keeps its logs.
func TestMessagesDoNotRepeatSecrets(t *testing.T) {
	e := Development()
	e.Settings = map[string]string{"STRIPE_API_KEY": "sk_live_very_secret"}
	if err := e.Validate(processes); err == nil || strings.Contains(err.Error(), "sk_live") {
		t.Errorf("message: %v", err)
	}
}

func TestConnectionBudget(t *testing.T) {
	for _, e := range []Environment{Development(), Staging(), Production()} {
		t.Logf("%s: %d of at most %d connections", e.Name, e.Connections(processes), e.ConnectionBudget())
		if e.Connections(processes) > e.ConnectionBudget() {
			t.Errorf("%s needs %d connections, and may use %d", e.Name, e.Connections(processes), e.ConnectionBudget())
		}
	}
	e := Development()
	if want := 2*(4*2) + 2*(4*2) + 3 + 3; e.Connections(processes) != want {
		t.Errorf("development counts %d connections, want %d", e.Connections(processes), want)
	}
	for class, most := range map[string][2]int{"t4g.micro": {75, 112}, "t4g.medium": {300, 450}, "r8g.large": {1200, 1802}, "r8g.24xlarge": {5000, 5000}} {
		if have := (Database{Class: class}).maxConnections(); have < most[0] || have > most[1] {
			t.Errorf("%s has about %d connections, want %d to %d", class, have, most[0], most[1])
		}
	}
	if have := (Database{Aurora: true, MinACU: 0.5, MaxACU: 64}).maxConnections(); have != 2000 {
		t.Errorf("Aurora from 0.5 ACU has %d connections, want 2000", have)
	}
}

// Prevents: the second worker of a Procfile, the first thing that an app with a queue adds, needs a larger database.
func TestASecondWorkerFitsTheDefaults(t *testing.T) {
	two := append(slices.Clone(processes), Process{Name: "mail", Role: RoleWorker, Command: []string{"app", "mail"}})
	for _, e := range []Environment{Development(), Staging(), Production()} {
		if err := e.Validate(two); err != nil {
			t.Error(err)
		}
	}
}

// The drain's figures, for every longest request and every lag that may be chosen, keep their order and stay within AWS's limits.
func TestDrainHolds(t *testing.T) {
	compared := 0
	for longest := time.Second; longest <= IdleTimeout; longest += time.Second {
		for lag := time.Second; lag <= 30*time.Second; lag += time.Second {
			compared++
			d := Web{LongestRequest: longest, RoutingLag: lag}.Drain()
			spot := Web{LongestRequest: longest, RoutingLag: lag, Task: Task{SpotPercent: 1}}.Drain()
			if spot.Accepts() < lag+HealthThreshold*HealthInterval || spot.App() <= spot.Accepts()+longest || spot.StopTimeout() > maxStopTimeout {
				t.Errorf("on Spot %+v: %v", spot, []time.Duration{spot.Accepts(), spot.App(), spot.StopTimeout()})
			}
			if d.Deregistration() <= lag+longest || d.Accepts() < lag || d.App() <= d.Accepts()+longest ||
				d.StopTimeout() < d.App()+StopMargin || d.StopTimeout() > maxStopTimeout || d.KeepAlive() <= IdleTimeout {
				t.Errorf("%+v: %v", d, []time.Duration{d.Deregistration(), d.Accepts(), d.App(), d.StopTimeout(), d.KeepAlive()})
			}
		}
	}
	if compared != 60*30 {
		t.Errorf("%d pairs compared", compared)
	}
}

func TestEphemeralIsSmallAndRemovable(t *testing.T) {
	base := Production()
	base.Domain = Domain{Name: "app.example.com", HostedZoneID: "Z0123456789", HostedZoneName: "example.com"}
	base.Settings = map[string]string{"FEATURE": "on"}
	e := Ephemeral("pr-7", base)
	if !e.Removable || e.DeletionProtection || e.Database.MultiAZ || e.Domain != (Domain{}) || e.Web.Max > 2 {
		t.Errorf("not small and removable: %+v", e)
	}
	if e.Settings["FEATURE"] != "on" || e.Parameters() != "/dozen/prod/" {
		t.Errorf("does not inherit the base's settings: %v, %s", e.Settings, e.Parameters())
	}
	if fmt.Sprint(base.Database) != fmt.Sprint(Production().Database) {
		t.Error("making it changed the base")
	}
}
