package cloudformation

import (
	"strings"
	"testing"
)

const (
	topics  = `"A": {"Type": "AWS::SNS::Topic"}, "B": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "A"}}}`
	renamed = `"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "x"}}, "B": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "A"}}}`
)

// order returns the beginnings of events, such as "create A".
func order(a *Account, phase Phase) string {
	var all []string
	for _, e := range a.events {
		if e.Phase == phase && !e.End {
			all = append(all, string(e.Action)+" "+e.Resource)
		}
	}
	return strings.Join(all, ", ")
}

func TestReplacementBeforeDeletion(t *testing.T) {
	a := NewAccount(1)
	succeed(t, a.Deploy(environment(t, "s", topics), Options{}))
	first := a.stacks["s"].resources["A"]
	succeed(t, a.Deploy(environment(t, "s", renamed), Options{}))
	want(t, "status", a.Status("s"), "UPDATE_COMPLETE")
	want(t, "update", order(a, Updating), "replace A, update B")
	want(t, "clean-up", order(a, CleaningUp), "delete A")
	if a.live[first.number] != nil || a.stacks["s"].resources["B"].text("DisplayName") != a.stacks["s"].resources["A"].attribute("") {
		t.Error("the old topic is still there, or B does not name the new one")
	}
	succeed(t, a.Destroy(environment(t, "s", renamed), Options{}))
	want(t, "deletion", order(a, Deleting), "delete B, delete A")
	want(t, "what is left", len(a.live), 0)
	want(t, "violations", rules(a), "")
}

func TestRollbackOfAnUpdate(t *testing.T) {
	a := NewAccount(1)
	succeed(t, a.Deploy(environment(t, "s", topics), Options{}))
	first := *a.stacks["s"].resources["B"]
	fail(t, a.Deploy(environment(t, "s", renamed+`, "C": {"Type": "AWS::SNS::Topic", "DependsOn": "B"}`), on("C", Updating)), "fault")
	want(t, "status", a.Status("s"), "UPDATE_ROLLBACK_COMPLETE")
	want(t, "live", len(a.live), 2)
	want(t, "B", a.stacks["s"].resources["B"].values, first.values)
	want(t, "undone", order(a, Undoing), "delete C, delete A")
	want(t, "violations", rules(a), "")
}

func TestFailedRollbackIsContinued(t *testing.T) {
	a := NewAccount(1)
	before, after := environment(t, "s", topics), environment(t, "s", renamed+`, "C": {"Type": "AWS::SNS::Topic", "DependsOn": "B"}`)
	succeed(t, a.Deploy(before, Options{}))
	fail(t, a.Deploy(after, Options{Fault: func(e Event) bool {
		return e.Resource == "C" && e.Phase == Updating || e.Resource == "B" && e.Phase == RollingBack
	}}), "UPDATE_ROLLBACK_FAILED")
	succeed(t, a.Deploy(after, Options{}))
	want(t, "live", len(a.live), 3)
	want(t, "violations", rules(a), "")
}

func TestSameCommandAfterAFailedCreation(t *testing.T) {
	a := NewAccount(1)
	e := environment(t, "s", topics)
	fail(t, a.Deploy(e, on("B", Creating)), "ROLLBACK_COMPLETE")
	want(t, "live", len(a.live), 0)
	fail(t, a.Deploy(e, Options{Fault: func(e Event) bool { return e.Resource == "B" && (e.End || e.Phase == RollingBack) }}), "ROLLBACK_FAILED")
	succeed(t, a.Deploy(e, Options{}))
	want(t, "status", a.Status("s"), "CREATE_COMPLETE")
	want(t, "violations", rules(a), "")
}

func TestTerminationProtection(t *testing.T) {
	a := NewAccount(1)
	e := environment(t, "!s", topics)
	fail(t, a.Deploy(e, on("B", Creating)), "ROLLBACK_COMPLETE")
	fail(t, a.Deploy(e, Options{}), "TerminationProtection")
	want(t, "violations", rules(a), "I6 fails")
	succeed(t, a.Clear("s"))
	succeed(t, a.Deploy(e, Options{}))
	fail(t, a.Destroy(e, Options{}), "TerminationProtection")
	succeed(t, a.Deploy(environment(t, "s", topics), Options{})) // lifted by the setting: the template is the same
	succeed(t, a.Destroy(e, Options{}))
}

