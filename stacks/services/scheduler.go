package services

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// schedulerService is the process with exactly one task.
type schedulerService struct {
	constructs.Construct
	task    *processTask
	service awsecs.FargateService
}

// newSchedulerService makes the scheduler's service: one task, and in a release the old one stops before the new one starts.
// Zone rebalancing is off, because it starts the new task first and two schedulers would run at once.
func newSchedulerService(scope constructs.Construct, id string, p *platform, process config.Process) *schedulerService {
	this := constructs.NewConstruct(scope, jsii.String(id))
	s := &schedulerService{Construct: this}
	s.task = newProcessTask(this, p, processProps{process: process, size: p.env.Scheduler.Task, stopTimeout: config.ShortStop})
	one := 1
	s.service = newService(this, "Service", p, s.task, serviceProps{
		minHealthy: 0, maxHealthy: 100, failures: workerFailures, desired: &one,
		rebalancing: awsecs.AvailabilityZoneRebalancing_DISABLED,
	})
	return s
}
