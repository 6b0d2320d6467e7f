package test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/internal/cloudformation"
)

// parts are the resources of a template by their logical ids.
type parts map[string]map[string]any

// planted changes the resources of a template.
func planted(text string, plant func(parts)) string {
	var template map[string]json.RawMessage
	all := parts{}
	must(json.Unmarshal([]byte(text), &template))
	must(json.Unmarshal(template["Resources"], &all))
	plant(all)
	changed, err := json.Marshal(all)
	must(err)
	template["Resources"] = changed
	whole, err := json.Marshal(template)
	must(err)
	return string(whole)
}

// edit changes the one resource whose logical id is a name and a hash, if it is in this template.
func (p parts) edit(name string, change func(id string, resource, properties map[string]any)) {
	for id, resource := range p {
		if varying.ReplaceAllString(id, "") == name {
			properties, _ := resource["Properties"].(map[string]any)
			change(id, resource, properties)
		}
	}
}

// set plants a property, forget makes a resource not wait for others, rename gives it another logical id, remove takes it away.
func set(name, property string, value any) func(parts) {
	return func(p parts) {
		p.edit(name, func(_ string, _, properties map[string]any) { properties[property] = value })
	}
}

func forget(name, what string) func(parts) {
	return func(p parts) {
		p.edit(name, func(_ string, resource, _ map[string]any) {
			waits, _ := resource["DependsOn"].([]any)
			resource["DependsOn"] = slices.DeleteFunc(waits, func(id any) bool { return strings.Contains(id.(string), what) })
		})
	}
}

func rename(name string) func(parts) {
	return func(p parts) {
		p.edit(name, func(id string, _, _ map[string]any) {
			text, err := json.Marshal(p)
			must(err)
			clear(p)
			must(json.Unmarshal([]byte(strings.ReplaceAll(string(text), `"`+id+`"`, `"Renamed`+id+`"`)), &p))
		})
	}
}

// policy plants what happens to a resource when its stack is deleted.
func policy(name, value string) func(parts) {
	return func(p parts) {
		p.edit(name, func(_ string, resource, _ map[string]any) { resource["DeletionPolicy"] = value })
	}
}

func remove(name string) func(parts) {
	return func(p parts) { p.edit(name, func(id string, _, _ map[string]any) { delete(p, id) }) }
}

// plants are faults that somebody could make, and the violation that must tell.
var plants = []struct {
	mode   string
	plant  func(parts)
	update bool // the fault comes with an update; otherwise it is there from the beginning
	want   string
}{
	{"dev", forget("WebService", "Migration"), false, `I1 gated, starts unmigrated: Services/WebService`},
	{"prod", forget("WorkerService", "Migration"), true, `I1 gated, starts unmigrated: Services/WorkerService`},
	{"staging", set("ReleaseMigration", "TaskDefinition", "none"), true, `I1 gated, starts unmigrated: Services/WebService`},
	{"prod", set("StorageFiles", "BucketName", "files"), true, `I2 kept, replaced: Data/StorageFiles`},
	{"staging", set("WebProcessLogs", "LogGroupName", "web"), true, `I2 kept, replaced: Services/WebProcessLogs`},
	{"staging", set("DatabaseSecret", "Name", "login"), true, `I2 kept, replaced: Data/DatabaseSecret`},
	{"dev", set("DatabaseInstance", "DBName", "other"), true, `I2 kept, empty database: Data/DatabaseInstance`},
	{"dev", rename("LoadBalancerHttpWebRule"), true, `I3 unique, second: Services/RenamedLoadBalancerHttpWebRule`},
	{"dev", rename("CacheUser"), true, `I3 unique, second: Data/RenamedCacheUser`},
	{"staging", rename("StorageFilesPolicy"), true, `I3 unique, second: Data/RenamedStorageFilesPolicy`},
	{"prod", set("NetworkVpcisolatedSubnet1Subnet", "AvailabilityZone", "x"), true, `I3 unique, second: Data/NetworkVpcisolatedSubnet1Subnet`},
	{"dev", forget("ReleaseMigration", "Policy"), false, `I4 in use, overtakes policies: Services/ReleaseMigration`},
	{"staging", forget("WebService", "ExecutionRoleDefaultPolicy"), false, `I4 in use, overtakes policies: Services/WebService`},
	{"staging", set("ReleaseGate", "FunctionName", "gate"), true, `I6 repeated, fails: .*ReleaseMigration: modifying service token`},
	{"dev", remove("StorageFilesAutoDeleteObjectsCustomResource"), false, `I7 left over, fails: .*StorageFiles`},
	{"dev", set("DatabaseInstance", "DeletionProtection", true), false, `I7 left over, fails: .*DatabaseInstance`},
}

