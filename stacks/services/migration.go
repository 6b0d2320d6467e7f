package services

import (
	"fmt"
	"strings"

	"dozen/config"
	"dozen/internal/gate"
	"dozen/stacks/gatefunction"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// migrationGate runs the migration on the new image, and lets no service change before it has succeeded.
type migrationGate struct {
	constructs.Construct
	task     *processTask
	function awslambda.Function
	handOver awsiam.Policy         // lets the function invoke itself again
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
	g.function = gatefunction.New(this, p.env, handler, "Runs the migration and tells CloudFormation how it ended")
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

// properties are what the handler is told. CloudFormation calls it when one of them changes: the task definition, which
// changes with the image, the settings, and the address of a restored database.
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
	}
	if p.env.Migration.SnapshotFirst {
		properties[gate.PropertySnapshotDatabase] = p.data.Database.Identifier
		properties[gate.PropertySnapshotKind] = "instance"
		if p.data.Database.Aurora {
			properties[gate.PropertySnapshotKind] = "cluster"
		}
		properties[gate.PropertySnapshotPrefix] = p.snapshotPrefix()
		properties[gate.PropertyRestoredFrom] = p.env.Database.Snapshot // is never deleted
		properties[gate.PropertyKeepSnapshots] = fmt.Sprint(p.env.Migration.KeepSnapshots)
	}
	return &properties
}

// grant allows the handler exactly what a migration needs: run tasks of this one family in this cluster, watch and stop tasks
// there, read their log, and invoke itself.
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
	g.handOver = awsiam.NewPolicy(g.Construct, jsii.String("GoOn"), &awsiam.PolicyProps{Roles: &[]awsiam.IRole{role}})
	g.handOver.AddStatements(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("lambda:InvokeFunction"), Resources: &[]*string{g.function.FunctionArn()},
	}))
}

// snapshotPrefix begins the names of the snapshots that are taken before this environment's migrations.
func (p *platform) snapshotPrefix() string { return "before-" + p.env.Application + "-" + p.env.Name }

// grantSnapshots allows the gate to take snapshots of this database, and to delete those that it has taken. Their names end in the
// version and a token, twelve characters each: a star in place of the question marks would include the names of an environment
// prod-2 in those of prod. The list of snapshots cannot be narrowed to names.
func (g *migrationGate) grantSnapshots(p *platform) {
	kind, actions := "snapshot", []string{"rds:CreateDBSnapshot", "rds:DeleteDBSnapshot", "rds:DescribeDBSnapshots"}
	if p.data.Database.Aurora {
		kind = "cluster-snapshot"
		actions = []string{"rds:CreateDBClusterSnapshot", "rds:DeleteDBClusterSnapshot", "rds:DescribeDBClusterSnapshots"}
	}
	role, create, remove, describe := g.function.Role(), actions[0], actions[1], actions[2]
	twelve := strings.Repeat("?", 12)
	own := p.arn("rds", kind+":"+p.snapshotPrefix()+"-"+twelve+"-"+twelve)
	allow(role, nil, []*string{own, p.data.Database.ARN}, create)
	allow(role, nil, []*string{own}, remove, "rds:AddTagsToResource") // a new snapshot gets the database's tags
	allow(role, nil, []*string{p.arn("rds", kind+":*"), p.data.Database.ARN}, describe)
}

// gate makes what can start the new image wait for the migration: a service, and the task definition of one-off commands, with
// the schedules that use it. CloudFormation changes it only after the gate has answered. A nil gate gates nothing.
func (g *migrationGate) gate(starts constructs.IConstruct) {
	if g == nil || g.resource == nil {
		return
	}
	starts.Node().AddDependency(g.resource)
}
