package test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/local/localtest"
)

// Each line of the Procfile runs with exactly its command, and all lines run on one image.
func TestProcfileBecomesServices(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		images, seen := map[string]bool{}, 0
		for _, process := range fixture().Processes {
			id := strings.ToUpper(process.Name[:1]) + process.Name[1:]
			definition := e.services.one(t, "AWS::ECS::TaskDefinition", "/"+id+"/Process/Task/")
			want(t, process.Name+"'s command", definition.container("Command"), process.Command)
			images[plain(definition.container("Image"))] = true
			services, wanted := 0, 1
			if process.Role == config.RoleMigration {
				wanted = 0 // the gate runs it
			}
			for _, service := range e.services.all(t, "AWS::ECS::Service") {
				if ref(service.get("TaskDefinition")) == definition.ID {
					services++
				}
			}
			want(t, process.Name+"'s services", services, wanted)
			seen++
		}
		if seen != 4 || len(images) != 1 {
			t.Errorf("%d processes on %d images, want 4 on 1", seen, len(images))
		}
	})
}

// CDK's own limits let a release stop half of the tasks first (aws-cdk#31705); two schedulers start every job twice.
func TestDeploymentLimits(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		for _, service := range e.services.all(t, "AWS::ECS::Service") {
			minimum, maximum, rebalancing := 100, 200, "ENABLED"
			if service.under("/Scheduler/") {
				minimum, maximum, rebalancing = 0, 100, "DISABLED"
			}
			want(t, service.ID+"'s minimum", service.get("DeploymentConfiguration", "MinimumHealthyPercent"), minimum)
			want(t, service.ID+"'s maximum", service.get("DeploymentConfiguration", "MaximumPercent"), maximum)
			want(t, service.ID+"'s rebalancing", service.get("AvailabilityZoneRebalancing"), rebalancing)
			breaker := service.get("DeploymentConfiguration", "DeploymentCircuitBreaker")
			want(t, service.ID+"'s breaker",
				[]any{dig(breaker, "Enable"), dig(breaker, "Rollback"), dig(breaker, "ThresholdConfiguration", "Type")},
				[]any{true, true, "COUNT"})
		}
		web := e.services.one(t, "AWS::ECS::Service", "/Web/")
		want(t, "failures",
			web.get("DeploymentConfiguration", "DeploymentCircuitBreaker", "ThresholdConfiguration", "Value"),
			e.settings.Web.FailuresToRollBack)
		want(t, "alarms that roll back", web.get("DeploymentConfiguration", "Alarms", "Rollback"), true)
		want(t, "number of them", len(list(web.get("DeploymentConfiguration", "Alarms", "AlarmNames"))), 2)
		want(t, "grace", web.get("HealthCheckGracePeriodSeconds"), e.settings.Web.StartBudget.Seconds())
	})
}

// A one-off command that gets less than web fails when it is needed most.
func TestAdminEqualsWebButForTheCommand(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		web := e.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/")
		admin := e.services.one(t, "AWS::ECS::TaskDefinition", "/Admin/")
		strip := func(r resource) map[string]any {
			properties := maps.Clone(r.Properties)
			delete(properties, "Family")
			container := maps.Clone(dig(properties, "ContainerDefinitions", 0).(map[string]any))
			delete(container, "Command")
			properties["ContainerDefinitions"] = []any{container}
			return properties
		}
		want(t, "admin", strip(admin), strip(web))
		if plain(admin.container("Command")) == plain(web.container("Command")) {
			t.Error("the admin task would start a second web")
		}
	})
}