// Prevents: histories that look and see nothing. Each planted fault is found by a few of them, and not without the fault.
func TestPlantedFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("synthesizes several environments")
	}
	for _, p := range plants {
		sound := modes()[p.mode]
		broken := sound.with(p.plant)
		for _, damaged := range []bool{false, true} {
			before, after := sound, sound
			if damaged {
				after = broken
			}
			if damaged && !p.update {
				before = after
			}
			all := violations{}
			for seed := range uint64(40) {
				all.add(releases(seed, before, after))
			}
			found := slices.ContainsFunc(all.patterns(), regexp.MustCompile("^"+p.want).MatchString)
			if found != damaged {
				t.Errorf("%s: %s: damaged %t, found %t of %q", p.mode, p.want, damaged, found, all.patterns())
			}
		}
	}
}

// releases is a history of a first deployment, two releases and the end.
func releases(seed uint64, before, after *mode) *history {
	h := newHistory(seed)
	h.mode = before
	h.first()
	for range 2 {
		h.release++
		h.change(h.mode, after)
	}
	h.last()
	return h
}

// takenBack are fixes of faults that a review has found, each taken back alone: the two modes of a deployment and the change after it,
// what takes the fix back in the second (in both if they are the same), and the violation that must tell.
var takenBack = []struct {
	from, to string
	plant    func(parts)
	want     string
}{
	// One listener on port 80, with and without a domain.
	{"dev", "dev+Domain", rename("LoadBalancerHttp"), `I3 unique, second: Services/RenamedLoadBalancerHttp`},
	// No protection on what keeps nothing, and RetainExceptOnCreate where data is kept.
	{"prod", "prod", set("LoadBalancer", "LoadBalancerAttributes", []any{map[string]any{"Key": "deletion_protection.enabled", "Value": "true"}}),
		`I6 repeated, fails: .*LoadBalancer`},
	{"prod", "prod", policy("WebProcessLogs", "Retain"), `I6 repeated, orphaned: Services WebProcessLogs`},
	// Services wait for the capacity providers, and stop before them.
	{"dev", "dev", forget("WebService", "Cluster"), `I4 in use, overtakes AWS::ECS::ClusterCapacityProviderAssociations: Services/WebService`},
	// Schedules and one-off commands wait for the migration.
	{"prod+ScheduledTasks", "prod+ScheduledTasks", forget("Admin", "Migration"), `I1 gated, starts unmigrated: Services/ScheduledTasksSchedulesnightly`},
	// An empty database is never served silently.
	{"dev", "dev+Database.Aurora", set("LastingSettings", "Lasting", []any{}), `I2 kept, empty database: Data/DatabaseCluster`},
	{"prod+Database.Snapshot", "prod", set("LastingSettings", "Lasting", []any{}), `I2 kept, empty database: Data/DatabaseInstance`},
	// Nothing is deleted under running tasks.
	{"dev+Options.Queue", "dev", set("LastingSettings", "Lasting", []any{}), `I4 in use, deleted under running tasks: Data/Queue`},
	{"dev", "dev+Cache.Serverless", set("LastingSettings", "Lasting", []any{}), `I4 in use, deleted under running tasks: Data/CacheNodes`},
	{"staging+Options.Topic", "staging", set("LastingSettings", "Lasting", []any{}), `I4 in use, deleted under running tasks: Data/Topic`},
	{"dev", "dev+Network.CIDR", set("LastingSettings", "Lasting", []any{}), `I6 repeated, fails: .*SubnetGroup`},
	{"dev+Network.Zones", "dev", set("LastingSettings", "Lasting", []any{}), `I4 in use, deleted in use: Data/NetworkVpc\w*Subnet3Subnet`},
}

