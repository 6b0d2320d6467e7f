package services

import (
	"maps"
	"time"

	"dozen/config"
	"dozen/stacks/data"
	"dozen/stacks/nag"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// runAs is the user of every container. The image has files for this user and none for root.
const runAs = "65532:65532"

// processProps is what differs between the task definitions of two processes.
type processProps struct {
	process     config.Process
	size        config.Task
	stopTimeout time.Duration
	concurrency int // jobs at once; only workers have it
}

// processTask is the task definition of one process, with its roles, its log group, and the security group that opens the
// database and the cache to it. Every process gets its own here and nowhere else, so that a one-off command sees what web sees.
type processTask struct {
	constructs.Construct
	definition awsecs.FargateTaskDefinition
	container  awsecs.ContainerDefinition
	group      awsec2.SecurityGroup
	logs       awslogs.LogGroup
	props      processProps
}

func newProcessTask(scope constructs.Construct, p *platform, props processProps) *processTask {
	this := constructs.NewConstruct(scope, jsii.String("Process"))
	t := &processTask{
		Construct: this,
		props:     props,
		logs:      retention.NewLogGroup(this, "Logs", p.env),
		group: awsec2.NewSecurityGroup(this, jsii.String("Group"), &awsec2.SecurityGroupProps{
			Vpc: p.data.Network.VPC, Description: jsii.Sprintf("Tasks of %s", props.process.Name),
		}),
	}
	admit(this, "Database", p.data.Database.Endpoint, t.group, "PostgreSQL")
	if p.data.Cache != nil {
		admit(this, "Cache", p.data.Cache.Endpoint, t.group, "Valkey")
	}
	t.definition = awsecs.NewFargateTaskDefinition(this, jsii.String("Task"), p.definitionProps(props, props.process.Name, nil, nil))
	t.container = p.addContainer(t.definition, props, t.logs)
	p.grant(t.definition.TaskRole())
	nag.Acknowledge(t.definition, nag.SettingsAreVariables)
	nag.AcknowledgePolicy(t.definition.TaskRole(), nag.BelowOwnPath)
	nag.AcknowledgePolicy(t.definition.ExecutionRole(), nag.TakesNoResource)
	return t
}

// admit lets tasks of a group connect to a server of the data stack. The rule is made in scope, in the services' stack, so that
// removing a process never waits for the data stack.
func admit(scope constructs.Construct, id string, server data.Endpoint, client awsec2.ISecurityGroup, description string) {
	guard := awsec2.SecurityGroup_FromSecurityGroupId(scope, jsii.String(id), server.Guard.SecurityGroupId(), nil)
	guard.AddIngressRule(client, awsec2.Port_Tcp(jsii.Number(server.TCPPort)), jsii.String(description), nil)
}

func (p *platform) addContainer(
	definition awsecs.FargateTaskDefinition, props processProps, logs awslogs.LogGroup,
) awsecs.ContainerDefinition {
	container := definition.AddContainer(jsii.String(config.ContainerName), &awsecs.ContainerDefinitionOptions{
		Image:                  awsecs.ContainerImage_FromDockerImageAsset(p.image),
		Command:                jsii.Strings(props.process.Command...),
		Environment:            p.environment(props),
		Secrets:                p.secrets(),
		DockerLabels:           p.labels(),
		Essential:              jsii.Bool(true),
		User:                   jsii.String(runAs),
		ReadonlyRootFilesystem: jsii.Bool(true),
		LinuxParameters:        hardened(definition),
		StopTimeout:            awscdk.Duration_Seconds(jsii.Number(props.stopTimeout.Seconds())),
		VersionConsistency:     awsecs.VersionConsistency_ENABLED,
		Ulimits:                openFiles(65536),
		Logging:                p.logDriver(definition, props, logs),
	})
	if props.process.Role == config.RoleWeb {
		container.AddPortMappings(&awsecs.PortMapping{ContainerPort: jsii.Number(p.env.Web.Port), Protocol: awsecs.Protocol_TCP})
	}
	p.mountWritable(definition, container)
	p.addLogRouter(definition, props, logs)
	p.addProxy(definition, container, logs)
	return container
}

// mountWritable gives the read-only container the few places where it may write: /tmp, and with Shell those of the agent that
// ECS Exec runs in it, which fails silently otherwise (containers-roadmap#1359).
func (p *platform) mountWritable(definition awsecs.FargateTaskDefinition, container awsecs.ContainerDefinition) {
	type volume struct{ name, path string }
	volumes := []volume{{"tmp", "/tmp"}}
	if p.env.Shell {
		volumes = append(volumes, volume{"exec-state", "/var/lib/amazon"}, volume{"exec-log", "/var/log/amazon"})
	}
	for _, v := range volumes {
		definition.AddVolume(&awsecs.Volume{Name: jsii.String(v.name)})
		container.AddMountPoints(&awsecs.MountPoint{
			SourceVolume: jsii.String(v.name), ContainerPath: jsii.String(v.path), ReadOnly: jsii.Bool(false),
		})
	}
}

func openFiles(limit int) *[]*awsecs.Ulimit {
	return &[]*awsecs.Ulimit{{Name: awsecs.UlimitName_NOFILE, SoftLimit: jsii.Number(limit), HardLimit: jsii.Number(limit)}}
}

// definitionProps names the family after application, environment and part: the library's own name has no application in it, and
// two applications in one account would share families.
func (p *platform) definitionProps(
	props processProps, part string, taskRole, executionRole awsiam.IRole,
) *awsecs.FargateTaskDefinitionProps {
	return &awsecs.FargateTaskDefinitionProps{
		Family:         jsii.Sprintf("%s-%s-%s", p.env.Application, p.env.Name, part),
		Cpu:            jsii.Number(props.size.CPU),
		MemoryLimitMiB: jsii.Number(props.size.MemoryMiB),
		TaskRole:       taskRole,
		ExecutionRole:  executionRole,
		RuntimePlatform: &awsecs.RuntimePlatform{
			CpuArchitecture: awsecs.CpuArchitecture_ARM64(), OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX(),
		},
	}
}

// hardened runs an init process, so that children are reaped and signals reach the app, and drops every capability.
func hardened(scope constructs.Construct) awsecs.LinuxParameters {
	linux := awsecs.NewLinuxParameters(scope, jsii.String("Linux"), &awsecs.LinuxParametersProps{InitProcessEnabled: jsii.Bool(true)})
	linux.DropCapabilities(awsecs.Capability_ALL)
	return linux
}

// environment is the variables of a process.
func (p *platform) environment(props processProps) *map[string]*string {
	environment := map[string]*string{}
	for _, v := range variables {
		environment[v.name] = v.value(p, props)
	}
	maps.Copy(environment, p.bucket())
	if p.env.Connect == config.ConnectProxy {
		maps.Copy(environment, p.urls())
	} else {
		maps.Copy(environment, p.servers())
	}
	for _, option := range p.data.Options {
		maps.Copy(environment, option.Variables)
	}
	for name, value := range p.env.Settings {
		environment[name] = jsii.String(value)
	}
	for name, ours := range p.env.Aliases {
		environment[name] = environment[ours]
	}
	return &environment
}

// labels say which variables are aliases, and of what; nil if none is.
func (p *platform) labels() *map[string]*string {
	if len(p.env.Aliases) == 0 {
		return nil
	}
	labels := map[string]*string{}
	for name, ours := range p.env.Aliases {
		labels[config.AliasLabel+name] = jsii.String(ours)
	}
	return &labels
}
