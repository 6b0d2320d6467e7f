package test

import (
	"strings"
	"testing"

	"dozen/config"
)

// Logs take another way and arrive in the same place: in the same group, as the same lines, so that CloudWatch still reads the
// metrics in them, on which workers scale.
func TestFireLensKeepsLogsWhereTheyWere(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) { e.Options.FireLens = true })
	routed := 0
	for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
		before := prod().services.resource(definition.ID)
		logs := definition.container("LogConfiguration")
		if definition.under("/Release/") {
			want(t, "the migration, whose last lines the gate reads", definition.get("ContainerDefinitions"),
				before.get("ContainerDefinitions"))
			continue
		}
		routed++
		want(t, "driver", dig(logs, "LogDriver"), "awsfirelens")
		want(t, "group", dig(logs, "Options", "log_group_name"), before.container("LogConfiguration", "Options", "awslogs-group"))
		want(t, "output",
			[]any{dig(logs, "Options", "Name"), dig(logs, "Options", "log_key"), dig(logs, "Options", "log_format")},
			[]any{"cloudwatch_logs", "log", "json/emf"})
	}
	want(t, "routed definitions", routed, 4)
}

// The router changes nothing for the load balancer and one-off commands: the app's container is still the first, still has
// its name, and the task ends when either container ends.
func TestFireLensRouterIsASidecar(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) { e.Options.FireLens = true })
	web := e.services.one(t, "AWS::ECS::Service", "/Web/")
	definition := e.services.taskDefinition(web)
	want(t, "load balancer's container", web.get("LoadBalancers", 0, "ContainerName"), "app")
	want(t, "containers", []any{definition.container("Name"), definition.get("ContainerDefinitions", 1, "Name")},
		[]string{"app", "log-router"})
	router := definition.get("ContainerDefinitions", 1)
	want(t, "essential", dig(router, "Essential"), true)
	want(t, "kind", dig(router, "FirelensConfiguration", "Type"), "fluentbit")
	want(t, "image", dig(router, "Image"), "public.ecr.aws/aws-observability/aws-for-fluent-bit:"+config.FluentBitVersion)
	if strings.Contains(config.FluentBitVersion, "latest") || strings.Contains(config.FluentBitVersion, "stable") {
		t.Errorf("the router's version %s changes by itself", config.FluentBitVersion)
	}
	want(t, "hardened",
		[]any{dig(router, "User"), dig(router, "ReadonlyRootFilesystem"), dig(router, "LinuxParameters", "Capabilities", "Drop", 0)},
		[]any{"65532:65532", true, "ALL"})
	want(t, "opens no port", dig(router, "PortMappings"), nil)
	want(t, "its own log", dig(router, "LogConfiguration", "LogDriver"), "awslogs")
}

// The router writes with the task's role, and only to the log group of its process.
func TestFireLensRouterWritesOneLog(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) { e.Options.FireLens = true })
	for _, service := range e.services.all(t, "AWS::ECS::Service") {
		definition := e.services.taskDefinition(service)
		group := ref(dig(definition.Properties, "ContainerDefinitions", 0, "LogConfiguration", "Options", "log_group_name"))
		found := 0
		for _, statement := range statements(e.services, ref(definition.get("TaskRoleArn"))) {
			if strings.Contains(plain(dig(statement, "Action")), `"logs:`) {
				found++
				want(t, service.ID+" writes", statement,
					map[string]any{
						"Action": []string{"logs:CreateLogStream", "logs:PutLogEvents"}, "Effect": "Allow",
						"Resource": map[string]any{"Fn::GetAtt": []string{group, "Arn"}},
					})
			}
		}
		want(t, service.ID+"'s statements on logs", found, 1)
	}
	role := ref(prod().services.one(t, "AWS::ECS::TaskDefinition", "/Web/").get("TaskRoleArn"))
	for _, statement := range statements(prod().services, role) {
		if strings.Contains(plain(statement), `"logs:`) {
			t.Errorf("without the router a task may write logs itself: %s", plain(statement))
		}
	}
}
