package test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/config"
)

// value is what somebody may write into a setting: a plain value, or a change with what it needs in other settings.
type value struct {
	plain  any
	change func(*config.Environment)
}

// trial is the values of one setting, and the environments (see tier) in which their modes are played.
type trial struct {
	field, tiers string
	values       []value
}

// tried are the settings and the values that the tests write into them, in addition to those of the three environments. The
// first value of a setting is a mode in every run of the tests, the others in the long run. The covering array has all of them.
var tried = []trial{
	{"Account", "dev", one(func(e *config.Environment) { e.Account, e.Region = "123456789012", "eu-central-1" })},
	{"Region", "prod", of("eu-west-1")},
	{"Removable", "dev", one(func(e *config.Environment) { e.Removable, e.Small = false, true })},
	{"Small", "staging", one(func(e *config.Environment) { e.Small, e.PlainHTTP = false, true })},
	{"PlainHTTP", "dev", of(true)},
	{"DeletionProtection", "staging", of(true)},
	{"Shell", "prod", of(true)},
	{"Connect", "dev prod", of(config.ConnectSecret)},
	{"LogDays", "dev", of(30, 3653)},
	{"LogLevel", "dev", of("debug")},
	{"Network.Existing", "dev", one(attachNetwork)},
	{"Database.Existing", "attached", one(attachDatabase)},
	{"Cache.Existing", "attached", one(attachCache)},
	{"Network.CIDR", "dev", of("10.7.0.0/16", "10.7.0.0/20")},
	{"Network.Zones", "dev", of(3)},
	{"Network.ZoneNames", "prod", one(func(e *config.Environment) {
		e.Network.ZoneNames = []string{"eu-west-1c", "eu-west-1a", "eu-west-1b"}[:e.Network.Zones]
	})},
	{"Network.NAT", "dev prod", slices.Concat(
		one(func(e *config.Environment) { e.Network.NAT, e.Database.RotationDays = config.NATNone, 0 }),
		of(config.NATSingle, config.NATPerZone, config.NATInstance))},
	{"Network.NATInstanceType", "staging", of("t4g.nano")},
	{"Network.Endpoints", "dev", of([]string{"secretsmanager", "ecr.dkr"}, []string{"secretsmanager"})},
	{"Network.FlowLogs", "dev", of(true)},
	{"Database.Aurora", "dev prod", of(true)},
	{"Database.Class", "staging", of("t4g.small", "m7g.xlarge")},
	{"Database.StorageGiB", "dev", of(50)},
	{"Database.MaxStorageGiB", "prod", of(1000)},
	{"Database.MinACU", "aurora", of(0., 1.)},
	{"Database.MaxACU", "aurora", of(16.)},
	{"Database.MultiAZ", "staging", of(true, false)},
	{"Database.BackupDays", "dev", of(35)},
	{"Database.Snapshot", "dev prod by-hand aurora", of("before-the-accident", "arn:aws:rds:eu-west-1:123456789012:snapshot:before")},
	{"Database.KeyARN", "dev prod", of("arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012")},
	{"Database.RotationDays", "dev", of(30, 0)},
	{"Cache.Off", "dev prod", of(true)},
	{"Cache.Serverless", "dev prod", of(true)},
	{"Cache.NodeType", "dev", of("cache.m7g.large")},
	{"Cache.Replicas", "dev", of(1, 2, 0)},
	{"Cache.MaxGB", "aurora", of(20)},
	{"Cache.SnapshotDays", "dev", of(3, 0)},
	{"Storage.Off", "dev prod", of(true)},
	{"Storage.InfrequentAfterDays", "dev", of(30)},
	{"Storage.KeepOldVersionsDays", "dev", of(1)},
	{"Storage.AccessLogDays", "staging", of(7)},
	{"Domain", "dev prod", slices.Concat(
		one(func(e *config.Environment) {
			e.Domain = config.Domain{Name: "app.example.com", HostedZoneID: "Z0123456789ABC", HostedZoneName: "example.com"}
		}),
		one(func(e *config.Environment) {
			arn := "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
			e.Region, e.Domain = "eu-west-1", config.Domain{Name: "app.example.com", CertificateARN: arn}
		}))},
	{"Alarms.Email", "dev", of("team@example.com")},
	{"Alarms.ErrorPercent", "dev", of(20)},
	{"Alarms.LatencyP99", "dev", of(3 * time.Second)},
	{"Alarms.BacklogAge", "prod", of(time.Hour)},
	{"Web.CPU", "dev", sized("Web", 1024, 2048)},
	{"Web.MemoryMiB", "prod", of(2048)},
	{"Web.SpotPercent", "dev", one(func(e *config.Environment) { e.Web.SpotPercent, e.Web.FailuresToRollBack = 100, 3 })},
	{"Web.PoolSize", "dev", of(2)},
	{"Web.Port", "staging", of(9000)},
	{"Web.HealthPath", "dev", of("/healthz")},
	{"Web.Min", "dev", of(2)},
	{"Web.Max", "prod", of(4)},
	{"Web.CPUPercent", "dev", of(40)},
	{"Web.MemoryPercent", "dev", of(50)},
	{"Web.RequestsPerTask", "dev", of(100)},
	{"Web.LongestRequest", "dev", of(20*time.Second, time.Second)},
	{"Web.RoutingLag", "dev", of(10*time.Second, time.Second)},
	{"Web.StartBudget", "dev", of(60 * time.Second)},
	{"Web.FailuresToRollBack", "dev", of(2)},
	{"Workers.CPU", "dev", sized("Workers", 512, 1024)},
	{"Workers.MemoryMiB", "prod", of(1024)},
	{"Workers.SpotPercent", "dev", of(0, 30)},
	{"Workers.PoolSize", "dev", of(3)},
	{"Workers.Min", "prod", of(0, 2)},
	{"Workers.Max", "dev", of(3)},
	{"Workers.Source", "dev prod", slices.Concat(
		of(config.Source{Kind: config.SourceCelery}, config.Source{Kind: config.SourceRiver, Queues: []string{"mail"}},
			config.Source{Kind: config.SourceSQL, Query: "select count(*) from jobs"}),
		one(func(e *config.Environment) {
			write(e, "Workers.Source", config.Source{Kind: config.SourceCPU, CPUPercent: 60})
			write(e, "Workers.Min", 1)
		}),
		one(func(e *config.Environment) {
			write(e, "Workers.Source", config.Source{Kind: config.SourceQueue})
			e.Options.Queue = true
		}))},
	{"Workers.BacklogPerTask", "dev", of(10)},
	{"Workers.Concurrency", "dev", of(2)},
	{"Workers.StopTimeout", "dev", of(30 * time.Second)},
	{"Scheduler.CPU", "dev", sized("Scheduler", 512, 1024)},
	{"Scheduler.MemoryMiB", "prod", of(1024)},
	{"Scheduler.SpotPercent", "dev", of(0)},
	{"Scheduler.PoolSize", "dev", of(2)},
	{"Migration.CPU", "dev", sized("Migration", 512, 1024)},
	{"Migration.MemoryMiB", "prod", of(1024)},

	{"Migration.PoolSize", "dev", of(2)},
	{"Migration.RunOnDeploy", "dev", of(false)},
	{"Migration.Deadline", "dev", of(55 * time.Minute)},
	{"Migration.SnapshotFirst", "staging", of(true)},
	{"Migration.KeepSnapshots", "staging", one(func(e *config.Environment) { e.Migration.SnapshotFirst, e.Migration.KeepSnapshots = true, 2 })},
	{"Options.ContainerInsights", "staging", of(true)},
	{"Options.Queue", "dev prod by-hand", of(true)},
	{"Options.Topic", "staging", of(true)},
	{"Options.Table", "dev prod", of(true)},
	{"Options.AppConfig", "dev", of(true)},
	{"Options.Dashboard", "dev", of(true)},
	{"Options.FireLens", "dev", of(true)},
	{"Options.AuditTrail", "prod", of(true)},
	{"Options.MonthlyBudgetUSD", "staging", one(func(e *config.Environment) {
		e.Options.MonthlyBudgetUSD, e.Alarms.Email = 10, "team@example.com"
	})},
	{"Settings", "dev", of(map[string]string{"FEATURE_X": "on"})},
	{"Aliases", "dev", of(map[string]string{"RAILS_LOG_LEVEL": "LOG_LEVEL", "DB_URL": "DATABASE_URL"}, map[string]string{"HTTP_PORT": "PORT"})},
	{"Secrets", "dev staging", of(
		map[string]config.Secret{"SIGNING": {Generated: 64}, "MAIL": {Parameter: "/shop/MAIL"}, "MAPS": {Name: "shop/maps", Field: "key"}},
		map[string]config.Secret{"SIGNING": {ARN: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf"}})},
	{"ScheduledTasks", "dev prod", of(map[string]config.ScheduledTask{"nightly": {Schedule: "rate(1 day)", Command: []string{"app", "help"}}})},
	{"ParametersPath", "dev", of("/shared/dev/")},
}

// untried are the settings that no value changes: another application and another name are another environment, and Confirm is
// written by the histories. A migration on Spot is refused: AWS may stop it half-way.
var untried = []string{"Application", "Name", "Confirm", "Migration.SpotPercent"}

// of makes values of one setting.
func of[T any](plain ...T) []value {
	var all []value
	for _, p := range plain {
		all = append(all, value{plain: p})
	}
	return all
}

// one makes a value that needs other settings too.
func one(change func(*config.Environment)) []value { return []value{{change: change}} }

// sized makes one value of a CPU, with the memory that Fargate offers for it.
func sized(process string, cpu, memory int) []value {
	return one(func(e *config.Environment) {
		write(e, process+".CPU", cpu)
		write(e, process+".MemoryMiB", memory)
	})
}

// set writes a value into a setting.
func (v value) set(e *config.Environment, field string) {
	if v.change != nil {
		v.change(e)
		return
	}
	write(e, field, v.plain)
}

// write sets the setting at a path. The workers' settings are those of the key "worker".
func write(e *config.Environment, path string, plain any) {
	if rest, is := strings.CutPrefix(path, "Workers."); is {
		worker := e.Workers["worker"]
		reflect.ValueOf(&worker).Elem().FieldByName(rest).Set(reflect.ValueOf(plain))
		e.Workers = map[string]config.Worker{"worker": worker}
		return
	}
	at := reflect.ValueOf(e).Elem()
	for _, name := range strings.Split(path, ".") {
		at = at.FieldByName(name)
	}
	at.Set(reflect.ValueOf(plain))
}

// settings lists the paths of all settings of an environment.
func settings(kind reflect.Type, path string) []string {
	var all []string
	for i := range kind.NumField() {
		field := kind.Field(i)
		name := path + field.Name
		switch {
		case !field.IsExported():
		case field.Anonymous:
			all = append(all, settings(field.Type, path)...)
		case name == "Workers":
			all = append(all, settings(field.Type.Elem(), name+".")...)
		case name != "Domain" && name != "Workers.Source" && field.Type.Kind() == reflect.Struct:
			all = append(all, settings(field.Type, name+".")...)
		default:
			all = append(all, name)
		}
	}
	return all
}

// Prevents: a setting or an option that no test ever switches.
func TestEverySettingIsTried(t *testing.T) {
	all := settings(reflect.TypeFor[config.Environment](), "")
	for _, name := range all {
		if !slices.Contains(untried, name) && !slices.ContainsFunc(tried, func(s trial) bool { return s.field == name }) {
			t.Errorf("no test switches %s: give it values in test/values_test.go", name)
		}
	}
	for _, s := range tried {
		if !slices.Contains(all, s.field) {
			t.Errorf("%s is tried, and no such setting exists", s.field)
		}
		for i, v := range s.values {
			e := tier(strings.Fields(s.tiers)[0])
			before := fmt.Sprintf("%#v", e)
			if v.set(&e, s.field); fmt.Sprintf("%#v", e) == before && i == 0 {
				t.Errorf("%s: the first value changes nothing in %s", s.field, s.tiers)
			}
			if err := e.Validate(fixture().Processes); err != nil && i == 0 {
				t.Errorf("%s in %s: %v", s.field, s.tiers, err)
			}
		}
	}
}

// tier returns one of the three environments by its name, one with the other database and the other cache, one whose migrations a
// person runs, or one in an existing network.
func tier(name string) config.Environment {
	switch name {
	case "staging":
		return config.Staging()
	case "prod":
		return config.Production()
	case "aurora":
		e := config.Production()
		e.Database.Aurora, e.Cache.Serverless = true, true
		return e
	}
	e := config.Development()
	e.Migration.RunOnDeploy = name != "by-hand"
	if name == "attached" {
		attachNetwork(&e)
	}
	return e
}
