package test

import (
	"encoding/json"
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
		broken := *sound
		broken.releases, broken.plant = map[string]*cloudformation.Environment{}, p.plant
		for _, damaged := range []bool{false, true} {
			before, after := sound, sound
			if damaged {
				after = &broken
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
