package services

import (
	"fmt"
	"strings"

	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// oneOffNetwork is where a task runs that is not part of a service: the migration, a scheduled task, a pasted command. A
// service's own construct says the same of its tasks.
type oneOffNetwork struct {
	subnets        *[]*string
	securityGroups []*string
	assignPublicIP string // ENABLED or DISABLED, as ECS writes it
}

// oneOff is the network of a one-off task that has the security group of a process.
func (p *platform) oneOff(task *processTask) oneOffNetwork {
	network := oneOffNetwork{
		subnets:        p.data.Network.VPC.SelectSubnets(p.data.Network.TaskSubnets).SubnetIds,
		securityGroups: []*string{task.group.SecurityGroupId()},
		assignPublicIP: "DISABLED",
	}
	if p.data.Network.PublicAddresses {
		network.assignPublicIP = "ENABLED"
	}
	return network
}

// allowRunTask lets a role start tasks of one family in this cluster. ECS also requires allowPassRoles.
func (p *platform) allowRunTask(role awsiam.IRole, definition awsecs.FargateTaskDefinition) {
	family := p.arn("ecs", "task-definition/"+*definition.Family()+":*")
	allow(role, p.inCluster(), []*string{family}, "ecs:RunTask")
}

// allowPassRoles lets a role give the tasks that it starts the two roles of their family.
func (p *platform) allowPassRoles(role awsiam.IRole, definition awsecs.FargateTaskDefinition) {
	toTasks := &map[string]any{"StringEquals": map[string]any{"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
	allow(role, toTasks, []*string{definition.TaskRole().RoleArn(), definition.ExecutionRole().RoleArn()}, "iam:PassRole")
}

// inCluster is the condition that limits an action to this cluster.
func (p *platform) inCluster() *map[string]any {
	return &map[string]any{"ArnEquals": map[string]any{"ecs:cluster": p.cluster.ClusterArn()}}
}

// runTaskCommand is the AWS CLI command that runs a revision of a task definition once, in the network and with the group of the
// given process. It names the revision, because the newest one of a family may be of a release whose migration has not
// succeeded. The command runs in the region and with the credentials of whoever pastes it.
func runTaskCommand(p *platform, definition awsecs.FargateTaskDefinition, task *processTask, command string) *string {
	network := p.oneOff(task)
	words := []string{
		"aws ecs run-task",
		"--cluster " + *p.cluster.ClusterName(),
		"--task-definition " + *definition.TaskDefinitionArn(),
		"--launch-type FARGATE",
		fmt.Sprintf(`--network-configuration 'awsvpcConfiguration={subnets=[%s],securityGroups=[%s],assignPublicIp=%s}'`,
			*awscdk.Fn_Join(jsii.String(","), network.subnets), *network.securityGroups[0], network.assignPublicIP),
	}
	if command != "" {
		words = append(words, fmt.Sprintf(`--overrides '{"containerOverrides":[{"name":"%s","command":["%s"]}]}'`,
			config.ContainerName, command))
	}
	return jsii.String(strings.Join(words, " "))
}