// The runbook of a failed first deployment ends with an account in which nothing is left of it.
func TestClearLeavesNothing(t *testing.T) {
	a := NewAccount(1)
	e := environment(t, "!s", `"K": {"Type": "AWS::SecretsManager::Secret", "DeletionPolicy": "RetainExceptOnCreate"},
		"P": {"Type": "AWS::RDS::DBInstance", "DependsOn": "K", "Properties": {"DeletionProtection": true}},
		"Z": {"Type": "AWS::SNS::Topic", "DependsOn": "P"}`)
	fail(t, a.Deploy(e, on("Z", Creating)), "ROLLBACK_FAILED")
	succeed(t, a.Clear("s"))
	want(t, "live", len(a.live), 0)
	succeed(t, a.Deploy(e, Options{}))
}

func TestDeletionProtection(t *testing.T) {
	for property, resource := range map[string]string{
		"database":      `"P": {"Type": "AWS::RDS::DBInstance", "Properties": {"DeletionProtection": true}}`,
		"table":         `"P": {"Type": "AWS::DynamoDB::Table", "Properties": {"DeletionProtectionEnabled": true}}`,
		"load balancer": `"P": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}]}}`,
	} {
		a := NewAccount(1)
		e := environment(t, "s", resource)
		succeed(t, a.Deploy(e, Options{}))
		if err := a.Destroy(e, Options{Removable: true}); err == nil || a.Status("s") != "DELETE_FAILED" {
			t.Errorf("%s: %v, %s", property, err, a.Status("s"))
		}
		fail(t, a.Deploy(environment(t, "s", topics), Options{}), "can not be updated")
		succeed(t, a.Clear("s"))
	}
}

func TestPolicies(t *testing.T) {
	bucket := func(policies string) *Environment {
		return environment(t, "s", `"K": {"Type": "AWS::S3::Bucket", `+policies+` "Properties": {}}, "Z": {"Type": "AWS::SNS::Topic", "DependsOn": "K"}`)
	}
	for policies, left := range map[string][2]int{ // after a failed creation, after a deletion
		``:                              {0, 0},
		`"DeletionPolicy": "Delete",`:   {0, 0},
		`"DeletionPolicy": "Snapshot",`: {0, 0},
		`"DeletionPolicy": "Retain",`:   {1, 1},
		`"DeletionPolicy": "RetainExceptOnCreate",`: {0, 1},
	} {
		a := NewAccount(1)
		fail(t, a.Deploy(bucket(policies), on("Z", Creating)), "fault")
		want(t, policies+" after a failed creation", len(a.live), left[0])
		want(t, policies+" leftovers", len(a.Leftovers()), left[0])
		a = NewAccount(1)
		succeed(t, a.Deploy(bucket(policies), Options{}))
		succeed(t, a.Destroy(bucket(policies), Options{Removable: true}))
		want(t, policies+" after a deletion", len(a.live), left[1])
		want(t, policies+" snapshot", len(a.Leftovers())-len(a.live), map[bool]int{true: 1}[strings.Contains(policies, "Snapshot")])
	}
}

// UpdateReplacePolicy is for the old one of a replacement, DeletionPolicy for what the template no longer has.
func TestPolicyOfAReplacement(t *testing.T) {
	old := `"K": {"Type": "AWS::S3::Bucket", "UpdateReplacePolicy": "Retain", "DeletionPolicy": "Delete", "Properties": {"BucketName": "%"}}`
	a := NewAccount(1)
	succeed(t, a.Deploy(environment(t, "s", strings.Replace(old, "%", "one", 1)), Options{Removable: true}))
	succeed(t, a.Deploy(environment(t, "s", strings.Replace(old, "%", "two", 1)), Options{Removable: true}))
	want(t, "leftovers", a.Leftovers(), "[s K (AWS::S3::Bucket), retained while cleaning up]")
	succeed(t, a.Deploy(environment(t, "s", topics), Options{Removable: true}))
	want(t, "leftovers", len(a.Leftovers()), 1)
}

// A stack whose template is the same is skipped, and what it read from another stack stays as it was.
func TestSkippedStackIsStale(t *testing.T) {
	one := func(name string) string {
		return `"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "` + name + `"}} | "Out": {"Value": {"Ref": "A"}}`
	}
	two := func(display string) string {
		return `"B": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetStackOutput": {"StackName": "one", "OutputName": "Out"}}}},
			"C": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "` + display + `"}}`
	}
	for _, cautious := range []bool{false, true} {
		a := NewAccount(1)
		a.Cautious = cautious
		succeed(t, a.Deploy(environment(t, "one", one("x"), "two", two("x")), Options{}))
		want(t, "violations", rules(a), "")
		succeed(t, a.Deploy(environment(t, "one", one("y"), "two", two("x")), Options{}))
		want(t, "violations", rules(a), map[bool]string{false: "I5 stale B", true: "I5 stale, read cautiously B"}[cautious])
		a.violations = nil
		succeed(t, a.Deploy(environment(t, "one", one("y"), "two", two("y")), Options{}))
		want(t, "violations", rules(a), map[bool]string{false: "", true: "I5 stale, read cautiously B"}[cautious])
	}
}

