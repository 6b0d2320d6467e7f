package services

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// workerService is a process that works on jobs.
type workerService struct {
	constructs.Construct
	task    *processTask
	service awsecs.FargateService
	process config.Process
}

// newWorkerService makes the service of a worker and scales it.
func newWorkerService(scope constructs.Construct, id string, p *platform, process config.Process) *workerService {
	this := constructs.NewConstruct(scope, jsii.String(id))
	settings := p.env.Worker(process.Name)
	w := &workerService{Construct: this, process: process}
	w.task = newProcessTask(this, p, processProps{
		process: process, size: settings.Task, stopTimeout: settings.StopTimeout, concurrency: settings.Concurrency,
	})
	w.service = newService(this, "Service", p, w.task, serviceProps{
		minHealthy: 100, maxHealthy: 200, failures: workerFailures,
		rebalancing: awsecs.AvailabilityZoneRebalancing_ENABLED,
	})
	w.scale(p, settings)
	return w
}

// workerFailures is how many new tasks of a worker or scheduler may fail in a row before their release is rolled back. They run on
// Spot, where a lack of capacity also counts as a failure (containers-roadmap#1273).
const workerFailures = 3
