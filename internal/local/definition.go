package local

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"dozen/internal/assembly"
	"dozen/internal/local/container"
)

// definition is a task definition, ready to start here.
type definition struct {
	process     string // name of the process type, such as mail-worker
	container   assembly.Container
	memoryMiB   int
	environment map[string]string // without what differs from task to task
}

// own are the variables that a task gets here although its definition says something else, or nothing, and why.
var own = map[string]string{
	"PORT":                               "all tasks share this machine's address, so each has a port of its own",
	"APP_URL":                            "an environment with a domain is reached without it here",
	"AWS_REGION":                         "Fargate sets it too",
	"AWS_ENDPOINT_URL":                   "the stand-in for AWS on loopback",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI": "Fargate sets AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, which only works there",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN":  "goes with the credentials' address",
	"SSL_CERT_FILE":                      "database and cache show a certificate of this machine's own authority",
}

// define readies a task definition: the container that runs the app's own image, and its variables.
func (a *attached) define(env *assembly.Environment, process string, d assembly.TaskDefinition) (definition, error) {
	i := slices.IndexFunc(d.Containers, func(c assembly.Container) bool { return env.Built(c) != nil })
	if i < 0 {
		return definition{}, fmt.Errorf("%s: no container runs an image that the environment builds; only such can run here", d.Resource)
	}
	c := d.Containers[i]
	variables := map[string]string{}
	for _, v := range c.Environment {
		variables[v.Name] = v.Value
	}
	var missing []error
	for _, secret := range c.Secrets {
		value, known := a.settings.Values[secret.Name]
		if !known {
			missing = append(missing, fmt.Errorf("%s: the template injects %s from %s; write %[2]s=... into %[4]s", process, secret.Name, secret.From, a.settings.ValuesFile))
		}
		variables[secret.Name] = value
	}
	maps.Copy(variables, a.variables())
	return definition{process, c, d.MemoryMiB, variables}, errors.Join(missing...)
}

// spec is one task of the definition.
func (d definition) spec(name string, port int) container.Spec {
	variables := maps.Clone(d.environment)
	if port != 0 {
		variables["PORT"] = strconv.Itoa(port)
	}
	return container.Spec{Name: name, Container: d.container, MemoryMiB: d.memoryMiB, Variables: variables, Mounts: []string{variables["SSL_CERT_FILE"]}}
}

// unanswered lists the variables that still hold a symbolic name: nothing stands in for what they point at.
func (d definition) unanswered() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(d.environment)) {
		if strings.Contains(d.environment[name], "${") {
			names = append(names, name)
		}
	}
	return names
}

// gate is the migration that every service of a release waits for.
type gate struct {
	definition definition
	deadline   time.Duration
}

// gates finds the environment's migrations.
func (a *attached) gates(env *assembly.Environment, definitions map[*assembly.Resource]assembly.TaskDefinition) ([]gate, error) {
	var gates []gate
	for _, r := range env.Resources("Custom::Migration") {
		p := env.Read(r, a.answers)
		target, _ := env.Follow(r, p.At("TaskDefinition").Raw())
		g := gate{deadline: p.At("DeadlineSeconds").Seconds(15 * time.Minute)}
		var err error
		if g.definition, err = a.define(env, "release", definitions[target]); err == nil {
			err = p.Err()
		}
		if err != nil {
			return nil, err
		}
		gates = append(gates, g)
	}
	return gates, nil
}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// processName turns a construct's name into the one in the Procfile: MailWorker is mail-worker.
func processName(construct string) string {
	return strings.ToLower(hump.ReplaceAllString(construct, "$1-$2"))
}
