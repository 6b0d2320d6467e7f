package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// SchedulerService is the process that runs exactly once.
type SchedulerService struct {
	constructs.Construct
	task    *ProcessTask
	service awsecs.FargateService
}

// NewSchedulerService makes the scheduler's service: one task, and in a release the old one stops before the new one
// starts. Zone rebalancing is off, because it starts the new task first and two schedulers would run at once.
func NewSchedulerService(scope constructs.Construct, id string, p *platform, process Process) *SchedulerService {
	this := constructs.NewConstruct(scope, jsii.String(id))
	s := &SchedulerService{Construct: this}
	s.task = p.newTask(this, processProps{name: process.Name, command: process.Command, size: p.env.Scheduler.Task, stopTimeout: shortStop})
	one := 1
	s.service = p.newService(this, "Service", s.task, serviceProps{
		minHealthy: 0, maxHealthy: 100, failures: workerFailures, desired: &one,
		rebalancing: awsecs.AvailabilityZoneRebalancing_DISABLED,
	})
	return s
}
