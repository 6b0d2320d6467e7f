package cloudformation

import (
	"strings"
	"testing"
)

// app is a service, its gate and what they need. Marks in it are replaced: IMAGE, AFTER, FAMILY.
const app = `
	"Database": {"Type": "AWS::RDS::DBInstance", DATABASE "DeletionPolicy": "Snapshot"},
	"Cluster": {"Type": "AWS::ECS::Cluster"},
	"Function": {"Type": "AWS::Lambda::Function", "Properties": {"LoggingConfig": {"LogGroup": "x"}}},
	"Migrate": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "migrate", "ContainerDefinitions": [
		{"Name": "app", "Image": "IMAGE", "Environment": [{"Name": "HOST", "Value": {"Fn::GetAtt": ["Database", "Endpoint.Address"]}}]}]}},
	"Gate": {"Type": "Custom::Migration", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "Container": "app",
		"TaskDefinition": {"Ref": "Migrate"}}},
	"Run": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "run", "ContainerDefinitions": [
		{"Name": "app", "Image": "IMAGE", "Environment": [{"Name": "HOST", "Value": {"Fn::Sub": "${Database.Endpoint.Address}:1"}}]},
		{"Name": "sidecar", "Image": "other"}]}},
	"Service": {"Type": "AWS::ECS::Service", "DependsOn": [AFTER], "Properties": {"Cluster": {"Ref": "Cluster"},
		"TaskDefinition": {"Ref": "Run"}}} MORE | OUTPUTS`

// with is the app with its marks replaced, each followed by its value.
func with(marks ...string) string {
	return strings.NewReplacer(append(marks, "IMAGE", "app:1", "AFTER", `"Gate"`, "DATABASE", "", "MORE", "", "OUTPUTS", "")...).Replace(app)
}

// played deploys one version of the app after the other in many orders and returns the rules that were broken.
func played(t *testing.T, options Options, versions ...string) string {
	t.Helper()
	return seeds(t, func(a *Account) {
		for _, version := range versions {
			_ = a.Deploy(environment(t, "s", version), options)
		}
	})
}

