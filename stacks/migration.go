package stacks

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// MigrationGate runs the release process on the new image and lets no service change before it has succeeded.
type MigrationGate struct {
	constructs.Construct
	task     *ProcessTask
	function awslambda.Function
	logs     awslogs.LogGroup
	resource awscdk.CustomResource // nil when migrations are run by hand
}

// gateGrace is what CloudFormation waits beyond the migration's own deadline, for the gate to stop the task and to answer.
const gateGrace = 3 * time.Minute

// NewMigrationGate makes the release process's task definition and, with RunOnDeploy, the custom resource that runs it.
// handler is the directory that holds the gate's compiled Lambda function.
func NewMigrationGate(scope constructs.Construct, id string, p *platform, process Process, handler string) *MigrationGate {
	this := constructs.NewConstruct(scope, jsii.String(id))
	m := p.env.Migration
	g := &MigrationGate{Construct: this}
	g.task = p.newTask(this, "Process", processProps{name: process.Name, command: process.Command, size: m.Task, stopTimeout: shortStop})
	if !m.RunOnDeploy {
		return g
	}
	g.logs = newLogGroup(this, "GateLogs", p.env)
	g.function = awslambda.NewFunction(this, jsii.String("Gate"), &awslambda.FunctionProps{
		Description:   jsii.String("Runs the release task and tells CloudFormation how it ended"),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		Handler:       jsii.String("bootstrap"),
		Code:          awslambda.Code_FromAsset(jsii.String(handler), nil),
		MemorySize:    jsii.Number(128),
		Timeout:       awscdk.Duration_Minutes(jsii.Number(15)),
		LogGroup:      g.logs,
		Role:          g.newRole(),
		LoggingFormat: awslambda.LoggingFormat_JSON,
	})
	g.grant(p)
	acknowledge(g.function.Role(), gateFollowsRevisions)
	g.resource = awscdk.NewCustomResource(this, jsii.String("Migration"), &awscdk.CustomResourceProps{
		ServiceToken:   g.function.FunctionArn(),
		ResourceType:   jsii.String("Custom::Migration"),
		ServiceTimeout: awscdk.Duration_Seconds(jsii.Number((m.Deadline + gateGrace).Seconds())),
		Properties:     g.properties(p),
	})
	// The task's permissions and the rule that opens the database to it must be there before it starts; so must the
	// function's own, which a function does not wait for when its role is given to it.
	g.resource.Node().AddDependency(g.task.Construct, g.function.Role())
	return g
}

// newRole lets the function write its log and nothing else; AWS's managed policy would let it write every log.
func (g *MigrationGate) newRole() awsiam.Role {
	role := awsiam.NewRole(g.Construct, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
	})
	g.logs.GrantWrite(role)
	return role
}

// properties are what the handler is told. CloudFormation calls it when one of them changes: the task definition, which
// changes with the image and the settings, and the snapshot that the database was restored from.
func (g *MigrationGate) properties(p *platform) *map[string]any {
	network := p.data.network
	address := "DISABLED"
	if network.publicAddresses() {
		address = "ENABLED"
	}
	properties := map[string]any{
		"Cluster":         p.cluster.ClusterArn(),
		"TaskDefinition":  g.task.definition.TaskDefinitionArn(),
		"Container":       containerName,
		"Subnets":         network.vpc.SelectSubnets(network.taskSubnets()).SubnetIds,
		"SecurityGroups":  []*string{g.task.group.SecurityGroupId()},
		"AssignPublicIp":  address,
		"LogGroup":        g.task.logs.LogGroupName(),
		"LogStreamPrefix": containerName,
		"DeadlineSeconds": fmt.Sprint(int(p.env.Migration.Deadline.Seconds())),
		"Release":         p.version(),
		"RestoredFrom":    p.env.Database.Snapshot,
	}
	if p.env.Migration.SnapshotFirst {
		properties["SnapshotDatabase"] = p.data.postgres.identifier
		properties["SnapshotKind"] = p.data.postgres.kind()
	}
	return &properties
}

// grant allows the handler exactly what it does: run this one task definition's family in this cluster with its two roles,
// watch and stop tasks there, and read their log.
func (g *MigrationGate) grant(p *platform) {
	allow := func(conditions *map[string]any, resources []*string, actions ...string) {
		g.function.AddToRolePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: jsii.Strings(actions...), Resources: &resources, Conditions: conditions,
		}))
	}
	stack := awscdk.Stack_Of(g.Construct)
	inCluster := &map[string]any{"ArnEquals": map[string]any{"ecs:cluster": p.cluster.ClusterArn()}}
	family := stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("ecs"), Resource: jsii.String("task-definition"), ResourceName: jsii.Sprintf("%s:*", *g.task.definition.Family())})
	tasks := stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("ecs"), Resource: jsii.String("task"), ResourceName: jsii.Sprintf("%s/*", *p.cluster.ClusterName())})
	allow(inCluster, []*string{family}, "ecs:RunTask")
	allow(inCluster, []*string{tasks}, "ecs:DescribeTasks", "ecs:StopTask")
	allow(&map[string]any{"StringEquals": map[string]any{"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
		[]*string{g.task.definition.TaskRole().RoleArn(), g.task.definition.ExecutionRole().RoleArn()}, "iam:PassRole")
	allow(nil, []*string{jsii.Sprintf("%s:log-stream:%s/*", *g.task.logs.LogGroupArn(), containerName)}, "logs:GetLogEvents")
}

// gates makes a service wait for the migration: CloudFormation changes the service only after the gate has answered.
func (g *MigrationGate) gates(service awsecs.FargateService) {
	if g == nil || g.resource == nil {
		return
	}
	service.Node().AddDependency(g.resource)
}
