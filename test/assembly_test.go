package test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dozen/config"
	"dozen/internal/assembly"
	"dozen/internal/gate"
)

// `dozen up` runs what the views of the templates say: what they misread would run in another way than on AWS.
func TestReaderSeesTheServices(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		settings := e.settings
		services, err := e.Services(assembly.Symbolic)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range services {
			names = append(names, s.Process)
			minimum, maximum, count := 100, 200, -1
			failures := 3
			var scaling *assembly.Scaling
			switch s.Process {
			case "web":
				scaling = &assembly.Scaling{Min: settings.Web.Min, Max: settings.Web.Max}
				failures = settings.Web.FailuresToRollBack
				want(t, "web's grace", s.HealthGrace, settings.Web.StartBudget)
				want(t, "web's port", s.TargetPort, settings.Web.Port)
			case "worker":
				scaling = &assembly.Scaling{Min: settings.Workers["worker"].Min, Max: settings.Workers["worker"].Max}
			case "scheduler":
				minimum, maximum, count = 0, 100, 1
			}
			want(t, s.Process+"'s limits", []int{s.MinimumHealthyPercent, s.MaximumPercent, s.DesiredCount}, []int{minimum, maximum, count})
			want(t, s.Process+"'s scaling", s.Scaling, scaling)
			want(t, s.Process+"'s breaker", s.Breaker,
				assembly.Breaker{Enabled: true, Rollback: true, ResetOnHealthyTask: true, Failures: failures})
			want(t, s.Process+" has a target group", s.TargetGroup != nil, s.Process == "web")
			if s.Cluster == nil || s.Cluster.Type != "AWS::ECS::Cluster" || s.TaskDefinition == nil {
				t.Errorf("%s runs on %v, from %v", s.Process, s.Cluster, s.TaskDefinition)
			}
			if !slices.ContainsFunc(s.After, func(r *assembly.Resource) bool { return r.Type == gate.ResourceType }) {
				t.Errorf("%s does not wait for the migration: %v", s.Process, s.After)
			}
		}
		slices.Sort(names)
		want(t, "services", names, []string{"scheduler", "web", "worker"})
	})
}

// Every task has the command, variables, size and stop timeout of the settings and the Procfile, and all share one image.
func TestReaderSeesTheTasks(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		settings := e.settings
		definitions, err := e.TaskDefinitions(assembly.Symbolic)
		if err != nil {
			t.Fatal(err)
		}
		stop := map[string]time.Duration{
			"Web": settings.Web.LongestRequest + settings.Web.RoutingLag + 3*time.Second, "Worker": settings.Workers["worker"].StopTimeout,
			"Scheduler": 30 * time.Second, "Release": 30 * time.Second,
		}
		found := 0
		for _, process := range fixture().Processes {
			id := strings.ToUpper(process.Name[:1]) + process.Name[1:]
			i := slices.IndexFunc(definitions, func(d assembly.TaskDefinition) bool {
				return strings.Contains(d.Path(), "/"+id+"/Process/")
			})
			if i < 0 || len(definitions[i].Containers) != 2 {
				t.Errorf("no task definition of two containers for %s", process.Name)
				continue
			}
			found++
			d, c := definitions[i], definitions[i].Containers[0]
			want(t, id+"'s command", c.Command, process.Command)
			want(t, id+"'s stop timeout", c.StopTimeout, stop[id])
			want(t, id+"'s size", []any{d.CPU, d.MemoryMiB, d.Architecture}, append(size(settings, process.Role), "ARM64"))
			want(t, id+"'s hardening", []any{c.Essential, c.ReadonlyRoot, c.Init, c.Drop, c.Writable[0]},
				[]any{true, true, true, []string{"ALL"}, "/tmp"})
			if c.LogGroup == nil || c.LogGroup.Type != "AWS::Logs::LogGroup" {
				t.Errorf("%s logs to %v", id, c.LogGroup)
			}
			image := e.Built(c)
			if image == nil || image.Platform != "linux/arm64" {
				t.Fatalf("%s runs %s, which is built from %v", id, c.Image, image)
			}
			variables := map[string]string{}
			var given []string
			for _, variable := range c.Environment {
				variables[variable.Name] = variable.Value
				given = append(given, variable.Name)
			}
			slices.Sort(given)
			want(t, id+"'s variables", given, contractTable(t, settings.Connect))
			data := "${dozen-" + settings.Name + "-Data."
			for name, wanted := range map[string]string{
				"ENVIRONMENT": settings.Name, "PORT": strconv.Itoa(settings.Web.Port), "VERSION": image.Hash[:12],
				"PARAMETERS_PATH":         settings.Parameters(),
				"REQUEST_TIMEOUT_SECONDS": strconv.Itoa(int(settings.Web.LongestRequest.Seconds())),
				"DRAIN_SECONDS":           strconv.Itoa(int((c.StopTimeout - 2*time.Second).Seconds())),
			} {
				want(t, id+"'s "+name, variables[name], wanted)
			}
			for _, variable := range d.Containers[1].Environment { // the proxy's
				variables[variable.Name] = variable.Value
			}
			for name, prefix := range map[string]string{
				"POSTGRES_SERVICE_HOST": data, "DATABASE_SECRET_ARN": data,
				"STORAGE_URL": "s3://" + data, "CACHE_URL": "rediss://" + data,
			} {
				if !strings.HasPrefix(variables[name], prefix) {
					t.Errorf("%s's %s is %s, want an output of the data stack", id, name, variables[name])
				}
			}
		}
		want(t, "processes", found, 4)
	})
}

// size returns CPU and memory of a process, as the settings say.
func size(e config.Environment, role config.Role) []any {
	task := map[config.Role]config.Task{
		config.RoleWeb: e.Web.Task, config.RoleWorker: e.Workers["worker"].Task,
		config.RoleScheduler: e.Scheduler.Task, config.RoleMigration: e.Migration.Task,
	}[role]
	return []any{task.CPU, task.MemoryMiB}
}

func TestReaderSeesTheLoadBalancer(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		web := e.settings.Web
		groups, err := e.TargetGroups(assembly.Symbolic)
		if err != nil || len(groups) != 1 {
			t.Fatalf("%d target groups, %v", len(groups), err)
		}
		g := groups[0]
		want(t, "health checks",
			[]any{g.HealthPath, g.HealthInterval, g.HealthTimeout, g.HealthyThreshold, g.UnhealthyThreshold},
			[]any{web.HealthPath, 5 * time.Second, 2 * time.Second, 2, 2})
		want(t, "deregistration delay", g.DeregistrationDelay, web.RoutingLag+web.LongestRequest+time.Second)
		balancers, err := e.LoadBalancers(assembly.Symbolic)
		if err != nil || len(balancers) != 1 {
			t.Fatalf("%d load balancers, %v", len(balancers), err)
		}
		want(t, "idle timeout", balancers[0].IdleTimeout, 60*time.Second)
	})
}

// Deployed in another order, services would start without their database.
func TestReaderOrdersTheStacks(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		name := e.Name
		var ids, names []string
		for _, stack := range e.Stacks {
			ids, names = append(ids, stack.ID), append(names, stack.Name)
		}
		want(t, "stacks", ids, []string{name + "/Data", name + "/Services"})
		want(t, "their names", names, []string{"dozen-" + name + "-Data", "dozen-" + name + "-Services"})
	})
}
