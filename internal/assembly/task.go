package assembly

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"dozen/config"
)

// TaskDefinition is an AWS::ECS::TaskDefinition.
type TaskDefinition struct {
	*Resource
	CPU          int // in units of 1/1024 of a core
	MemoryMiB    int
	Architecture string // X86_64 or ARM64
	Containers   []Container
}

// Container is one container of a task.
type Container struct {
	Name         string
	Essential    bool // the task ends when the container ends
	Image        string
	Command      []string // the image's own if empty
	EntryPoint   []string // the image's own if empty
	Environment  []Variable
	Secrets      []Secret
	Aliases      map[string]string // names of variables that repeat another one -> that one
	User         string            // user[:group]; the image's own if empty
	ReadonlyRoot bool
	Init         bool     // a process that reaps children and passes signals on
	Drop         []string // Linux capabilities
	Writable     []string // paths of writable mounts
	Ports        []int
	OpenFiles    int           // limit of open files; the platform's own if 0
	StopTimeout  time.Duration // from SIGTERM to SIGKILL; 30 seconds by default
	DependsOn    []string      // names of the containers that start before it and stop after it
	LogGroup     *Resource     // nil if it is not one of the environment's
}

// Variable is an environment variable with its resolved value.
type Variable struct{ Name, Value string }

// Secret is an environment variable whose value ECS fetches when the task starts.
type Secret struct{ Name, From string }

// ecsStopTimeout is ECS's default.
const ecsStopTimeout = 30 * time.Second

// TaskDefinitions returns every task definition.
func (e *Environment) TaskDefinitions(answers Answers) ([]TaskDefinition, error) {
	return views(e, "AWS::ECS::TaskDefinition", answers, e.taskDefinition)
}

func (e *Environment) taskDefinition(r *Resource, p Properties) TaskDefinition {
	t := TaskDefinition{Resource: r, CPU: p.At("Cpu").Number(0), MemoryMiB: p.At("Memory").Number(0),
		Architecture: cmp.Or(p.At("RuntimePlatform", "CpuArchitecture").Text(), "X86_64")}
	for _, container := range p.At("ContainerDefinitions").Each() {
		t.Containers = append(t.Containers, e.container(r, container))
	}
	return t
}

func (e *Environment) container(r *Resource, p Properties) Container {
	c := Container{
		Name: p.At("Name").Text(), Essential: p.At("Essential").Bool(true), Image: p.At("Image").Text(),
		Command: p.At("Command").Texts(), EntryPoint: p.At("EntryPoint").Texts(), User: p.At("User").Text(),
		ReadonlyRoot: p.At("ReadonlyRootFilesystem").Bool(false), Init: p.At("LinuxParameters", "InitProcessEnabled").Bool(false),
		Drop: p.At("LinuxParameters", "Capabilities", "Drop").Texts(), StopTimeout: p.At("StopTimeout").Seconds(ecsStopTimeout),
	}
	c.LogGroup, _ = e.Follow(r, p.At("LogConfiguration", "Options", "awslogs-group").Raw())
	for _, variable := range p.At("Environment").Each() {
		c.Environment = append(c.Environment, Variable{variable.At("Name").Text(), variable.At("Value").Text()})
	}
	for _, secret := range p.At("Secrets").Each() {
		c.Secrets = append(c.Secrets, Secret{secret.At("Name").Text(), secret.At("ValueFrom").Text()})
	}
	for _, label := range p.At("DockerLabels").Keys() {
		if name, is := strings.CutPrefix(label, config.AliasLabel); is {
			if c.Aliases == nil {
				c.Aliases = map[string]string{}
			}
			c.Aliases[name] = p.At("DockerLabels", label).Text()
		}
	}
	for _, dependency := range p.At("DependsOn").Each() {
		c.DependsOn = append(c.DependsOn, dependency.At("ContainerName").Text())
	}
	for _, mount := range p.At("MountPoints").Each() {
		if !mount.At("ReadOnly").Bool(false) {
			c.Writable = append(c.Writable, mount.At("ContainerPath").Text())
		}
	}
	for _, port := range p.At("PortMappings").Each() {
		c.Ports = append(c.Ports, port.At("ContainerPort").Number(0))
	}
	for _, limit := range p.At("Ulimits").Each() {
		if limit.At("Name").Text() == "nofile" {
			c.OpenFiles = limit.At("SoftLimit").Number(0)
		}
	}
	return c
}

// Built returns the image that the environment itself builds for a container, nil if its image comes from elsewhere.
func (e *Environment) Built(c Container) *Image {
	for i := range e.Images {
		if strings.HasSuffix(c.Image, ":"+e.Images[i].Hash) {
			return &e.Images[i]
		}
	}
	return nil
}

// views reads every resource of a type whose condition holds. Its error joins the problems of all of them.
func views[View any](e *Environment, resourceType string, answers Answers, read func(*Resource, Properties) View) ([]View, error) {
	var all []View
	var errs []error
	for _, r := range e.Resources(resourceType) {
		p := e.Read(r, answers)
		if p.exists() {
			all = append(all, read(r, p))
		}
		errs = append(errs, p.Err())
	}
	return all, errors.Join(errs...)
}
