package services

import (
	"fmt"

	"dozen/config"
	"dozen/internal/gate"
	"dozen/stacks/nag"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// migrationGate runs the migration on the new image, and lets no service change before it has succeeded.
type migrationGate struct {
	constructs.Construct
	task     *processTask
	function awslambda.Function
	handOver awsiam.Policy // lets the function invoke itself again
	logs     awslogs.LogGroup
	resource awscdk.CustomResource // nil when migrations are run by hand
}

// newMigrationGate makes the migration's task definition and, with RunOnDeploy, the custom resource that runs it. The handler
// is the directory of the gate's compiled Lambda function.
func newMigrationGate(scope constructs.Construct, id string, p *platform, process config.Process, handler string) *migrationGate {
	this := constructs.NewConstruct(scope, jsii.String(id))
	m := p.env.Migration
	g := &migrationGate{Construct: this}
	g.task = newProcessTask(this, p, processProps{process: process, size: m.Task, stopTimeout: config.ShortStop})
	if !m.RunOnDeploy {
		return g
	}
	g.logs = retention.NewLogGroup(this, "GateLogs", p.env)
	g.function = g.newFunction(handler)
	g.grant(p)
	if m.SnapshotFirst {
		g.grantSnapshots(p)
	}
	nag.AcknowledgePolicy(g.function.Role(), nag.NamedWhenMade, nag.TakesNoResource)
	g.resource = awscdk.NewCustomResource(this, jsii.String("Migration"), &awscdk.CustomResourceProps{
		ServiceToken:   g.function.FunctionArn(),
		ResourceType:   jsii.String(gate.ResourceType),
		ServiceTimeout: awscdk.Duration_Seconds(jsii.Number(gate.ServiceTimeout(m.Deadline).Seconds())),
		Properties:     g.properties(p),
	})
	// The task's permissions and the rule that opens the database to it must exist before it starts. So must the function's
	// own, which a function does not wait for when its role is given to it.
	g.resource.Node().AddDependency(g.task.Construct, g.function.Role(), g.handOver)
	return g
}

// newRole lets the function write its log and nothing else; AWS's managed policy would let it write every log.
func (g *migrationGate) newRole() awsiam.Role {
	role := awsiam.NewRole(g.Construct, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
	})
	g.logs.GrantWrite(role)
	return role
}

// properties are what the handler is told. CloudFormation calls it when one of them changes: the task definition, which
// changes with the image and the settings, or the snapshot that the database was restored from.
func (g *migrationGate) properties(p *platform) *map[string]any {
	network := p.oneOff(g.task)
	properties := map[string]any{
		gate.PropertyCluster:         p.cluster.ClusterArn(),
		gate.PropertyTaskDefinition:  g.task.definition.TaskDefinitionArn(),
		gate.PropertyContainer:       config.ContainerName,
		gate.PropertySubnets:         network.subnets,
		gate.PropertySecurityGroups:  network.securityGroups,
		gate.PropertyAssignPublicIP:  network.assignPublicIP,
		gate.PropertyLogGroup:        g.task.logs.LogGroupName(),
		gate.PropertyLogStreamPrefix: config.ContainerName,
		gate.PropertyDeadlineSeconds: fmt.Sprint(int(p.env.Migration.Deadline.Seconds())),
		gate.PropertyRelease:         p.version(),
		gate.PropertyRestoredFrom:    p.env.Database.Snapshot,
	}
	if p.env.Migration.SnapshotFirst {
		properties[gate.PropertySnapshotDatabase] = p.data.Database.Identifier
		properties[gate.PropertySnapshotKind] = "instance"
		if p.data.Database.Aurora {
			properties[gate.PropertySnapshotKind] = "cluster"
		}
	}
	return &properties
}

// newFunction makes the gate's function. Its timeout is Lambda's longest: the next invocation watches a migration that takes
// longer, see internal/gate.
func (g *migrationGate) newFunction(handler string) awslambda.Function {
	return awslambda.NewFunction(g.Construct, jsii.String("Gate"), &awslambda.FunctionProps{
		Description:   jsii.String("Runs the migration and tells CloudFormation how it ended"),
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

// grant allows the handler exactly what it does: run tasks of this one family in this cluster, watch and stop tasks there, read
// their log, ask for the state of this stack, and invoke itself.
func (g *migrationGate) grant(p *platform) {
	role := g.function.Role()
	tasks := p.arn("ecs", "task/"+*p.cluster.ClusterName()+"/*")
	stream := config.ContainerName + "/" + config.ContainerName + "/*"
	lines := p.arn("logs", "log-group:"+*g.task.logs.LogGroupName()+":log-stream:"+stream)
	p.allowRunTask(role, g.task.definition)
	allow(role, p.inCluster(), []*string{tasks}, "ecs:DescribeTasks", "ecs:StopTask")
	allow(role, p.inCluster(), []*string{jsii.String("*")}, "ecs:ListTasks")
	p.allowPassRoles(role, g.task.definition)
	allow(role, nil, []*string{lines}, "logs:GetLogEvents")
	allow(role, nil, []*string{awscdk.Stack_Of(g.Construct).StackId()}, "cloudformation:DescribeStacks")
	g.handOver = awsiam.NewPolicy(g.Construct, jsii.String("GoOn"), &awsiam.PolicyProps{Roles: &[]awsiam.IRole{role}})
	g.handOver.AddStatements(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("lambda:InvokeFunction"), Resources: &[]*string{g.function.FunctionArn()},
	}))
}

// grantSnapshots allows snapshots of this database under the names that the gate gives them.
func (g *migrationGate) grantSnapshots(p *platform) {
	snapshots, create, describe := "snapshot:before-*", "rds:CreateDBSnapshot", "rds:DescribeDBSnapshots"
	if p.data.Database.Aurora {
		snapshots, create, describe = "cluster-snapshot:before-*", "rds:CreateDBClusterSnapshot", "rds:DescribeDBClusterSnapshots"
	}
	allow(g.function.Role(), nil, []*string{p.arn("rds", snapshots), p.data.Database.ARN}, create, describe)
}

// gate makes what can start the new image wait for the migration: a service, and the task definition of one-off commands, with
// the schedules that use it. CloudFormation changes it only after the gate has answered. A nil gate gates nothing.
func (g *migrationGate) gate(starts constructs.IConstruct) {
	if g == nil || g.resource == nil {
		return
	}
	starts.Node().AddDependency(g.resource)
}
