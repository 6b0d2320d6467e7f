package test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dozen/internal/gate"
)

// protections are the tests that prevent an outage, each with a damage to the templates that it must notice. A test that
// passes on damaged templates protects nothing.
var protections = []struct {
	test   string
	damage func(t *testing.T, data, services map[string]any)
}{
	{"TestEveryServiceWaitsForTheMigration", func(t *testing.T, _, services map[string]any) {
		service := find(t, services, "AWS::ECS::Service", "/Worker/")
		migration := find(t, services, gate.ResourceType, "").id
		service.body["DependsOn"] = slices.DeleteFunc(service.body["DependsOn"].([]any), func(id any) bool { return id == migration })
	}},
	{"TestMigrationWaitsForItsPermissions", func(t *testing.T, _, services map[string]any) {
		delete(find(t, services, gate.ResourceType, "").body, "DependsOn")
	}},
	{"TestOnlyProcessesReachDatabaseAndCache", func(t *testing.T, _, services map[string]any) {
		rule := find(t, services, "AWS::EC2::SecurityGroupIngress", "/Web/Process/Database/").properties
		delete(rule, "SourceSecurityGroupId")
		rule["CidrIp"] = "10.0.0.0/16"
	}},
	{"TestDataIsIsolated", func(t *testing.T, data, _ map[string]any) {
		route := find(t, data, "AWS::EC2::Route", "/publicSubnet1/").properties
		route["RouteTableId"] = map[string]any{"Ref": find(t, data, "AWS::EC2::RouteTable", "/isolatedSubnet1/").id}
	}},
	{"TestDataOutlivesItsStack", func(t *testing.T, data, _ map[string]any) {
		find(t, data, "AWS::RDS::DBInstance", "").body["DeletionPolicy"] = "Delete"
	}},
	{"TestLogicalIDsOfWhatKeepsData", func(t *testing.T, data, _ map[string]any) {
		resources := data["Resources"].(map[string]any)
		id := find(t, data, "AWS::RDS::DBInstance", "").id
		resources["RenamedDatabase"] = resources[id]
		delete(resources, id)
	}},
	{"TestDatabase", func(t *testing.T, data, _ map[string]any) {
		find(t, data, "AWS::RDS::DBParameterGroup", "").properties["Parameters"].(map[string]any)["rds.force_ssl"] = "0"
	}},
	{"TestBuckets", func(t *testing.T, data, _ map[string]any) {
		find(t, data, "AWS::S3::BucketPolicy", "/Files/").properties["PolicyDocument"] = map[string]any{"Statement": []any{}}
	}},
	{"TestDeploymentLimits", func(t *testing.T, _, services map[string]any) {
		find(t, services, "AWS::ECS::Service", "/Scheduler/").properties["DeploymentConfiguration"].(map[string]any)["MaximumPercent"] = 200
	}},
	{"TestDesiredCountIsNotRenderedWhereScalingRules", func(t *testing.T, _, services map[string]any) {
		find(t, services, "AWS::ECS::Service", "/Web/").properties["DesiredCount"] = 2
	}},
	{"TestSecretsArePassedByReference", func(t *testing.T, _, services map[string]any) {
		container := firstContainer(t, services, "/Web/")
		password := map[string]any{"Name": "PASSWORD", "Value": "{{resolve:secretsmanager:x}}"}
		container["Environment"] = append(container["Environment"].([]any), password)
	}},
	{"TestContainersAreHardened", func(t *testing.T, _, services map[string]any) {
		firstContainer(t, services, "/Worker/")["User"] = "root"
	}},
	{"TestReleaseTimes", func(t *testing.T, _, services map[string]any) {
		group := find(t, services, "AWS::ElasticLoadBalancingV2::TargetGroup", "").properties
		for _, attribute := range group["TargetGroupAttributes"].([]any) {
			if dig(attribute, "Key") == "deregistration_delay.timeout_seconds" {
				attribute.(map[string]any)["Value"] = "300"
			}
		}
	}},
	{"TestAdminEqualsWebButForTheCommand", func(t *testing.T, _, services map[string]any) {
		container := firstContainer(t, services, "/Admin/")
		container["Environment"] = container["Environment"].([]any)[1:]
	}},
	{"TestGateHasLeastPrivilege", func(t *testing.T, _, services map[string]any) {
		policy := find(t, services, "AWS::IAM::Policy", "/Release/Role/").properties
		dig(policy, "PolicyDocument", "Statement", 1).(map[string]any)["Resource"] = "*"
	}},
	{"TestRolesAreNotShared", func(t *testing.T, _, services map[string]any) {
		web := find(t, services, "AWS::ECS::TaskDefinition", "/Web/").properties
		find(t, services, "AWS::ECS::TaskDefinition", "/Worker/").properties["TaskRoleArn"] = web["TaskRoleArn"]
	}},
	{"TestDevelopmentDiffersFromProductionByValuesOnly", func(t *testing.T, _, services map[string]any) {
		delete(services["Resources"].(map[string]any), find(t, services, "AWS::CloudWatch::Alarm", "UnhealthyTargets").id)
	}},
}