func TestGated(t *testing.T) {
	schedule := `, "Nightly": {"Type": "AWS::Scheduler::Schedule", "DependsOn": [%], "Properties": {"Target": {"EcsParameters": {"TaskDefinitionArn": {"Ref": "Run"}}}}}`
	command := `"Run": {"Value": {"Fn::Join": ["", ["aws ecs run-task --task-definition ", "run", " --count 1"]]}}`
	byRevision := `"Run": {"Value": {"Fn::Sub": "aws ecs run-task --task-definition ${Run} --count 1"}}`
	for name, c := range map[string]struct{ first, second, want string }{
		"behind the gate":             {with(), with("IMAGE", "app:2"), ""},
		"not behind the gate":         {with(), with("IMAGE", "app:2", "AFTER", ""), "I1 starts unmigrated Service"},
		"in the creation":             {with("AFTER", ""), with("AFTER", ""), "I1 starts unmigrated Service"},
		"a schedule":                  {with("MORE", strings.Replace(schedule, "%", "", 1)), with(), "I1 starts unmigrated Nightly"},
		"a schedule behind the gate":  {with("MORE", strings.Replace(schedule, "%", `"Gate"`, 1)), with(), ""},
		"a printed family":            {with("OUTPUTS", command), with("OUTPUTS", command, "IMAGE", "app:2"), "I1 printed command Run"},
		"a printed revision":          {with("OUTPUTS", byRevision), with("OUTPUTS", byRevision, "IMAGE", "app:2"), ""},
		"the migration's own command": {with("OUTPUTS", strings.Replace(command, `"run"`, `"migrate"`, 1)), with("IMAGE", "app:2"), ""},
		"a restored database": {with(), with("AFTER", "", "DATABASE", `"Properties": {"DBSnapshotIdentifier": "x"},`),
			"I1 starts unmigrated Service"},
	} {
		got := played(t, Options{Removable: true, Confirmed: []string{"AWS::RDS::"}}, c.first, c.second)
		if got != c.want && !strings.HasPrefix(got, c.want+" / ") {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A family without a revision starts the latest one that is registered.
func TestServiceByFamily(t *testing.T) {
	named := strings.Replace(with("IMAGE", "app:2"), `"TaskDefinition": {"Ref": "Run"}}}`, `"TaskDefinition": "run", "DesiredCount": 2}}`, 1)
	got := played(t, Options{}, with(), named)
	want(t, "by family", got, "")
	want(t, "by family, not behind the gate", played(t, Options{}, with(), strings.Replace(named, `"DependsOn": ["Gate"]`, `"DependsOn": ["Run"]`, 1)),
		"I1 starts unmigrated Service")
}

// A failed migration is not a migration, a rollback neither migrates nor is held back, and a template without a gate is migrated
// by hand.
func TestMigrations(t *testing.T) {
	a := NewAccount(1)
	fail(t, a.Deploy(environment(t, "s", with()), on("Gate", Creating)), "ROLLBACK_COMPLETE")
	want(t, "migrated", len(a.migrated), 0)
	succeed(t, a.Deploy(environment(t, "s", with()), Options{}))
	want(t, "migrated", len(a.migrated), 1)
	fail(t, a.Deploy(environment(t, "s", with("IMAGE", "app:2")), on("Gate", Updating)), "UPDATE_ROLLBACK_COMPLETE")
	want(t, "migrated", len(a.migrated), 1)
	fail(t, a.Deploy(environment(t, "s", with("IMAGE", "app:3")), on("Service", Updating)), "UPDATE_ROLLBACK_COMPLETE")
	want(t, "migrated", len(a.migrated), 2)
	want(t, "violations", rules(a), "")
	byHand := strings.Replace(with("IMAGE", "app:4", "AFTER", ""), `"Gate": {"Type": "Custom::Migration"`, `"Other": {"Type": "Custom::Other"`, 1)
	gated := with("IMAGE", "app:4", "AFTER", "", "MORE", `, "X": {"Type": "AWS::SNS::Topic"}`)
	gated = strings.Replace(gated, `"TaskDefinition": {"Ref": "Run"}}}`, `"TaskDefinition": {"Ref": "Run"}, "DesiredCount": 2}}`, 1)
	want(t, "a gate afterwards", played(t, Options{}, byHand, gated), "")
}

func TestKept(t *testing.T) {
	stack := func(resource string) string { return resource + `, "T": {"Type": "AWS::SNS::Topic"}` }
	bucket := func(name, policy string) string {
		return stack(`"K": {"Type": "AWS::S3::Bucket", "UpdateReplacePolicy": "` + policy + `", "DeletionPolicy": "` + policy + `", "Properties": {"BucketName": "` + name + `"}}`)
	}
	gone := `"T": {"Type": "AWS::SNS::Topic"}`
	login := stack(`"L": {"Type": "AWS::SecretsManager::Secret"}, "D": {"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Snapshot",
		"Properties": {"MasterUserPassword": {"Fn::Sub": "{{resolve:secretsmanager:${L}}}"}}}`)
	for name, c := range map[string]struct{ first, second, want string }{
		"replaced":          {bucket("a", "Retain"), bucket("b", "Retain"), "I2 replaced K"},
		"removed":           {bucket("a", "Delete"), gone, "I2 removed K"},
		"removed, retained": {bucket("a", "Retain"), gone, ""},
		"snapshot only":     {bucket("a", "Snapshot"), gone, "I2 removed K"},
		"deleted":           {bucket("a", "Delete"), "", "I2 deleted K"},
		"deleted, retained": {bucket("a", "Retain"), "", ""},
		"deleted, snapshot": {bucket("a", "Snapshot"), "", ""},
		"a login":           {login, "", "I2 deleted L"},
		"a signing key": {stack(`"L": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {"PasswordLength": 64}}}`),
			"", "I2 deleted L"},
		"a cache's login": {stack(`"L": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {
			"GenerateStringKey": "password"}}}`), "", ""},
		"a cache": {stack(`"C": {"Type": "AWS::ElastiCache::ReplicationGroup"}`), "", ""},
	} {
		for _, removable := range []bool{false, true} {
			a := NewAccount(1)
			first := environment(t, "s", c.first)
			succeed(t, a.Deploy(first, Options{Removable: removable}))
			if c.second != "" {
				succeed(t, a.Deploy(environment(t, "s", c.second), Options{Removable: removable}))
			} else {
				succeed(t, a.Destroy(first, Options{Removable: removable}))
			}
			if removable {
				c.want = ""
			}
			want(t, name, rules(a), c.want)
		}
	}
	protected := `"D": {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": "Snapshot", "Properties": {"DeletionProtection": true, "DBName": "%"}}`
	b := NewAccount(1) // whether the old one can be deleted or not: the new one is empty
	succeed(t, b.Deploy(environment(t, "s", protected), Options{}))
	succeed(t, b.Deploy(environment(t, "s", strings.Replace(protected, "%", "x", 1)), Options{}))
	want(t, "protected", rules(b), "I2 replaced D")
	a := NewAccount(1) // what a failed creation has made holds nothing
	fail(t, a.Deploy(environment(t, "s", bucket("a", "Delete")+`, "U": {"Type": "AWS::SNS::Topic", "DependsOn": "K"}`), on("U", Creating)), "fault")
	want(t, "failed creation", rules(a), "")
}

// Prevents: a switch to another database is a success, and users see an empty application.
func TestEmptyDatabase(t *testing.T) {
	other := with("DATABASE", `"Properties": {"DBInstanceIdentifier": "other"},`)
	restored := with("DATABASE", `"Properties": {"DBSnapshotIdentifier": "x"},`)
	removable := Options{Removable: true}
	want(t, "another database", played(t, removable, with(), other), "I2 empty database Database")
	want(t, "a cleared snapshot", played(t, removable, restored, with()), "I2 empty database Database")
	want(t, "a restored one", played(t, Options{Confirmed: []string{"AWS::RDS::"}}, with(), restored), "")
	want(t, "a restored one, removable", played(t, removable, with(), restored), "")
	want(t, "a confirmed one", played(t, Options{Confirmed: []string{"AWS::RDS::"}}, with(), other), "")
	database, _, _ := strings.Cut(strings.TrimSpace(with()), "\n")
	want(t, "the first one", played(t, removable, strings.TrimSuffix(database, ","), with()), "")
	a := NewAccount(1) // a person who destroys and deploys again wants an empty one
	for range 2 {
		succeed(t, a.Deploy(environment(t, "s", with()), removable))
		succeed(t, a.Destroy(environment(t, "s", with()), removable))
	}
	want(t, "after a deletion", rules(a), "")
}

func TestUnique(t *testing.T) {
	balancer := `"LB": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"}, "V": {"Type": "AWS::EC2::VPC"}`
	for kind, properties := range map[string]string{
		"AWS::ElasticLoadBalancingV2::Listener":     `"LoadBalancerArn": {"Ref": "LB"}, "Port": 80`,
		"AWS::ElasticLoadBalancingV2::ListenerRule": `"ListenerArn": {"Ref": "LB"}, "Priority": 1`,
		"AWS::EC2::Subnet":                          `"VpcId": {"Ref": "V"}, "CidrBlock": "10.0.0.0/20"`,
		"AWS::ElastiCache::User":                    `"UserId": "dozen-dev"`,
		"AWS::ElastiCache::ServerlessCache":         `"ServerlessCacheName": "dozen-dev"`,
		"AWS::IAM::Role":                            `"RoleName": "r"`,
		"AWS::S3::BucketPolicy":                     `"Bucket": {"Ref": "LB"}`,
		"AWS::SQS::Queue":                           `"QueueName": "q"`,
	} {
		one := func(id, more string) *Environment {
			return environment(t, "s", balancer+`, "`+id+`": {"Type": "`+kind+`", "Properties": {`+properties+more+`}}`)
		}
		a := NewAccount(1)
		succeed(t, a.Deploy(one("Old", ""), Options{}))
		fail(t, a.Deploy(one("New", ""), Options{}), "already exists")
		want(t, kind, rules(a), "I3 second New; I6 fails")
		a = NewAccount(1)
		succeed(t, a.Deploy(one("Old", ""), Options{}))
		succeed(t, a.Destroy(one("Old", ""), Options{Removable: true}))
		succeed(t, a.Deploy(one("New", ""), Options{})) // it is free again
		want(t, kind, rules(a), "")
	}
}

// What a fault of the history has left behind hinders nobody.
func TestLeftByAFault(t *testing.T) {
	subnet := func(zone string) string {
		return `"V": {"Type": "AWS::EC2::VPC"}, "S": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "V"}, "AvailabilityZone": "` + zone + `"}},
			"L": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Name": "` + zone + `", "Subnets": [{"Ref": "S"}]}}`
	}
	for _, struck := range []string{"L", "S"} {
		a := NewAccount(1)
		succeed(t, a.Deploy(environment(t, "s", subnet("a")), Options{}))
		succeed(t, a.Deploy(environment(t, "s", subnet("b")), on(struck, CleaningUp)))
		want(t, "left", strings.HasSuffix(a.Leftovers()[0], "while cleaning up, after a fault"), true)
		succeed(t, a.Deploy(environment(t, "s", subnet("a")), Options{})) // its name is free
		succeed(t, a.Destroy(environment(t, "s", subnet("a")), Options{}))
		want(t, "violations", rules(a), "")
	}
}

// What changes in place gives back what it had.
func TestUniqueThingChangesInPlace(t *testing.T) {
	listener := func(id, port string) string {
		return `"` + id + `": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"LoadBalancerArn": "lb", "Port": ` + port + `}}`
	}
	a := NewAccount(1)
	succeed(t, a.Deploy(environment(t, "s", listener("A", "80")), Options{}))
	succeed(t, a.Deploy(environment(t, "s", listener("A", "81")), Options{}))
	succeed(t, a.Deploy(environment(t, "s", listener("A", "81")+","+listener("B", "80")), Options{}))
	fail(t, a.Deploy(environment(t, "s", listener("A", "80")+","+listener("B", "80")), Options{}), "already exists")
	fail(t, a.Deploy(environment(t, "s", listener("A", "81")+","+listener("B", "80")+","+listener("C", "81")), Options{}), "already exists")
}

// Prevents: a name that a replacement needs while the old one still has it.
func TestReplacementUnderTheSameName(t *testing.T) {
	user := func(name string) *Environment {
		return environment(t, "s", `"U": {"Type": "AWS::ElastiCache::User", "Properties": {"UserId": "dozen-dev", "UserName": "`+name+`"}}`)
	}
	a := NewAccount(1)
	succeed(t, a.Deploy(user("a"), Options{}))
	fail(t, a.Deploy(user("b"), Options{}), "already exists")
	succeed(t, a.Deploy(user("a"), Options{}))
	want(t, "violations", rules(a), "I3 second U; I6 fails")
}

func TestSharedFamily(t *testing.T) {
	definition := `"D": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "web"}}`
	a := NewAccount(1)
	succeed(t, a.Deploy(environment(t, "one", definition), Options{}))
	succeed(t, a.Deploy(environment(t, "one", strings.Replace(definition, `"web"`, `"web", "Cpu": 1`, 1)), Options{}))
	want(t, "revisions of one stack", rules(a), "")
	succeed(t, a.Deploy(environment(t, "two", definition), Options{}))
	want(t, "two stacks", rules(a), "I3 shared family D")
}

func TestInUse(t *testing.T) {
	service := `"Cluster": {"Type": "AWS::ECS::Cluster"}, "P": {"Type": "AWS::ECS::ClusterCapacityProviderAssociations", "Properties": {"Cluster": {"Ref": "Cluster"}}},
		"S": {"Type": "AWS::ECS::Service", % "Properties": {"Cluster": {"Ref": "Cluster"}, "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE"}]}}`
	both := func(resources string) string {
		return seeds(t, func(a *Account) {
			succeed(t, a.Deploy(environment(t, "s", resources), Options{}))
			_ = a.Destroy(environment(t, "s", resources), Options{})
		})
	}
	want(t, "with the dependency", both(strings.Replace(service, "%", `"DependsOn": "P",`, 1)), "")
	for _, rule := range []string{"I4 overtakes AWS::ECS::ClusterCapacityProviderAssociations S", "I4 deleted in use P"} {
		if got := both(strings.Replace(service, "%", "", 1)); !strings.Contains(got, rule) {
			t.Errorf("without the dependency: %q", got)
		}
	}
	policy := `"R": {"Type": "AWS::IAM::Role"}, "Allow": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "Roles": [{"Ref": "R"}]}},
		"F": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["R", "Arn"]}}},
		"C": {"Type": "Custom::Thing", % "Properties": {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}}}`
	want(t, "with the policy", both(strings.Replace(policy, "%", `"DependsOn": "Allow",`, 1)), "")
	for _, rule := range []string{"I4 overtakes policies C", "I4 deleted in use Allow"} {
		if got := both(strings.Replace(policy, "%", "", 1)); !strings.Contains(got, rule) {
			t.Errorf("without the policy: %q", got)
		}
	}
}

// What another stack still uses is not deleted, and stays behind.
func TestInUseByAnotherStack(t *testing.T) {
	for _, kind := range []string{"AWS::EC2::Subnet", "AWS::EC2::SecurityGroup", "AWS::SQS::Queue"} {
		one := `"T": {"Type": "AWS::SNS::Topic"}`
		with := one + `, "X": {"Type": "` + kind + `"} | "Out": {"Value": {"Fn::GetAtt": ["X", "GroupId"]}}`
		two := func(value string) string {
			return `"D": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": ` + value + `}},
				"S": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "D"}, "Subnets": [` + value + `]}}`
		}
		a := NewAccount(1)
		succeed(t, a.Deploy(environment(t, "one", with, "two", two(`{"Fn::GetStackOutput": {"StackName": "one", "OutputName": "Out"}}`)), Options{}))
		succeed(t, a.Deploy(environment(t, "one", one, "two", two(`"none"`)), Options{Removable: true}))
		if kind == "AWS::SQS::Queue" { // AWS deletes it under the tasks
			want(t, kind, rules(a), "I4 deleted under running tasks X")
			continue
		}
		want(t, kind, rules(a), "I4 deleted in use X")
		want(t, "leftovers", a.Leftovers(), "[one X ("+kind+"), could not be deleted while cleaning up]")
	}
}

// A group that a rule of another group names cannot be deleted.
func TestSecurityGroupOfARule(t *testing.T) {
	groups := `"A": {"Type": "AWS::EC2::SecurityGroup"}, "R": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {"GroupId": {"Fn::GetAtt": ["A", "GroupId"]}, `
	a := NewAccount(1)
	succeed(t, a.Deploy(environment(t, "s", groups+`"SourceSecurityGroupId": {"Fn::GetAtt": ["B", "GroupId"]}}}, "B": {"Type": "AWS::EC2::SecurityGroup"}`), Options{}))
	succeed(t, a.Deploy(environment(t, "s", groups+`"SourceSecurityGroupId": "B#2.GroupId"}}`), Options{}))
	if !strings.Contains(rules(a), "I4 deleted in use B") && len(a.live) == 2 {
		t.Errorf("%s, %d live", rules(a), len(a.live))
	}
}

// A bucket with objects is not deleted; the construct library's function empties it.
func TestBucketsThatAreNotEmpty(t *testing.T) {
	trail := `"K": {"Type": "AWS::S3::Bucket"}, "T": {"Type": "AWS::CloudTrail::Trail", "Properties": {"S3BucketName": {"Ref": "K"}}}`
	emptied := trail + `, "F": {"Type": "AWS::Lambda::Function"}, "E": {"Type": "Custom::S3AutoDeleteObjects", "DependsOn": "F",
		"Properties": {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}, "Bucket": {"Ref": "K"}}}`
	a := NewAccount(1)
	succeed(t, a.Deploy(environment(t, "s", trail), Options{Removable: true}))
	fail(t, a.Destroy(environment(t, "s", trail), Options{Removable: true}), "is not empty")
	want(t, "violations", rules(a), "I7 fails")
	a = NewAccount(1)
	succeed(t, a.Deploy(environment(t, "s", emptied), Options{Removable: true}))
	succeed(t, a.Destroy(environment(t, "s", emptied), Options{Removable: true}))
	want(t, "leftovers", a.Leftovers(), "[/aws/lambda/F]")
}

// After a rollback the services run again; what another stack has deleted meanwhile is missing.
func TestRollbackToWhatIsGone(t *testing.T) {
	one := func(name string) string {
		return `"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "` + name + `"}} | "Out": {"Value": {"Ref": "A"}}`
	}
	two := func(cpu string) string {
		return `"D": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Cpu": "` + cpu + `", "Family": {"Fn::GetStackOutput": {"StackName": "one", "OutputName": "Out"}}}},
			"S": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "D"}}}`
	}
	a := NewAccount(1)
	succeed(t, a.Deploy(environment(t, "one", one("x"), "two", two("1")), Options{}))
	fail(t, a.Deploy(environment(t, "one", one("x"), "two", two("2")), on("S", Updating)), "UPDATE_ROLLBACK_COMPLETE")
	want(t, "nothing is gone", rules(a), "")
	fail(t, a.Deploy(environment(t, "one", one("y"), "two", two("2")), on("S", Updating)), "UPDATE_ROLLBACK_COMPLETE")
	want(t, "a topic is gone", rules(a), "I4 deleted under running tasks A; I8 needs what is gone S")
}

// What AWS makes by itself is in the list of what is left.
func TestByproducts(t *testing.T) {
	a := NewAccount(1)
	made := `"C": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]}},
		"D": {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": "Delete", "Properties": {"EnableCloudwatchLogsExports": ["postgresql"]}},
		"O": {"Type": "AWS::SecretsManager::RotationSchedule", "Properties": {"SecretId": "o", "RotationLambdaARN": "arn"}},
		"R": {"Type": "AWS::SecretsManager::RotationSchedule", "Properties": {"HostedRotationLambda": {"RotationLambdaName": "r"}}}`
	e := environment(t, "s", made)
	succeed(t, a.Deploy(e, Options{Removable: true}))
	succeed(t, a.Destroy(e, Options{Removable: true}))
	want(t, "leftovers", strings.Join(a.Leftovers(), " "), "/aws/ecs/containerinsights/C/performance /aws/lambda/r /aws/rds/D/postgresql")
	// A log group that the stack has made before is not left behind; one that it makes too late is.
	for order, left := range map[string]int{
		`"DependsOn": "G", "Type": "AWS::SecretsManager::RotationSchedule", "Properties": {"Hosted`: 2,
		`"Type": "AWS::SecretsManager::RotationSchedule", "Properties": {"Hosted`:                   3,
	} {
		group := `, "G": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/r"}}`
		if left == 3 {
			group = strings.Replace(group, `"Type"`, `"DependsOn": "R", "Type"`, 1)
		}
		template := strings.Replace(made, `"Type": "AWS::SecretsManager::RotationSchedule", "Properties": {"Hosted`, order, 1) + group
		a := NewAccount(1)
		succeed(t, a.Deploy(environment(t, "s", template), Options{Removable: true}))
		want(t, "leftovers", len(a.Leftovers()), left)
	}
}
