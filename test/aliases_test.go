package test

import (
	"maps"
	"slices"
	"testing"

	"dozen/config"
)

// An app that reads another name gets the same value, whatever it is: a constant, a resource of the other stack, a figure that differs
// from process to process. `dozen up` learns of it by a label.
func TestAliasesRepeatVariables(t *testing.T) {
	aliases := map[string]string{
		"RAILS_LOG_LEVEL": "LOG_LEVEL", "HTTP_PORT": "PORT", "S3_BUCKET": "STORAGE_BUCKET", "DB_URL": "DATABASE_URL",
		"WEB_CONCURRENCY": "WORKER_CONCURRENCY", "SHUTDOWN_SECONDS": "DRAIN_SECONDS", "JOBS_URL": "QUEUE_URL",
	}
	e := with(t, config.Development(), func(e *config.Environment) {
		e.Aliases, e.Options.Queue, e.LogLevel = aliases, true, "debug"
	})
	definitions, drains := 0, map[string]bool{}
	for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
		definitions++
		variables, labels := definition.variables(), map[string]string{}
		for name, ours := range aliases {
			if variables[name] == "" || variables[name] != variables[ours] {
				t.Errorf("%s: %s is %s, and %s is %s", definition.ID, name, variables[name], ours, variables[ours])
			}
			labels[config.AliasLabel+name] = ours
		}
		want(t, definition.ID+"'s labels", definition.container("DockerLabels"), labels)
		want(t, "level", variables["RAILS_LOG_LEVEL"], `"debug"`)
		drains[variables["SHUTDOWN_SECONDS"]] = true
	}
	want(t, "task definitions, and their different drains", []int{definitions, len(drains)}, []int{5, 3})
}

// What an alias may name is what processes get: with each way to connect, and with options.
func TestVariablesAreThoseOfTheTemplate(t *testing.T) {
	for _, name := range []string{"dev", "dev+Connect", "prod+Options.Table", "dev+Options.Queue"} {
		m := modes()[name]
		definition := m.assembly().services.one(t, "AWS::ECS::TaskDefinition", "/Web/Process/Task/")
		want(t, name, m.environment.Variables(), slices.Sorted(maps.Keys(definition.variables())))
	}
}