// TestProtections runs each of these tests again, in another process, on templates with the damage that it must notice; and
// first on undamaged templates, so that it does not fail for another reason.
func TestProtections(t *testing.T) {
	if os.Getenv(damagedTemplates) != "" {
		return // this is such a process
	}
	var names []string
	for _, p := range protections {
		names = append(names, p.test)
	}
	if output, err := runDamaged(t, "^("+strings.Join(names, "|")+")$", func(*testing.T, map[string]any, map[string]any) {}); err != nil {
		t.Fatalf("undamaged templates fail: %v\n%s", err, output)
	}
	for _, p := range protections {
		t.Run(p.test, func(t *testing.T) {
			output, err := runDamaged(t, "^"+p.test+"$", p.damage)
			if err == nil {
				t.Errorf("%s passes on damaged templates", p.test)
			}
			if !strings.Contains(output, "--- FAIL: "+p.test) {
				t.Errorf("%s ended in another way:\n%s", p.test, output)
			}
		})
	}
}

// runDamaged copies the assemblies, with production's and staging's templates damaged, and runs tests on the copies.
func runDamaged(t *testing.T, pattern string, damage func(t *testing.T, data, services map[string]any)) (output string, err error) {
	t.Helper()
	directory := t.TempDir()
	for _, get := range []func() environment{dev, staging, prod} {
		e := get()
		target := filepath.Join(directory, e.Name)
		copyManifests(t, e.directory, target)
		if e.Name == "dev" {
			continue
		}
		data, services := changeable(e.data), changeable(e.services)
		damage(t, data, services)
		must(os.WriteFile(filepath.Join(target, e.data.File), []byte(plain(data)), 0o644))
		must(os.WriteFile(filepath.Join(target, e.services.File), []byte(plain(services)), 0o644))
	}
	command := exec.Command(os.Args[0], "-test.run", pattern, "-test.timeout", "5m")
	command.Env = append(os.Environ(), damagedTemplates+"="+directory)
	combined, err := command.CombinedOutput()
	return string(combined), err
}

// copyManifests copies an assembly without its assets: manifests and templates.
func copyManifests(t *testing.T, from, to string) {
	t.Helper()
	for _, pattern := range []string{"*.json", "assembly-*/*.json"} {
		files, err := fs.Glob(os.DirFS(from), pattern)
		must(err)
		if len(files) == 0 {
			t.Fatalf("%s has no %s", from, pattern)
		}
		for _, file := range files {
			data, err := os.ReadFile(filepath.Join(from, file))
			must(err)
			must(os.MkdirAll(filepath.Dir(filepath.Join(to, file)), 0o755))
			must(os.WriteFile(filepath.Join(to, file), data, 0o644))
		}
	}
}

// changeable returns a template as plain JSON values, to be damaged and written again.
func changeable(tpl template) (content map[string]any) {
	must(json.Unmarshal([]byte(tpl.text), &content))
	return content
}

// found is a resource in a template that can still be changed.
type found struct {
	id               string
	body, properties map[string]any
}

func find(t *testing.T, content map[string]any, resourceType, part string) found {
	t.Helper()
	for id, body := range content["Resources"].(map[string]any) {
		path, _ := dig(body, "Metadata", "aws:cdk:path").(string)
		if dig(body, "Type") == resourceType && strings.Contains(path+"/", part) {
			properties, _ := dig(body, "Properties").(map[string]any)
			return found{id: id, body: body.(map[string]any), properties: properties}
		}
	}
	t.Fatalf("no %s under %q to damage", resourceType, part)
	return found{}
}

// firstContainer returns a task definition's first container, which can still be changed.
func firstContainer(t *testing.T, content map[string]any, part string) map[string]any {
	t.Helper()
	definition := find(t, content, "AWS::ECS::TaskDefinition", part).properties
	return dig(definition, "ContainerDefinitions", 0).(map[string]any)
}
