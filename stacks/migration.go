package stacks

import (
	"fmt"

	"dozen/internal/gate"

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
	goOn     awsiam.Policy // lets the function hand over to itself
	logs     awslogs.LogGroup
	resource awscdk.CustomResource // nil when migrations are run by hand
}

// NewMigrationGate makes the release process's task definition and, with RunOnDeploy, the custom resource that runs it.
// handler is the directory that holds the gate's compiled Lambda function.
func NewMigrationGate(scope constructs.Construct, id string, p *platform, process Process, handler string) *MigrationGate {
	this := constructs.NewConstruct(scope, jsii.String(id))
	m := p.env.Migration
	g := &MigrationGate{Construct: this}
	g.task = p.newTask(this, processProps{name: process.Name, command: process.Command, size: m.Task, stopTimeout: shortStop})
	if !m.RunOnDeploy {
		return g
	}
	g.logs = newLogGroup(this, "GateLogs", p.env)
	g.function = g.newFunction(handler)
	g.grant(p)
	if m.SnapshotFirst {
		g.grantSnapshots(p.data.postgres)
	}
	acknowledge(g.function.Role(), gateFollowsRevisions, takesNoResource)
	g.resource = awscdk.NewCustomResource(this, jsii.String("Migration"), &awscdk.CustomResourceProps{
		ServiceToken:   g.function.FunctionArn(),
		ResourceType:   jsii.String("Custom::Migration"),
		ServiceTimeout: awscdk.Duration_Seconds(jsii.Number(gate.ServiceTimeout(m.Deadline).Seconds())),
		Properties:     g.properties(p),
	})
	// The task's permissions and the rule that opens the database to it must be there before it starts; so must the
	// function's own, which a function does not wait for when its role is given to it.
	g.resource.Node().AddDependency(g.task.Construct, g.function.Role(), g.goOn)
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

// newFunction makes the gate's function. Its timeout is Lambda's longest: a migration that takes longer is watched by the
// next invocation, see internal/gate.
func (g *MigrationGate) newFunction(handler string) awslambda.Function {
	return awslambda.NewFunction(g.Construct, jsii.String("Gate"), &awslambda.FunctionProps{
		Description:   jsii.String("Runs the release task and tells CloudFormation how it ended"),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		Handler:       jsii.String("bootstrap"),
		Code:          awslambda.Code_FromAsset(jsii.String(handler), nil),
		MemorySize:    jsii.Number(128),
		Timeout:       awscdk.Duration_Minutes(jsii.Number(15)),
		RetryAttempts: jsii.Number(2),
		MaxEventAge:   awscdk.Duration_Hours(jsii.Number(1)),
		LogGroup:      g.logs,
		Role:          g.newRole(),
	})
}

// grant allows the handler exactly what it does: run this one task definition's family in this cluster with its two roles,
// watch and stop tasks there, read their log, ask how this stack is doing, and call itself.
func (g *MigrationGate) grant(p *platform) {
	role := g.function.Role()
	inCluster := &map[string]any{"ArnEquals": map[string]any{"ecs:cluster": p.cluster.ClusterArn()}}
	toTasks := &map[string]any{"StringEquals": map[string]any{"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
	definition := g.task.definition
	allow(role, inCluster, g.arn("ecs", "task-definition/"+*definition.Family()+":*"), "ecs:RunTask")
	allow(role, inCluster, g.arn("ecs", "task/"+*p.cluster.ClusterName()+"/*"), "ecs:DescribeTasks", "ecs:StopTask")
	allow(role, inCluster, []*string{jsii.String("*")}, "ecs:ListTasks")
	allow(role, toTasks, []*string{definition.TaskRole().RoleArn(), definition.ExecutionRole().RoleArn()}, "iam:PassRole")
	allow(role, nil, g.arn("logs", "log-group:"+*g.task.logs.LogGroupName()+":log-stream:"+containerName+"/"+containerName+"/*"), "logs:GetLogEvents")
	allow(role, nil, []*string{awscdk.Stack_Of(g.Construct).StackId()}, "cloudformation:DescribeStacks")
	g.goOn = awsiam.NewPolicy(g.Construct, jsii.String("GoOn"), &awsiam.PolicyProps{Roles: &[]awsiam.IRole{role}})
	g.goOn.AddStatements(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("lambda:InvokeFunction"), Resources: &[]*string{g.function.FunctionArn()},
	}))
}

// grantSnapshots allows snapshots of this database under the names that the gate gives them.
func (g *MigrationGate) grantSnapshots(database *Postgres) {
	snapshots, create, describe := "snapshot:before-*", "rds:CreateDBSnapshot", "rds:DescribeDBSnapshots"
	if database.cluster {
		snapshots, create, describe = "cluster-snapshot:before-*", "rds:CreateDBClusterSnapshot", "rds:DescribeDBClusterSnapshots"
	}
	allow(g.function.Role(), nil, append(g.arn("rds", snapshots), database.arn), create, describe)
}

// arn is an ARN of this account and region, as a list of one.
func (g *MigrationGate) arn(service, resource string) []*string {
	return []*string{awscdk.Stack_Of(g.Construct).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String(service), Resource: jsii.String(resource), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
	})}
}

// gates makes a service wait for the migration: CloudFormation changes the service only after the gate has answered.
func (g *MigrationGate) gates(service awsecs.FargateService) {
	if g == nil || g.resource == nil {
		return
	}
	service.Node().AddDependency(g.resource)
}
