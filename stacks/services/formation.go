package services

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
)

// formation is the processes of the Procfile as they run.
type formation struct {
	web       *webService
	workers   []*workerService
	scheduler *schedulerService // nil when the Procfile has none
	migration *migrationGate    // nil when the Procfile has no release line
}

// newFormation turns each line of the Procfile into what its role needs; the migration first, because it gates the rest.
func newFormation(stack awscdk.Stack, p *platform, app config.App, balancer *loadBalancer) formation {
	var f formation
	for _, process := range app.Processes {
		if process.Role == config.RoleMigration {
			f.migration = newMigrationGate(stack, process.ConstructID(), p, process, app.Gate)
		}
	}
	for _, process := range app.Processes {
		id := process.ConstructID()
		switch process.Role {
		case config.RoleWeb:
			f.web = newWebService(stack, id, p, process, balancer)
			f.migration.gate(f.web.service)
		case config.RoleScheduler:
			f.scheduler = newSchedulerService(stack, id, p, process)
			f.migration.gate(f.scheduler.service)
		case config.RoleWorker:
			worker := newWorkerService(stack, id, p, process)
			f.workers = append(f.workers, worker)
			f.migration.gate(worker.service)
		}
	}
	return f
}

// tasks are the processes in a fixed order.
func (f formation) tasks() []*processTask {
	tasks := []*processTask{f.web.task}
	for _, worker := range f.workers {
		tasks = append(tasks, worker.task)
	}
	if f.scheduler != nil {
		tasks = append(tasks, f.scheduler.task)
	}
	if f.migration != nil {
		tasks = append(tasks, f.migration.task)
	}
	return tasks
}

// namedService is a service and its process's name in the Procfile.
type namedService struct {
	awsecs.FargateService
	name string
}

// services are those of the formation in a fixed order.
func (f formation) services() []namedService {
	services := []namedService{{f.web.service, f.web.task.props.process.Name}}
	for _, worker := range f.workers {
		services = append(services, namedService{worker.service, worker.task.props.process.Name})
	}
	if f.scheduler != nil {
		services = append(services, namedService{f.scheduler.service, f.scheduler.task.props.process.Name})
	}
	return services
}
