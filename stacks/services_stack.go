package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// App is the application to deploy: its directory, its Procfile, and the compiled handler of the migration gate.
type App struct {
	Directory string    // the image's build context
	Processes []Process // of its Procfile
	Gate      string    // directory with the gate's bootstrap binary
}

// ServicesStack is what keeps nothing: the cluster, the load balancer, a service for each process type, and the alarms. It
// can be destroyed and made again without touching data.
type ServicesStack struct {
	awscdk.Stack
	platform  *platform
	balancer  *LoadBalancer
	formation formation
	admin     awsecs.FargateTaskDefinition
}

// formation is the processes of the Procfile as they run.
type formation struct {
	web       *WebService
	workers   []*WorkerService
	scheduler *SchedulerService // nil when the Procfile has none
	migration *MigrationGate    // nil when the Procfile has no release line
}

// NewServicesStack makes the services of an environment on the given data.
func NewServicesStack(scope constructs.Construct, e Environment, app App, data *DataStack) *ServicesStack {
	s := &ServicesStack{Stack: newStack(scope, "Services", e, "Load balancer, processes and alarms")}
	// A strong reference is an export that nobody can change while it is in use: a database restored from a snapshot has a
	// new address, and the data stack's update would wait for this stack to go first.
	awscdk.CrossStackReferences_Of(s.Stack).Consume(awscdk.ReferenceStrength_WEAK)
	s.AddStackDependency(data.Stack, nil)
	s.balancer = NewLoadBalancer(s.Stack, "LoadBalancer", e, data)
	s.platform = &platform{
		env: e, data: data, url: s.balancer.url,
		cluster: newCluster(s.Stack, "Cluster", e, data.network),
		image:   newImage(s.Stack, "Image", app.Directory),
		topic:   newTopic(s.Stack, "AlarmTopic", e),
	}
	s.addFormation(app)
	s.admin = s.platform.newAdminDefinition(s.Stack, "Admin", s.formation.web.task, []string{app.Processes[0].Command[0], "help"})
	addAlarms(s.Stack, s.platform, s.formation)
	s.addOptions()
	s.addOutputs()
	return s
}

// addFormation turns each line of the Procfile into what its role asks for; the migration first, because it gates the rest.
func (s *ServicesStack) addFormation(app App) {
	p, f := s.platform, &s.formation
	for _, process := range app.Processes {
		if process.Role == RoleRelease {
			f.migration = NewMigrationGate(s.Stack, "Release", p, process, app.Gate)
		}
	}
	for _, process := range app.Processes {
		id := title(process.Name)
		switch process.Role {
		case RoleWeb:
			f.web = NewWebService(s.Stack, id, p, process, s.balancer)
			f.migration.gates(f.web.service)
		case RoleScheduler:
			f.scheduler = NewSchedulerService(s.Stack, id, p, process)
			f.migration.gates(f.scheduler.service)
		case RoleWorker:
			worker := NewWorkerService(s.Stack, id, p, process)
			f.workers = append(f.workers, worker)
			f.migration.gates(worker.service)
		}
	}
}

// addOutputs prints where the application is, and commands that are ready to paste.
func (s *ServicesStack) addOutputs() {
	output := func(id string, value *string, description string) {
		awscdk.NewCfnOutput(s.Stack, jsii.String(id), &awscdk.CfnOutputProps{Value: value, Description: jsii.String(description)})
	}
	web := s.formation.web
	output("Url", s.balancer.url, "Where users reach the application")
	output("RunCommand", s.runTask(s.admin, web.task, "COMMAND"), "Runs a one-off command: put its words for COMMAND, such as \"help\"")
	if m := s.formation.migration; m != nil && m.resource == nil {
		output("MigrateCommand", s.runTask(m.task.definition, m.task, ""), "Runs the migration; RunOnDeploy is off, so run it before each release")
	}
	if s.platform.env.Shell {
		output("ShellCommand", jsii.Sprintf("aws ecs execute-command --cluster %s --task TASK --container %s --interactive --command COMMAND", *s.platform.cluster.ClusterName(), containerName),
			"Runs a command inside a running task: put its id for TASK, from aws ecs list-tasks")
	}
}
