package services

import (
	"dozen/config"
	"dozen/stacks/data"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

// Stack keeps nothing: the cluster, the load balancer, a service for each process, and the alarms.
type Stack struct {
	awscdk.Stack
	platform  *platform
	balancer  *loadBalancer
	formation formation
	admin     awsecs.FargateTaskDefinition // for one-off commands
}

// New fills a stack with the services of an environment, which use the given data.
func New(stack awscdk.Stack, e config.Environment, app config.App, d *data.Stack) *Stack {
	s := &Stack{Stack: stack}
	s.balancer = newLoadBalancer(stack, "LoadBalancer", e, d)
	s.platform = &platform{
		env: e, data: d, url: s.balancer.url,
		cluster: newCluster(stack, "Cluster", e, d.Network),
		image:   newImage(stack, "Image", app),
		topic:   newAlarmTopic(stack, "AlarmTopic", e),
		workers: app.Workers(),
	}
	if e.Connect == config.ConnectProxy {
		s.platform.proxy = newProxyImage(stack, "ProxyImage", app.Proxy)
	}
	s.platform.capacity = newCapacity(s.platform.cluster, s.balancer)
	s.formation = newFormation(stack, s.platform, app, s.balancer)
	s.admin = newAdminDefinition(stack, "Admin", s.platform, s.formation.web.task, help(app.Processes))
	s.formation.migration.gate(s.admin)
	addAlarms(stack, s.platform, s.formation)
	s.addOptions()
	s.addOutputs()
	return s
}

// help is what the admin task definition runs without a command of its own: it asks the app's first program for help.
func help(processes []config.Process) []string {
	for _, p := range processes {
		if p.Shell == "" {
			return []string{p.Command[0], "help"}
		}
	}
	return []string{"true"}
}

// addOptions adds what observes, starts or restarts the services: the stored log queries always, the rest if it is on.
func (s *Stack) addOptions() {
	e := s.platform.env
	addQueries(s.Stack, e, s.formation)
	if e.Options.Dashboard {
		addDashboard(s.Stack, "Dashboard", s.platform, s.formation)
	}
	if len(e.ScheduledTasks) > 0 {
		newScheduledTasks(s.Stack, "ScheduledTasks", s.platform, s.formation.web.task, s.admin)
	}
	if len(e.Secrets) > 0 {
		newRedeploy(s.Stack, "Redeploy", s.platform, s.formation)
	}
}

// addOutputs prints where the application is, and commands that are ready to paste.
func (s *Stack) addOutputs() {
	output := func(id string, value *string, description string) {
		awscdk.NewCfnOutput(s.Stack, jsii.String(id), &awscdk.CfnOutputProps{Value: value, Description: jsii.String(description)})
	}
	p, web := s.platform, s.formation.web
	output("Url", s.balancer.url, "Where users reach the application")
	output("RunCommand", runTaskCommand(p, s.admin, web.task, "COMMAND"),
		"Runs a one-off command: put its words for COMMAND, such as \"help\"")
	if m := s.formation.migration; m != nil && m.resource == nil {
		output("MigrateCommand", runTaskCommand(p, m.task.definition, m.task, ""),
			"Runs the migration; RunOnDeploy is off, so run it before each release")
	}
	if p.env.Shell {
		output("ShellCommand", jsii.Sprintf("aws ecs execute-command --cluster %s --task TASK --container %s "+
			"--interactive --command COMMAND", *p.cluster.ClusterName(), config.ContainerName),
			"Runs a command inside a running task: put its id for TASK, from aws ecs list-tasks")
	}
}
