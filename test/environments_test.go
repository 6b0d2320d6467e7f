package test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/gate"
	"dozen/internal/templatecheck"
)

// differences are the resources that only production or only development has, each with the setting that it follows from.
// Anything else would be a part of production that nobody has ever tried.
var differences = map[string]string{
	"Data/Network/Vpc/publicSubnet1/EIP":         "NAT",
	"Data/Network/Vpc/publicSubnet1/NATGateway":  "NAT",
	"Data/Network/Vpc/publicSubnet2/EIP":         "NAT",
	"Data/Network/Vpc/publicSubnet2/NATGateway":  "NAT",
	"Data/Network/Vpc/publicSubnet1/NatInstance": "NAT",
	"Data/Network/Vpc/NatSecurityGroup":          "NAT",
	"Data/Network/Vpc/FlowLog":                   "FlowLogs",
	"Data/Network/FlowLogs":                      "FlowLogs",
	"Data/Database/Secret/Attachment/Rotation":   "RotationDays",
	"Data/Database/Group/from group:5432":        "RotationDays",
	"Data/Database/RotationGroup":                "RotationDays",
	"Data/Database/Secret/Policy":                "RotationDays",
	"Data/Storage/Files/AutoDeleteObjects":       "Removable",
	"Data/Storage/AccessLogs/AutoDeleteObjects":  "Removable",
	"Data/Custom::S3AutoDelete":                  "Removable",
	"Services/Alarms/CacheMemory2":               "Replicas",
	"Services/Alarms/CacheEvictions2":            "Replicas",
	"Services/Alarms/WorkerRunning":              "Min",
	"Services/Worker/First":                      "Min",
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

// Build once: production runs the image that staging has tried.
func TestStagingAndProductionRunTheSameImage(t *testing.T) {
	image := func(e environment) string {
		return plain(e.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/").container("Image"))
	}
	want(t, "image", image(staging()), image(prod()))
	if !regexp.MustCompile(`:[0-9a-f]{64}"`).MatchString(image(prod())) {
		t.Errorf("the image %s is not named by its contents", image(prod()))
	}
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
	restoredFrom := func(e environment) any {
		return e.services.one(t, gate.ResourceType, "").get(gate.PropertyRestoredFrom)
	}
	if restoredFrom(before) == restoredFrom(restored) {
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

// Another app, in another language, with other processes: nothing outside app/ may know the bundled app.
func TestAnotherAppServesAsWell(t *testing.T) {
	directory := filepath.Join(scratch(), "another")
	must(os.MkdirAll(directory, 0o755))
	for name, text := range map[string]string{
		"Procfile": "web: gunicorn shop.wsgi --bind 0.0.0.0:8080\nmail: celery -A shop worker -Q mail\n" +
			"reports: celery -A shop worker -Q reports\nrelease: python manage.py migrate\n",
		"Dockerfile": "FROM python:3.14-slim\nCOPY . /srv\nUSER 65532\nVOLUME /tmp\n",
	} {
		must(os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644))
	}
	app, err := config.ReadApp(os.DirFS(directory), directory, bundled().Gate)
	if err != nil {
		t.Fatal(err)
	}
	settings := config.Production()
	settings.Workers = map[string]config.Worker{
		"worker":  small(settings.Workers["worker"], 2),
		"reports": small(settings.Workers["worker"], 1),
	}
	e := synthesizeFor(t, settings, app)
	want(t, "maximum of reports", e.services.one(t, "AWS::ApplicationAutoScaling::ScalableTarget", "/Reports/").get("MaxCapacity"), 1)
	want(t, "maximum of mail", e.services.one(t, "AWS::ApplicationAutoScaling::ScalableTarget", "/Mail/").get("MaxCapacity"), 2)
	var services []string
	for _, service := range e.services.all(t, "AWS::ECS::Service") {
		services = append(services, strings.Split(service.path(), "/")[2])
	}
	want(t, "services", services, []string{"Mail", "Reports", "Web"})
	want(t, "command", e.services.one(t, "AWS::ECS::TaskDefinition", "/Reports/").container("Command"),
		[]string{"celery", "-A", "shop", "worker", "-Q", "reports"})
	want(t, "alarm", len(e.services.all(t, "AWS::CloudWatch::Alarm")), len(prod().services.all(t, "AWS::CloudWatch::Alarm"))-1+2)
	for _, tpl := range e.templates() {
		if strings.Contains(tpl.text, "dozen-app") {
			t.Error("the templates know the bundled app")
		}
		for _, problem := range templatecheck.Stack(tpl.Stack) {
			t.Error(problem)
		}
	}
}

func small(w config.Worker, maximum int) config.Worker {
	w.Max = maximum
	return w
}

// An app without a migration has no gate, and nothing waits for one.
func TestAppWithoutMigration(t *testing.T) {
	app := bundled()
	app.Processes = slices.DeleteFunc(slices.Clone(app.Processes), func(p config.Process) bool { return p.Role == config.RoleMigration })
	e := synthesizeFor(t, config.Development(), app)
	want(t, "gates", len(e.services.ofType(gate.ResourceType)), 0)
	want(t, "services", len(e.services.all(t, "AWS::ECS::Service")), 3)
}

// The image's hash must not depend on the place of the repository, or on files next to the app.
func TestImageDependsOnTheAppAlone(t *testing.T) {
	copyDirectory := filepath.Join(scratch(), "elsewhere", "app")
	must(os.CopyFS(copyDirectory, os.DirFS(filepath.Join(root, "app"))))
	must(os.WriteFile(filepath.Join(scratch(), "elsewhere", "neighbour.txt"), []byte("not part of the app"), 0o644))
	must(os.WriteFile(filepath.Join(copyDirectory, "NOTES.md"), []byte("documentation"), 0o644))
	app := bundled()
	app.Directory = copyDirectory
	version := func(e environment) any {
		return e.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/").variables()["VERSION"]
	}
	want(t, "version elsewhere", version(synthesizeFor(t, config.Development(), app)), version(dev()))
	must(os.WriteFile(filepath.Join(copyDirectory, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o644))
	if version(synthesizeFor(t, config.Development(), app)) == version(dev()) {
		t.Error("another main.go makes the same image")
	}
}

// The image is built for the architecture that the tasks ask for.
func TestImageIsBuiltForARM(t *testing.T) {
	want(t, "images", len(dev().Images), 1)
	for _, image := range dev().Images {
		want(t, "platform", image.Platform, "linux/arm64")
	}
}
