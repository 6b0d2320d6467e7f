package test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing/fstest"

	"dozen/config"
	"dozen/internal/cloudformation"
)

// mode is an environment as somebody may have set it: one of the three, with at most one setting changed.
type mode struct {
	name        string // such as dev or dev+Aurora
	environment config.Environment
	assembly    func() environment // synthesized once
	releases    map[string]*cloudformation.Environment
	plant       func(parts) // a fault of the templates, for a test of the tests
}

// changes are the changes of one setting of a living environment, by the environments in which they are tried.
var changes = []struct {
	name   string
	in     string
	change func(*config.Environment)
}{
	{"Domain", "dev prod", func(e *config.Environment) {
		e.Domain = config.Domain{Name: "app.example.com", HostedZoneID: "Z0123456789ABC", HostedZoneName: "example.com"}
	}},
	{"Aurora", "dev prod", func(e *config.Environment) { e.Database.Aurora = true }},
	{"Snapshot", "dev prod by-hand", func(e *config.Environment) { e.Database.Snapshot = "before-the-accident" }},
	{"KeyARN", "dev prod", func(e *config.Environment) { e.Database.KeyARN = key }},
	{"NAT none", "dev prod", func(e *config.Environment) { e.Network.NAT, e.Database.RotationDays = config.NATNone, 0 }},
	{"NAT single", "dev prod", func(e *config.Environment) { e.Network.NAT = config.NATSingle }},
	{"NAT per zone", "dev", func(e *config.Environment) { e.Network.NAT = config.NATPerZone }},
	{"NAT instance", "prod", func(e *config.Environment) { e.Network.NAT = config.NATInstance }},
	{"Endpoints", "dev", func(e *config.Environment) { e.Network.Endpoints = []string{"secretsmanager", "ecr.dkr"} }},
	{"FlowLogs", "dev", func(e *config.Environment) { e.Network.FlowLogs = true }},
	{"Zones", "dev", func(e *config.Environment) { e.Network.Zones = 3 }},
	{"CIDR", "dev", func(e *config.Environment) { e.Network.CIDR = "10.7.0.0/16" }},
	{"Serverless", "dev prod", func(e *config.Environment) { e.Cache.Serverless = true }},
	{"Replicas", "dev", func(e *config.Environment) { e.Cache.Replicas = 1 }},
	{"Class", "staging", func(e *config.Environment) { e.Database.Class = "t4g.small" }},
	{"MultiAZ", "staging", func(e *config.Environment) { e.Database.MultiAZ = true }},
	{"RotationDays", "dev", func(e *config.Environment) { e.Database.RotationDays = 30 }},
	{"Removable", "dev", func(e *config.Environment) { e.Removable = false }},
	{"Small", "staging prod", func(e *config.Environment) { e.Small, e.PlainHTTP = !e.Small, e.Small }},
	{"DeletionProtection", "staging", func(e *config.Environment) { e.DeletionProtection = true }},
	{"Queue", "dev prod by-hand", func(e *config.Environment) { e.Options.Queue = true }},
	{"Topic", "staging", func(e *config.Environment) { e.Options.Topic = true }},
	{"Table", "dev prod", func(e *config.Environment) { e.Options.Table = true }},
	{"AppConfig", "dev", func(e *config.Environment) { e.Options.AppConfig = true }},
	{"FireLens", "dev", func(e *config.Environment) { e.Options.FireLens = true }},
	{"AuditTrail", "prod", func(e *config.Environment) { e.Options.AuditTrail = true }},
	{"Quiet options", "staging", func(e *config.Environment) {
		e.Options.ContainerInsights, e.Options.Dashboard, e.Options.MonthlyBudgetUSD, e.Alarms.Email = true, true, 10, "a@example.com"
	}},
	{"ScheduledTasks", "dev prod", func(e *config.Environment) {
		e.ScheduledTasks = map[string]config.ScheduledTask{"nightly": {Schedule: "rate(1 day)", Command: []string{"app", "help"}}}
	}},
	{"Secrets", "staging", func(e *config.Environment) {
		e.Secrets = map[string]config.Secret{"KEY": {ARN: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key-AbCdEf"}}
	}},
	{"RunOnDeploy", "dev", func(e *config.Environment) { e.Migration.RunOnDeploy = false }},
	{"SnapshotFirst", "staging", func(e *config.Environment) { e.Migration.SnapshotFirst = true }},
	{"Port", "staging", func(e *config.Environment) { e.Web.Port = 9000 }},
	{"Shell", "prod", func(e *config.Environment) { e.Shell = true }},
}

// modes are the three environments, one whose migration a person runs, and all changes of them, by their names.
var modes = sync.OnceValue(func() map[string]*mode {
	all := map[string]*mode{}
	add := func(name string, e config.Environment) {
		all[name] = &mode{
			name: name, environment: e, releases: map[string]*cloudformation.Environment{},
			assembly: sync.OnceValue(func() environment { return synthesized(e) }),
		}
	}
	byHand := config.Development()
	byHand.Migration.RunOnDeploy = false
	bases := map[string]config.Environment{
		"dev": config.Development(), "by-hand": byHand, "staging": config.Staging(), "prod": config.Production(),
	}
	for name, base := range bases {
		add(name, base)
		for _, c := range changes {
			if slices.Contains(strings.Fields(c.in), name) {
				e := base
				c.change(&e)
				add(name+"+"+c.name, e)
			}
		}
	}
	shop := config.Development()
	shop.Application = "shop"
	add("shop", shop)
	all["dev"].assembly, all["staging"].assembly, all["prod"].assembly = dev, staging, prod
	return all
})

// variants are the modes that differ from a base in one setting.
func variants(base string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(modes())), func(name string) bool { return !strings.HasPrefix(name, base+"+") })
}

var imageHash = regexp.MustCompile(`:([0-9a-f]{64})"`)

// release is a mode with another image: as if the app had changed, and nothing else.
func (m *mode) release(number int) *cloudformation.Environment {
	digit := fmt.Sprintf("%x", number%16)
	if e := m.releases[digit]; e != nil {
		return e
	}
	a := m.assembly()
	found := imageHash.FindStringSubmatch(a.services.text)
	if found == nil {
		panic(m.name + ": no image in the services' template")
	}
	files, directory := fstest.MapFS{}, os.DirFS(a.directory)
	nested, err := fs.Glob(directory, "assembly-*/*.json")
	must(err)
	for _, path := range append(nested, "manifest.json") {
		data, err := fs.ReadFile(directory, path)
		must(err)
		text := strings.ReplaceAll(string(data), found[1], strings.Repeat(digit, 64))
		text = strings.ReplaceAll(text, found[1][:12], strings.Repeat(digit, 12))
		if m.plant != nil && strings.HasSuffix(path, ".template.json") {
			text = planted(text, m.plant)
		}
		files[path] = &fstest.MapFile{Data: []byte(text)}
	}
	e, err := cloudformation.Read(files, m.environment.Name)
	must(err)
	m.releases[digit] = e
	return e
}
