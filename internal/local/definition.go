package local

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"dozen/internal/assembly"
	"dozen/internal/gate"
	"dozen/internal/local/container"
)

// templates turns the templates of an environment into definitions, with this machine's values in place of AWS's.
type templates struct {
	env       *assembly.Environment
	settings  Settings
	addresses addresses
	variables map[string]string // that every task gets; see localVariables
	here      map[string]string // values of variables that lead to an existing server in the templates, and to another one here
}

// addresses are where the load balancer and the backing services listen.
type addresses struct {
	loadBalancer            string // host:port
	databasePort, cachePort string
}

// of returns the templates of another release's environment, with the same values.
func (t templates) of(env *assembly.Environment) *templates {
	t.env = env
	return &t
}

func (t *templates) read(r *assembly.Resource) assembly.Properties { return t.env.Read(r, t.answer) }

// definition is a task definition that can run here.
type definition struct {
	process   string // the Procfile's name, such as worker-2
	container assembly.Container
	memoryMiB int
	variables map[string]string // without those that differ from task to task
}

// localVariables are the variables of a task that differ from its task definition or are missing there, and why.
var localVariables = map[string]string{
	"DATABASE_URL":                       "all tasks share one proxy, whose ports are free ones",
	"PGPORT":                             "the same",
	"REDIS_URL":                          "the same",
	"PORT":                               "all tasks share this machine's address, so each has its own port",
	"BIND":                               "all tasks share this machine's network, and only the load balancer may reach them",
	"APP_URL":                            "an environment with a domain has another address here",
	"AWS_REGION":                         "Fargate sets it too",
	"AWS_DEFAULT_REGION":                 "Fargate sets it too; Python's SDK reads only this one",
	"AWS_ENDPOINT_URL":                   "the address of the stand-in for AWS",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI": "Fargate sets AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, which only works there",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN":  "needed for the credentials",
	"SSL_CERT_FILE":                      "this machine's own authority signs the certificates of database and cache",
	"NODE_EXTRA_CA_CERTS":                "the same for Node",
	"REQUESTS_CA_BUNDLE":                 "the same for Python's requests",
}

// define turns a task definition into the definition of a process: the container that runs the app's own image, and its
// variables.
func (t *templates) define(process string, d assembly.TaskDefinition) (definition, error) {
	c, err := t.app(d)
	if err != nil {
		return definition{}, err
	}
	variables := t.variablesOf(c)
	var problems []error
	for _, secret := range c.Secrets {
		value, known, err := t.injected(secret)
		if !known {
			err = fmt.Errorf("%s: the template injects %s from %s; add %[2]s=... to %[4]s",
				process, secret.Name, secret.From, t.settings.ValuesFile)
		}
		if err != nil {
			problems = append(problems, err)
		}
		variables[secret.Name] = value
	}
	maps.Copy(variables, t.variables)
	return definition{process, c, d.MemoryMiB, variables}, errors.Join(problems...)
}

// variablesOf returns the variables of a container, with this machine's addresses.
func (t *templates) variablesOf(c assembly.Container) map[string]string {
	variables := variables(c)
	for name, value := range t.here {
		if _, is := variables[name]; is {
			variables[name] = value
		}
	}
	return variables
}

func variables(c assembly.Container) map[string]string {
	variables := map[string]string{}
	for _, v := range c.Environment {
		variables[v.Name] = v.Value
	}
	return variables
}

// app returns the container that runs the app: of those whose image the environment builds, the one that no other one depends on.
func (t *templates) app(d assembly.TaskDefinition) (assembly.Container, error) {
	i := slices.IndexFunc(d.Containers, func(c assembly.Container) bool {
		return t.env.Built(c) != nil && !slices.ContainsFunc(d.Containers, func(other assembly.Container) bool {
			return slices.Contains(other.DependsOn, c.Name)
		})
	})
	if i < 0 {
		return assembly.Container{}, fmt.Errorf("%s: none of its containers runs an image that the environment builds; "+
			"only such a container can run here", d.Resource)
	}
	return d.Containers[i], nil
}

// setting is the name of the process's settings in an environment.
func (d definition) setting() string {
	switch d.process {
	case "web":
		return "Web"
	case "scheduler":
		return "Scheduler"
	case "release":
		return "Migration"
	}
	return fmt.Sprintf("Workers[%q]", d.process)
}

// spec describes one task of the definition. The port is 0 for a task that takes no requests.
func (d definition) spec(name string, port int) container.Spec {
	variables := maps.Clone(d.variables)
	if port != 0 {
		variables["PORT"] = strconv.Itoa(port)
	}
	for alias, name := range d.container.Aliases {
		variables[alias] = variables[name]
	}
	return container.Spec{
		Name:      name,
		Container: d.container,
		MemoryMiB: d.memoryMiB,
		Limit:     d.setting() + ".MemoryMiB",
		Variables: variables,
		Mounts:    []string{variables["SSL_CERT_FILE"]},
	}
}

// unanswered returns the variables that still have a symbolic name, because what they refer to does not exist here.
func (d definition) unanswered() []string {
	var names []string
	for _, name := range sorted(d.variables) {
		if strings.Contains(d.variables[name], "${") {
			names = append(names, name)
		}
	}
	return names
}

// migration is the task that must succeed before any service of a release changes.
type migration struct {
	definition definition
	deadline   time.Duration
}

// migrations returns the migrations of the environment's migration gates.
func (t *templates) migrations(definitions taskDefinitions) ([]migration, error) {
	var migrations []migration
	for _, r := range t.env.Resources(gate.ResourceType) {
		p := t.read(r)
		target, _ := t.env.Follow(r, p.At(gate.PropertyTaskDefinition).Raw())
		m := migration{deadline: p.At(gate.PropertyDeadlineSeconds).Seconds(15 * time.Minute)}
		var err error
		if m.definition, err = t.define("release", definitions[target]); err == nil {
			err = p.Err()
		}
		if err != nil {
			return nil, err
		}
		migrations = append(migrations, m)
	}
	return migrations, nil
}
