package test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/gate"
)

// differences are the resources that only production or only development has, each with the setting that it follows from.
// Anything else would be a part of production that nobody has ever tried.
var differences = map[string]string{
	"Data/Network/Vpc/publicSubnet1/EIP":        "NAT",
	"Data/Network/Vpc/publicSubnet1/NATGateway": "NAT",
	"Data/Network/Vpc/publicSubnet2/EIP":        "NAT",
	"Data/Network/Vpc/publicSubnet2/NATGateway": "NAT",
	"Data/Network/Vpc/FlowLog":                  "FlowLogs",
	"Data/Network/FlowLogs":                     "FlowLogs",
	"Data/Database/Secret/Attachment/Rotation":  "RotationDays",
	"Data/Database/Group/from group:5432":       "RotationDays",
	"Data/Database/RotationGroup":               "RotationDays",
	"Data/Database/RotationLogs":                "RotationDays",
	"Services/Alarms/RotationFailed":            "RotationDays",
	"Data/Database/Secret/Policy":               "RotationDays",
	"Data/Storage/Files/AutoDeleteObjects":      "Removable",
	"Data/Storage/AccessLogs/AutoDeleteObjects": "Removable",
	"Data/Custom::S3AutoDelete":                 "Removable",
	"Data/S3AutoDeleteObjects":                  "Removable",
	"Services/Alarms/CacheMemory2":              "Replicas",
	"Services/Alarms/CacheEvictions2":           "Replicas",
	"Services/Alarms/WorkerRunning":             "Min",
	"Services/Worker/First":                     "Min",
	"Data/Network/NAT/":                         "NAT",
}

// peer is how the construct library names a rule between two security groups, with the environment's name in it.
var peer = regexp.MustCompile(`(from|to) \w+:`)

// Development must be production in small: the same parts, other values.
func TestDevelopmentDiffersFromProductionByValuesOnly(t *testing.T) {
	parts := func(e environment) map[string]string {
		found := map[string]string{}
		for _, tpl := range e.templates() {
			for _, r := range tpl.resources() {
				path := peer.ReplaceAllString(strings.TrimPrefix(r.path(), e.Name+"/"), "$1 group:")
				found[path] = r.Type
			}
		}
		return found
	}
	development, production := parts(dev()), parts(prod())
	used := map[string]bool{}
	declared := func(path string) bool {
		for prefix := range differences {
			if strings.HasPrefix(path, prefix) {
				used[prefix] = true
				return true
			}
		}
		return false
	}
	for path, kind := range production {
		if development[path] != kind && !declared(path) {
			t.Errorf("production has %s (%s), development has %q", path, kind, development[path])
		}
	}
	for path, kind := range development {
		if production[path] == "" && !declared(path) {
			t.Errorf("development has %s (%s), production does not", path, kind)
		}
	}
	if len(production) < 100 {
		t.Errorf("compared only %d parts", len(production))
	}
	for prefix := range differences {
		if !used[prefix] {
			t.Errorf("%s is not a difference any more: remove it from the list", prefix)
		}
	}
}

// Every task of every environment gets the same names of variables: a name that exists only in production is untested.
func TestEnvironmentsShareTheNamesOfVariables(t *testing.T) {
	names := func(e environment) []string {
		return slices.Sorted(maps.Keys(e.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/").variables()))
	}
	want(t, "staging", names(staging()), names(prod()))
	want(t, "development", names(dev()), names(prod()))
}

// Two environments in one account: the second deployment must not fail on a name that the first one has taken.
func TestTwoCopiesDoNotCollide(t *testing.T) {
	copyOf := func(name string) environment {
		return with(t, config.Production(), func(e *config.Environment) { e.Name = name })
	}
	one, two := copyOf("one"), copyOf("two")
	physical := map[string][]string{
		"AWS::ElastiCache::User":            {"UserId"},
		"AWS::ElastiCache::UserGroup":       {"UserGroupId"},
		"AWS::ElastiCache::ServerlessCache": {"ServerlessCacheName"},
	}
	for _, pair := range [][2]template{{one.data, two.data}, {one.services, two.services}} {
		for _, r := range pair[0].resources() {
			for property, value := range r.Properties {
				text, fixed := value.(string)
				names := strings.HasSuffix(property, "Name") || strings.HasSuffix(property, "Identifier") ||
					slices.Contains(physical[r.Type], property)
				if !fixed || !names {
					continue
				}
				if pair[1].resource(r.ID).Properties[property] == text && !sharedNames[r.Type+"."+property] {
					t.Errorf("%s (%s): %s is %q in both environments", r.ID, r.Type, property, text)
				}
			}
		}
		for name, output := range pair[0].Outputs {
			if output.Export.Name != nil {
				t.Errorf("output %s is exported: exports are unique in a region", name)
			}
		}
	}
	user := func(e environment) string { return plain(e.data.one(t, "AWS::ElastiCache::User", "").get("UserId")) }
	if user(one) == user(two) {
		t.Error("both environments create the same cache user")
	}
	if strings.Contains(two.services.text, "dozen-one-Data") {
		t.Error("the second environment refers to the first one's stack")
	}
}

// sharedNames are properties that end in Name and are not names of resources in AWS.
var sharedNames = map[string]bool{
	"AWS::CloudWatch::Alarm.MetricName":                     true,
	"AWS::ElastiCache::User.UserName":                       true,
	"AWS::RDS::DBInstance.DBName":                           true,
	"AWS::IAM::Policy.PolicyName":                           true, // inline: unique in its role
	"AWS::EC2::VPCEndpoint.ServiceName":                     true,
	"AWS::ApplicationAutoScaling::ScalingPolicy.PolicyName": true, // unique for its scalable target
}

// A database that was restored from a snapshot has a new address. No export may block the restore; the services can be
// deleted and created again without touching the database, and afterwards they use the new address.
func TestServicesComeAndGoAndTheDatabaseIsRestored(t *testing.T) {
	before := prod()
	restored := with(t, config.Production(), func(e *config.Environment) { e.Database.Snapshot = "before-the-accident" })
	region := newCloud()
	region.deploy(t, "prod-Data", before.data)
	region.deploy(t, "prod-Services", before.services)
	old := region.output(t, "prod-Data", "DatabaseInstance", "EndpointAddress")

	region.remove(t, "prod-Services")
	region.deploy(t, "prod-Services", before.services)
	if now := region.output(t, "prod-Data", "DatabaseInstance", "EndpointAddress"); now != old {
		t.Fatalf("creating the services again moved the database from %s to %s", old, now)
	}

	region.deploy(t, "prod-Data", restored.data)
	if now := region.output(t, "prod-Data", "DatabaseInstance", "EndpointAddress"); now == old {
		t.Fatal("the restored database was not replaced: nothing was restored")
	}
	if before.services.text == restored.services.text {
		t.Error("the services' template did not change: `cdk deploy` would skip it, and tasks would keep the old address")
	}
	if effect := effectOf(modes()["prod"], modes()["prod+Database.Snapshot"]); !effect.does("update", gate.ResourceType) {
		t.Error("the migration does not run again on the restored database, whose schema is older")
	}
	region.deploy(t, "prod-Services", restored.services)

	instance := restored.data.one(t, "AWS::RDS::DBInstance", "")
	want(t, "snapshot", instance.get("DBSnapshotIdentifier"), "before-the-accident")
	for _, property := range []string{"DBName", "MasterUsername", "StorageEncrypted"} {
		if instance.get(property) != nil {
			t.Errorf("%s may not be given with a snapshot", property)
		}
	}
}