// variablesOfWeb returns the names of the variables that web receives with a way to connect, sorted.
func variablesOfWeb(t *testing.T, connect config.Connect) []string {
	e := with(t, config.Development(), func(e *config.Environment) { e.Connect = connect })
	return slices.Sorted(maps.Keys(e.services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/").variables()))
}

// The contract and the task definitions must name the same variables.
func TestVariablesMatchContract(t *testing.T) {
	for _, connect := range []config.Connect{config.ConnectProxy, config.ConnectSecret} {
		want(t, "docs/variables.md with "+string(connect), variablesOfWeb(t, connect), contractTable(t, connect))
	}
}

// The bundled app reads all of them. Another app reads only what it needs.
func TestVariablesMatchTheBundledAppsExample(t *testing.T) {
	localtest.NeedsBundled(t, root)
	example := exampleVariables(t)
	for _, name := range slices.Concat(variablesOfWeb(t, config.ConnectProxy), variablesOfWeb(t, config.ConnectSecret)) {
		// The runtime reads GOMEMLIMIT, and libpq the names that begin with PG; the bundled app knows the bucket from its URL.
		if !slices.Contains(example, name) && name != "GOMEMLIMIT" && name != "STORAGE_BUCKET" && !strings.HasPrefix(name, "PG") {
			t.Errorf("tasks receive %s, which is not in app/.env.example: the app ignores it", name)
		}
	}
}

// Go frees memory before Fargate kills the task: the limit leaves a tenth to what Go does not count, and a sidecar its own part.
func TestMemoryLimitLeavesRoom(t *testing.T) {
	for _, test := range []struct {
		e       environment
		process string
		want    string
	}{
		{dev(), "Web", "432MiB"},      // 512 - 32 for the proxy
		{prod(), "Web", "892MiB"},     // 1024 - 32
		{full(), "Web", "847MiB"},     // 1024 - 32 - 50 for the log router
		{full(), "Release", "432MiB"}, // which has none
	} {
		definition := test.e.services.one(t, "AWS::ECS::TaskDefinition", "/"+test.process+"/Process/Task/")
		want(t, test.e.settings.Name+" "+test.process, definition.variables()["GOMEMLIMIT"], `"`+test.want+`"`)
	}
	each(t, func(t *testing.T, e environment) {
		for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
			limit := number(t, strings.TrimSuffix(strings.Trim(definition.variables()["GOMEMLIMIT"], `"`), "MiB"))
			memory := number(t, definition.get("Memory"))
			for _, container := range list(definition.get("ContainerDefinitions")) {
				if reserved := dig(container, "MemoryReservation"); reserved != nil {
					memory -= number(t, reserved)
				}
			}
			if limit < 0.85*memory || limit > 0.9*memory {
				t.Errorf("%s: GOMEMLIMIT is %.0f MiB of %.0f", definition.ID, limit, memory)
			}
		}
	})
}

func TestSettingsReachEveryProcess(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) { e.Settings = map[string]string{"FEATURE_X": "on"} })
	for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
		want(t, definition.ID, definition.variables()["FEATURE_X"], `"on"`)
	}
}

// Tags show what an environment costs, and what is left of it.
func TestEverythingIsTagged(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		tagged := 0
		for _, tpl := range e.templates() {
			for _, r := range tpl.resources() {
				if _, ok := r.Properties["Tags"]; !ok {
					continue
				}
				tagged++
				text := plain(r.get("Tags"))
				if !strings.Contains(text, `"Application"`) || !strings.Contains(text, `"Environment"`) {
					t.Errorf("%s: tags are %s", r.ID, text)
				}
			}
		}
		if tagged < 40 {
			t.Errorf("only %d resources have tags", tagged)
		}
	})
}

func TestOutputs(t *testing.T) {
	value := func(e environment, name string) string { return plain(e.services.output(name)) }
	if url := value(dev(), "Url"); !strings.Contains(url, "http://") {
		t.Errorf("Url is %s", url)
	}
	command := value(dev(), "RunCommand")
	for _, part := range []string{
		"aws ecs run-task", "--cluster", "Admin", "awsvpcConfiguration={subnets=[", "assignPublicIp=DISABLED",
		`\"name\":\"app\"`,
	} {
		if !strings.Contains(command, part) && !strings.Contains(command, strings.ReplaceAll(part, `\`, `\\\`)) {
			t.Errorf("RunCommand lacks %q: %s", part, command)
		}
	}
	if shell := value(dev(), "ShellCommand"); !strings.Contains(shell, "aws ecs execute-command") {
		t.Errorf("ShellCommand is %s", shell)
	}
}

// Prevents: two applications in one account that share task definition families, so that a printed command of one runs the
// other's image with the other's roles.
func TestFamiliesBelongToOneApplication(t *testing.T) {
	families := func(application string) []string {
		e := with(t, config.Development(), func(e *config.Environment) { e.Application = application })
		var found []string
		for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
			found = append(found, definition.get("Family").(string))
		}
		slices.Sort(found)
		return found
	}
	want(t, "families", families("shop"), []string{"shop-dev-admin", "shop-dev-release", "shop-dev-scheduler", "shop-dev-web", "shop-dev-worker"})
}

// Prevents: a deletion that stops at "the specified capacity provider is in use", and a first deployment into a new account in
// which ECS's service-linked role does not exist yet.
func TestServicesDependOnTheirCapacity(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		capacity := e.services.one(t, "AWS::ECS::ClusterCapacityProviderAssociations", "")
		want(t, "its id", capacity.ID, "Cluster3DA9CCBA") // another id would be a second association of the same cluster
		want(t, "providers", capacity.get("CapacityProviders"), []string{"FARGATE", "FARGATE_SPOT"})
		balancer := e.services.one(t, "AWS::ElasticLoadBalancingV2::LoadBalancer", "")
		if !slices.Contains(capacity.DependsOn, balancer.ID) {
			t.Errorf("the association does not wait for the load balancer: %v", capacity.DependsOn)
		}
		for _, service := range e.services.all(t, "AWS::ECS::Service") {
			if !slices.Contains(service.DependsOn, capacity.ID) {
				t.Errorf("%s does not depend on the capacity that it uses", service.ID)
			}
		}
	})
}