func TestRefusals(t *testing.T) {
	a := NewAccount(1)
	succeed(t, a.Deploy(environment(t, "s", topics), Options{}))
	fail(t, a.Deploy(environment(t, "s", strings.Replace(topics, "SNS::Topic", "SQS::Queue", 1)), Options{}), "type is not permitted")
	fail(t, a.Deploy(environment(t, "s", `"B": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetStackOutput": {"StackName": "t", "OutputName": "x"}}}}`), Options{}), "no output x")
	function := func(name string) string {
		return `"F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "` + name + `"}},
			"C": {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}}}`
	}
	succeed(t, a.Deploy(environment(t, "c", function("x")), Options{}))
	fail(t, a.Deploy(environment(t, "c", function("y")), Options{}), "service token")
	fail(t, a.Deploy(environment(t, "d", `"C": {"Type": "Custom::Thing", "Properties": {"ServiceToken": "arn"}}`), Options{}), "does not exist")
	group := func(vpc string) string {
		return `"V1": {"Type": "AWS::EC2::VPC"}, "V2": {"Type": "AWS::EC2::VPC"},
			"S": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "` + vpc + `"}}},
			"G": {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": [{"Ref": "S"}]}}`
	}
	succeed(t, a.Deploy(environment(t, "n", group("V1")), Options{}))
	fail(t, a.Deploy(environment(t, "n", group("V2")), Options{}), "not in the same VPC")
}

// A parameter that AWS moves makes the command line look, and must replace nothing.
func TestMovedParameter(t *testing.T) {
	e := environment(t, "s", `"I": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": {"Ref": "AMI"}}}`)
	a := NewAccount(1)
	succeed(t, a.Deploy(e, Options{}))
	succeed(t, a.Deploy(e, Options{}))
	want(t, "updates", order(a, Updating), "")
	a.Publish("/aws/newest")
	succeed(t, a.Deploy(e, Options{}))
	want(t, "updates", order(a, Updating), "replace I")
	want(t, "violations", rules(a), "I9 parameter I")
}

// Some of what the schemas call conditional changes in place.
func TestConditionalReplacement(t *testing.T) {
	for properties, action := range map[string]string{`"InstanceType": "t4g.micro"`: "update I", `"BlockDeviceMappings": []`: "replace I", `"Tags": []`: "update I"} {
		a := NewAccount(1)
		succeed(t, a.Deploy(environment(t, "s", `"I": {"Type": "AWS::EC2::Instance"}`), Options{}))
		succeed(t, a.Deploy(environment(t, "s", `"I": {"Type": "AWS::EC2::Instance", "Properties": {`+properties+`}}`), Options{}))
		want(t, properties, order(a, Updating), action)
	}
}

// A seed repeats everything.
func TestSeedRepeats(t *testing.T) {
	run := func(seed uint64) string {
		a := NewAccount(seed)
		many := strings.ReplaceAll(topics, `"A"`, `"C"`) + "," + strings.ReplaceAll(topics, `"B"`, `"D"`)
		_ = a.Deploy(environment(t, "s", many), on("B", Creating))
		return order(a, Creating) + order(a, RollingBack)
	}
	want(t, "second run", run(7), run(7))
	different := 0
	for seed := range uint64(20) {
		if run(seed) != run(7) {
			different++
		}
	}
	if different < 5 {
		t.Errorf("only %d of 20 seeds give another order", different)
	}
}

// What runs when a fault strikes may end or not, and all of it is undone.
func TestFaultAtEveryEvent(t *testing.T) {
	before := environment(t, "s", topics+`, "K": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "one"}}`)
	after := environment(t, "s", renamed+`, "K": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "two"}}, "N": {"Type": "AWS::SNS::Topic"}`)
	for n := 1; n < 20; n++ {
		for seed := range uint64(20) {
			a := NewAccount(seed)
			succeed(t, a.Deploy(before, Options{Removable: true}))
			err := a.Deploy(after, Options{Removable: true, Fault: func(e Event) bool { return e.Number == n }})
			if wanted := map[bool]int{true: 4, false: 3}[err == nil]; len(a.stacks["s"].resources) != wanted {
				t.Fatalf("fault at %d, seed %d: %d resources: %v", n, seed, len(a.stacks["s"].resources), err)
			}
			succeed(t, a.Deploy(after, Options{Removable: true}))
			want(t, "violations", rules(a), "")
		}
	}
}
