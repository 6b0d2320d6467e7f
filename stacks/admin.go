package stacks

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

// runTask is the AWS CLI command that runs a task definition once, in the network and with the group of the given process.
// It runs in the region and with the credentials of whoever pastes it.
func (s *ServicesStack) runTask(definition awsecs.FargateTaskDefinition, task *ProcessTask, command string) *string {
	network := s.platform.data.network
	address := "DISABLED"
	if network.publicAddresses() {
		address = "ENABLED"
	}
	subnets := awscdk.Fn_Join(jsii.String(","), network.vpc.SelectSubnets(network.taskSubnets()).SubnetIds)
	words := []string{
		"aws ecs run-task",
		"--cluster " + *s.platform.cluster.ClusterName(),
		"--task-definition " + *definition.Family(),
		"--launch-type FARGATE",
		fmt.Sprintf(`--network-configuration 'awsvpcConfiguration={subnets=[%s],securityGroups=[%s],assignPublicIp=%s}'`, *subnets, *task.group.SecurityGroupId(), address),
	}
	if command != "" {
		words = append(words, fmt.Sprintf(`--overrides '{"containerOverrides":[{"name":"%s","command":["%s"]}]}'`, containerName, command))
	}
	return jsii.String(strings.Join(words, " "))
}
