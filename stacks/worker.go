package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// WorkerService is a process type that works on jobs.
type WorkerService struct {
	constructs.Construct
	task    *ProcessTask
	service awsecs.FargateService
	process Process
}

// NewWorkerService makes the service of a worker-like process and scales it on its backlog.
func NewWorkerService(scope constructs.Construct, id string, p *platform, process Process) *WorkerService {
	this := constructs.NewConstruct(scope, jsii.String(id))
	settings := p.env.worker(process.Name)
	w := &WorkerService{Construct: this, process: process}
	w.task = p.newTask(this, processProps{
		name: process.Name, command: process.Command, size: settings.Task, stopTimeout: settings.StopTimeout, concurrency: settings.Concurrency,
	})
	w.service = p.newService(this, "Service", w.task, serviceProps{
		minHealthy: 100, maxHealthy: 200, failures: workerFailures,
		rebalancing: awsecs.AvailabilityZoneRebalancing_ENABLED,
	})
	scaleOnBacklog(this, p, w.service, process.Name, settings)
	return w
}

// workerFailures is how many new tasks of a worker or scheduler may fail before their release is rolled back.
const workerFailures = 2
