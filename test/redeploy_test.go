package test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// containers-roadmap#495: injected secrets never refresh in running tasks. After a rotation the tasks still use the old key,
// until its owner disables it.
func TestChangedSecretRenewsEveryService(t *testing.T) {
	services := full().services
	rule := services.one(t, "AWS::Events::Rule", "/Redeploy/Changed/")
	machine := services.one(t, "AWS::StepFunctions::StateMachine", "/Redeploy/")
	pattern := maps.Clone(rule.get("EventPattern").(map[string]any))
	pattern["resources"] = []any{}
	for _, resource := range list(rule.get("EventPattern", "resources")) {
		pattern["resources"] = append(list(pattern["resources"]), full().origin(resource))
	}
	generated := full().data.one(t, "AWS::SecretsManager::Secret", "/Secrets/").ID
	want(t, "event", pattern, map[string]any{
		"source": []string{"aws.secretsmanager"}, "detail-type": []string{"Secret Label Updated"},
		"resources": []any{
			mailer, map[string]string{"Ref": generated}, map[string]any{"prefix": inRegion("secretsmanager", "secret:shop/sms-")}, stripe,
		},
		"detail": map[string]any{"labelUpdated": []string{"AWSCURRENT"}},
	})
	stored := services.one(t, "AWS::Events::Rule", "/ParameterChanged/")
	want(t, "event of a parameter", stored.get("EventPattern"), map[string]any{
		"source": []string{"aws.ssm"}, "detail-type": []string{"Parameter Store Change"},
		"detail": map[string]any{"name": []string{"/shop/prod/MAP_KEY"}, "operation": []string{"Create", "Update"}},
	})
	want(t, "its target", ref(stored.get("Targets", 0, "Arn")), machine.ID)
	want(t, "state", rule.get("State"), "ENABLED")
	want(t, "target", ref(rule.get("Targets", 0, "Arn")), machine.ID)

	var renewed []string
	for _, branch := range list(dig(definitionOf(t, machine), "States", "All", "Branches")) {
		state := dig(branch, "States", dig(branch, "StartAt").(string))
		want(t, "call", strings.HasSuffix(dig(state, "Resource").(string), ":states:::aws-sdk:ecs:updateService"), true)
		want(t, "forced", dig(state, "Parameters", "ForceNewDeployment"), true)
		want(t, "cluster", dig(state, "Parameters", "Cluster"), services.one(t, "AWS::ECS::Cluster", "").ID)
		want(t, "retries", dig(state, "Retry", 0, "ErrorEquals"), []string{"States.ALL"})
		renewed = append(renewed, dig(state, "Parameters", "Service").(string))
	}
	var all []string
	for _, service := range services.all(t, "AWS::ECS::Service") {
		all = append(all, service.ID)
	}
	slices.Sort(renewed)
	want(t, "renewed services", renewed, all)

	alarm := services.one(t, "AWS::CloudWatch::Alarm", "/Redeploy/")
	want(t, "alarm", []any{alarm.get("Namespace"), alarm.get("MetricName"), ref(alarm.get("Dimensions", 0, "Value"))},
		[]any{"AWS/States", "ExecutionsFailed", machine.ID})
}

// definitionOf returns a state machine's definition, with logical ids in the place of references.
func definitionOf(t *testing.T, machine resource) any {
	t.Helper()
	var text strings.Builder
	for _, part := range list(machine.get("DefinitionString", "Fn::Join", 1)) {
		if literal, ok := part.(string); ok {
			text.WriteString(literal)
			continue
		}
		text.WriteString(ref(part))
	}
	var definition any
	if err := json.Unmarshal([]byte(text.String()), &definition); err != nil {
		t.Fatalf("not a definition: %v\n%s", err, text.String())
	}
	return definition
}

// The state machine may update services and nothing else, and only EventBridge may start it.
func TestRedeployHasLeastPrivilege(t *testing.T) {
	services := full().services
	machine := services.one(t, "AWS::StepFunctions::StateMachine", "/Redeploy/")
	var all []any
	for _, service := range services.all(t, "AWS::ECS::Service") {
		all = append(all, map[string]string{"Ref": service.ID})
	}
	want(t, "the machine may", statements(services, ref(machine.get("RoleArn"))),
		[]any{map[string]any{"Action": "ecs:UpdateService", "Effect": "Allow", "Resource": all}})
	starter := ref(services.one(t, "AWS::Events::Rule", "/Redeploy/Changed/").get("Targets", 0, "RoleArn"))
	want(t, "the rule may", statements(services, starter),
		[]any{map[string]any{"Action": "states:StartExecution", "Effect": "Allow", "Resource": map[string]string{"Ref": machine.ID}}})
	want(t, "who starts", services.resource(starter).get("AssumeRolePolicyDocument", "Statement", 0, "Principal"),
		map[string]string{"Service": "events.amazonaws.com"})
}