// Prevents: histories that would not find again what a review has found.
func TestFixesTakenBack(t *testing.T) {
	if testing.Short() {
		t.Skip("synthesizes several environments")
	}
	for _, f := range takenBack {
		from, to := modes()[f.from], modes()[f.to]
		if from == nil || to == nil {
			t.Fatalf("no mode %s or %s", f.from, f.to)
		}
		all, sound := violations{}, violations{}
		before, after := from, to.with(f.plant)
		if from == to {
			before = after
		}
		for seed := range uint64(40) {
			all.add(releases(seed, before, after))
			sound.add(releases(seed, from, to))
		}
		want := regexp.MustCompile("^" + f.want).MatchString
		if !slices.ContainsFunc(all.patterns(), want) || slices.ContainsFunc(sound.patterns(), want) {
			t.Errorf("%s to %s: %s: found %q, and without the fault %q", f.from, f.to, f.want, all.patterns(), sound.patterns())
		}
	}
}

// Prevents: families without the application, which two applications in one account share.
func TestSharedNamesAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("synthesizes several environments")
	}
	plant := set("WebProcessTask", "Family", "web")
	h := newHistory(0)
	for _, name := range []string{"dev", "shop"} {
		_ = h.deploy(modes()[name].with(plant), modes()[name].with(plant), false)
	}
	wantPattern(t, h, "I3 unique, shared family: Services/WebProcessTask")
}

// Prevents: a restored database under the logical id of the old one. Then the services' template is the deployed one, and the
// command line skips it. Without a migration nothing else changes.
func TestStaleReferencesAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("synthesizes several environments")
	}
	before, restored := modes()["by-hand"], *modes()["by-hand+Database.Snapshot"]
	restored.releases, restored.rename = map[string]*cloudformation.Environment{}, sameNames(before, &restored)
	h := newHistory(0)
	_ = h.deploy(before, before, false)
	_ = h.deploy(before, &restored, false)
	wantPattern(t, h, "I5 current, stale: Services")
}

// sameNames gives the database of a restored mode, and the outputs about it, the names that they have in another mode.
func sameNames(original, restored *mode) *strings.Replacer {
	stem := func(name string) string {
		return hash.ReplaceAllString(strings.Replace(name, "beforetheaccident", "", 1), "")
	}
	stems := map[string]string{}
	for _, id := range namesIn(original.assembly().data) {
		stems[stem(id)] = id
	}
	var pairs []string
	for _, id := range namesIn(restored.assembly().data) {
		if same := stems[stem(id)]; strings.Contains(id, "beforetheaccident") && same != "" {
			pairs = append(pairs, id, same)
		}
	}
	return strings.NewReplacer(pairs...)
}

// namesIn returns the outputs of a template and then its resources.
func namesIn(t template) []string {
	return slices.Concat(slices.Sorted(maps.Keys(t.Outputs)), slices.Sorted(maps.Keys(t.Resources)))
}

// hash is what the construct library appends to a logical id, also within the name of an output.
var hash = regexp.MustCompile(`[0-9A-F]{8}`)

func wantPattern(t *testing.T, h *history, pattern string) {
	t.Helper()
	all := violations{}
	if all.add(h); !slices.Contains(all.patterns(), pattern) {
		t.Errorf("no %q in %q", pattern, all.patterns())
	}
}
