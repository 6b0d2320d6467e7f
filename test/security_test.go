package test

import (
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/templatecheck"
)

// rulesInto returns what may reach a security group of the data stack: the construct paths of the other groups.
func rulesInto(e environment, output string) []string {
	var sources []string
	for _, rule := range e.services.ofType("AWS::EC2::SecurityGroupIngress") {
		if strings.Contains(plain(rule.get("GroupId")), output) {
			sources = append(sources, e.services.resource(ref(rule.get("SourceSecurityGroupId"))).path())
		}
	}
	slices.Sort(sources)
	return sources
}

// The incident: the whole network can reach the database, and one day something in the network is not ours.
func TestOnlyProcessesReachDatabaseAndCache(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		name := e.Name
		var processes []string
		for _, process := range []string{"Release", "Scheduler", "Web", "Worker"} {
			processes = append(processes, name+"/Services/"+process+"/Process/Group/Resource/")
		}
		want(t, "who reaches the database", rulesInto(e, "DatabaseGroup"), processes)
		want(t, "who reaches the cache", rulesInto(e, "CacheGroup"), processes)
		for _, rule := range e.services.all(t, "AWS::EC2::SecurityGroupIngress") {
			if rule.get("CidrIp") != nil || rule.get("FromPort") != rule.get("ToPort") {
				t.Errorf("%s opens %s", rule.ID, plain(rule.Properties))
			}
		}
		for _, part := range []string{"/Database/Group/", "/Cache/Group/"} {
			group := e.data.one(t, "AWS::EC2::SecurityGroup", part)
			if group.get("SecurityGroupIngress") != nil {
				t.Errorf("%s has rules of its own: %s", group.ID, plain(group.get("SecurityGroupIngress")))
			}
		}
	})
}

// From the internet: the load balancer's two ports and nothing else.
func TestOnlyTheLoadBalancerIsOpen(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) {
		e.Domain = config.Domain{Name: "app.example.com", HostedZoneID: "Z0123456789ABC", HostedZoneName: "example.com"}
	})
	open := map[string][]any{}
	for _, tpl := range e.templates() {
		for _, group := range tpl.all(t, "AWS::EC2::SecurityGroup") {
			for _, rule := range list(group.get("SecurityGroupIngress")) {
				if dig(rule, "CidrIp") == "0.0.0.0/0" || dig(rule, "CidrIpv6") != nil {
					open[group.path()] = append(open[group.path()], dig(rule, "FromPort"))
				}
			}
		}
	}
	want(t, "open to the internet", open, map[string][]any{"prod/Services/LoadBalancer/Group/Resource/": {443, 80}})
}

// Both stacks pass our own checks in every mode: no service wildcard, "*" only where IAM accepts nothing else.
func TestTemplatesPassTheChecks(t *testing.T) {
	modes := map[string]func(*config.Environment){
		"as it is":   func(*config.Environment) {},
		"aurora":     func(e *config.Environment) { e.Database.Aurora = true },
		"serverless": func(e *config.Environment) { e.Cache.Serverless = true },
		"no nat":     func(e *config.Environment) { e.Network.NAT = config.NATNone; e.Database.RotationDays = 0 },
		"rotation": func(e *config.Environment) {
			e.Database.RotationDays = 30
			e.Network.Endpoints = []string{"secretsmanager"}
		},
		"snapshot":    func(e *config.Environment) { e.Migration.SnapshotFirst = true },
		"three zones": func(e *config.Environment) { e.Network.Zones = 3; e.Network.NAT = config.NATPerZone },
		"secrets": func(e *config.Environment) {
			e.Secrets = map[string]config.Secret{"STRIPE_KEY": {ARN: stripe, Field: "key"}}
		},
	}
	for name, mutate := range modes {
		t.Run(name, func(t *testing.T) {
			e := with(t, config.Development(), mutate)
			for _, tpl := range e.templates() {
				for _, problem := range templatecheck.Stack(tpl.Stack) {
					t.Error(problem)
				}
			}
		})
	}
}

// policiesOf returns the statements of the policies of a role as JSON.
func policiesOf(tpl template, role string) string {
	var statements []any
	for _, policy := range tpl.ofType("AWS::IAM::Policy") {
		for _, attached := range list(policy.get("Roles")) {
			if ref(attached) == role {
				statements = append(statements, list(policy.get("PolicyDocument", "Statement"))...)
			}
		}
	}
	return plain(statements)
}

// Each process has its own task role and execution role: what one process may do, the others may not.
func TestRolesAreNotShared(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		users := map[string][]string{}
		for _, service := range e.services.all(t, "AWS::ECS::Service") {
			definition := e.services.taskDefinition(service)
			for _, kind := range []string{"TaskRoleArn", "ExecutionRoleArn"} {
				role := ref(definition.get(kind))
				users[role] = append(users[role], service.ID)
			}
		}
		for role, services := range users {
			if len(services) > 1 || role == "" {
				t.Errorf("role %q is used by %v", role, services)
			}
		}
	})
}

// Containers run as nobody, read-only except for /tmp, without capabilities, with an init process, on ARM, and log to a group
// that keeps its lines.
func TestContainersAreHardened(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
			container := dig(definition.Properties, "ContainerDefinitions", 0)
			want(t, "user", dig(container, "User"), "65532:65532")
			want(t, "read-only", dig(container, "ReadonlyRootFilesystem"), true)
			want(t, "capabilities", dig(container, "LinuxParameters", "Capabilities", "Drop"), []string{"ALL"})
			want(t, "init", dig(container, "LinuxParameters", "InitProcessEnabled"), true)
			want(t, "architecture", definition.get("RuntimePlatform", "CpuArchitecture"), "ARM64")
			want(t, "/tmp", dig(container, "MountPoints", 0, "ContainerPath"), "/tmp")
			want(t, "log driver", dig(container, "LogConfiguration", "LogDriver"), "awslogs")
			want(t, "stream prefix", dig(container, "LogConfiguration", "Options", "awslogs-stream-prefix"), "app")
			logs := e.services.resource(ref(dig(container, "LogConfiguration", "Options", "awslogs-group")))
			want(t, definition.ID+"'s log retention", logs.get("RetentionInDays"), e.settings.LogDays)
		}
	})
}

// ECS Exec is a door into production: shut by default, and complete where it is open.
func TestShellIsOffUnlessAsked(t *testing.T) {
	for _, service := range prod().services.all(t, "AWS::ECS::Service") {
		want(t, service.ID, service.get("EnableExecuteCommand"), false)
	}
	if strings.Contains(prod().services.text, "ssmmessages:Open") {
		t.Error("production grants ssmmessages without a shell")
	}
	if prod().services.output("ShellCommand") != nil {
		t.Error("production prints a command for a shell that it does not allow")
	}
	for _, service := range dev().services.all(t, "AWS::ECS::Service") {
		definition := dev().services.taskDefinition(service)
		want(t, service.ID, service.get("EnableExecuteCommand"), true)
		if role := policiesOf(dev().services, ref(definition.get("TaskRoleArn"))); !strings.Contains(role, "ssmmessages:OpenDataChannel") {
			t.Errorf("%s: exec is on and its role cannot open the channel", service.ID)
		}
		if mounts := plain(definition.container("MountPoints")); !strings.Contains(mounts, "/var/lib/amazon") {
			t.Errorf("%s: exec is on and its agent cannot write", service.ID)
		}
	}
}
