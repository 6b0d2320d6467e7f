package test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/assembly"
	"dozen/stacks"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// Prevents: a process with the name of a part of the services stack ends in a stack trace of the construct library. The parts
// are read from the stack itself, with everything on, so nobody can forget a new part.
func TestNamesOfPartsAreRefused(t *testing.T) {
	var reached []string
	for _, runOnDeploy := range []bool{true, false} {
		e := config.Development()
		everything(&e)
		e.Migration.RunOnDeploy = runOnDeploy
		for _, id := range childrenOfServices(e) {
			name := hyphenated(id)
			process := config.Process{Name: name}
			isProcess := slices.ContainsFunc(fixture().Processes, func(p config.Process) bool { return p.Name == name })
			if isProcess || process.ConstructID() != id {
				continue // no other process can have this id
			}
			reached = append(reached, id)
			_, err := config.ParseProcfile("web: app web\n" + name + ": app work\n")
			if err == nil || !strings.Contains(err.Error(), "line 2 of the Procfile") || !strings.Contains(err.Error(), "choose another") {
				t.Errorf("a process may be called %s although the stack has a part %s: %v", name, id, err)
			}
		}
	}
	for _, id := range []string{"LoadBalancer", "Redeploy", "Dashboard", "Url", "MigrateCommand", "BootstrapVersion", "Admin"} {
		if !slices.Contains(reached, id) {
			t.Errorf("%s was not tried, only %v", id, reached)
		}
	}
}

// childrenOfServices returns the ids of the constructs in the services stack once it is synthesized.
func childrenOfServices(e config.Environment) []string {
	props := stacks.AppProps()
	props.Outdir, props.Context = jsii.String(scratch()+"/children-"+e.Name), cdkContext()
	cdk := awscdk.NewApp(props)
	stage := stacks.NewStage(cdk, e, fixture())
	cdk.Synth(nil)
	var ids []string
	for _, child := range *stage.Services.Node().Children() {
		ids = append(ids, *child.Node().Id())
	}
	return ids
}

// Prevents: `dozen logs worker-2` finds nothing. The id of a service's construct cannot contain a hyphen, so a name guessed
// from it is wrong; each service carries the name in the Procfile as a tag.
func TestServicesCarryTheNamesOfTheirProcesses(t *testing.T) {
	processes, err := config.ParseProcfile(strings.Join([]string{
		"web: app web", "worker: app work", "worker-2: app work 2", "a: app a", "b-2-c: app b", "x-y-z: app x",
		"scheduler: app tick", "release: app migrate",
	}, "\n"))
	must(err)
	app, settings := fixture(), config.Development()
	app.Processes, settings.Database.Class = processes, "t4g.medium" // enough connections for seven processes
	e := synthesizeFor(t, settings, app)
	wanted := map[string]any{}
	for _, p := range processes {
		if p.Role != config.RoleMigration { // a task without a service
			wanted[p.ConstructID()] = p.Name
		}
	}
	services, err := e.Services(assembly.Symbolic)
	must(err)
	named := map[string]any{}
	for _, service := range services {
		named[strings.Split(service.Path(), "/")[2]] = service.Process // dev/Services/Web/...
	}
	want(t, "names by construct", named, wanted)
}

var capital = regexp.MustCompile(`(.)([A-Z])`)

// hyphenated turns a construct's id into the process name that it would come from: WorkerMail into worker-mail.
func hyphenated(id string) string {
	return strings.ToLower(capital.ReplaceAllString(id, "$1-$2"))
}
