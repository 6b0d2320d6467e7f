package stacks

import (
	"maps"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	// containerName is the same in every task definition, so that one-off commands and dashboards need not know the process.
	containerName = "app"
	// runAs is the user of every container; the image declares files for it and nothing for root.
	runAs = "65532:65532"
)

// processProps is what differs between the task definitions of two process types.
type processProps struct {
	name        string // of the process type
	command     []string
	size        Task
	stopTimeout time.Duration
	concurrency int // jobs at once; only workers have it
	web         bool
}

// ProcessTask is one process type: its task definition, roles, log group, and the security group that opens the database
// and the cache to it. Every process type is made here and nowhere else, so that a one-off command sees what web sees.
type ProcessTask struct {
	constructs.Construct
	definition awsecs.FargateTaskDefinition
	container  awsecs.ContainerDefinition
	group      awsec2.SecurityGroup
	logs       awslogs.LogGroup
	props      processProps
}

func (p *platform) newTask(scope constructs.Construct, props processProps) *ProcessTask {
	this := constructs.NewConstruct(scope, jsii.String("Process"))
	t := &ProcessTask{
		Construct: this,
		props:     props,
		logs:      newLogGroup(this, "Logs", p.env),
		group: awsec2.NewSecurityGroup(this, jsii.String("Group"), &awsec2.SecurityGroupProps{
			Vpc: p.data.network.vpc, Description: jsii.Sprintf("Tasks of %s", props.name),
		}),
	}
	p.data.postgres.allow(this, "Database", t.group)
	p.data.valkey.allow(this, "Cache", t.group)
	t.definition = awsecs.NewFargateTaskDefinition(this, jsii.String("Task"), p.definitionProps(props, nil, nil))
	t.container = p.addContainer(t.definition, props, t.logs)
	p.grant(t.definition.TaskRole())
	acknowledge(t.definition, settingsAreVariables, belowOwnPath, takesNoResource)
	return t
}

// admin makes web's task definition again with a command that only explains itself. It shares web's roles, logs and
// everything else, so that a one-off command cannot see less than web does.
func (p *platform) newAdminDefinition(scope constructs.Construct, id string, web *ProcessTask, command []string) awsecs.FargateTaskDefinition {
	props := web.props
	props.command = command
	definition := awsecs.NewFargateTaskDefinition(scope, jsii.String(id), p.definitionProps(props, web.definition.TaskRole(), web.definition.ObtainExecutionRole()))
	p.addContainer(definition, props, web.logs)
	acknowledge(definition, settingsAreVariables)
	return definition
}

func (p *platform) addContainer(definition awsecs.FargateTaskDefinition, props processProps, logs awslogs.LogGroup) awsecs.ContainerDefinition {
	container := definition.AddContainer(jsii.String(containerName), &awsecs.ContainerDefinitionOptions{
		Image:                  awsecs.ContainerImage_FromDockerImageAsset(p.image),
		Command:                jsii.Strings(props.command...),
		Environment:            p.environment(props),
		Secrets:                p.secrets(definition),
		Essential:              jsii.Bool(true),
		User:                   jsii.String(runAs),
		ReadonlyRootFilesystem: jsii.Bool(true),
		LinuxParameters:        hardened(definition),
		StopTimeout:            awscdk.Duration_Seconds(jsii.Number(props.stopTimeout.Seconds())),
		VersionConsistency:     awsecs.VersionConsistency_ENABLED,
		Ulimits:                &[]*awsecs.Ulimit{{Name: awsecs.UlimitName_NOFILE, SoftLimit: jsii.Number(65536), HardLimit: jsii.Number(65536)}},
		Logging:                p.logDriver(definition, props, logs),
	})
	if props.web {
		container.AddPortMappings(&awsecs.PortMapping{ContainerPort: jsii.Number(p.env.Web.Port), Protocol: awsecs.Protocol_TCP})
	}
	p.mountWritable(definition, container)
	p.addLogRouter(definition, props, logs)
	return container
}

// mountWritable gives the read-only container the few places it may write: /tmp, and with Shell on those of the agent that
// ECS Exec runs in it, which fails without a word otherwise (containers-roadmap#1359).
func (p *platform) mountWritable(definition awsecs.FargateTaskDefinition, container awsecs.ContainerDefinition) {
	places := map[string]string{"tmp": "/tmp"}
	names := []string{"tmp"}
	if p.env.Shell {
		places["exec-state"], places["exec-log"] = "/var/lib/amazon", "/var/log/amazon"
		names = append(names, "exec-state", "exec-log")
	}
	for _, name := range names {
		definition.AddVolume(&awsecs.Volume{Name: jsii.String(name)})
		container.AddMountPoints(&awsecs.MountPoint{SourceVolume: jsii.String(name), ContainerPath: jsii.String(places[name]), ReadOnly: jsii.Bool(false)})
	}
}

func (p *platform) definitionProps(props processProps, taskRole, executionRole awsiam.IRole) *awsecs.FargateTaskDefinitionProps {
	return &awsecs.FargateTaskDefinitionProps{
		Cpu:             jsii.Number(props.size.CPU),
		MemoryLimitMiB:  jsii.Number(props.size.MemoryMiB),
		TaskRole:        taskRole,
		ExecutionRole:   executionRole,
		RuntimePlatform: &awsecs.RuntimePlatform{CpuArchitecture: awsecs.CpuArchitecture_ARM64(), OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX()},
	}
}

// hardened runs an init process, so that children are reaped and signals reach the app, and drops every capability.
func hardened(scope constructs.Construct) awsecs.LinuxParameters {
	linux := awsecs.NewLinuxParameters(scope, jsii.String("Linux"), &awsecs.LinuxParametersProps{InitProcessEnabled: jsii.Bool(true)})
	linux.DropCapabilities(awsecs.Capability_ALL)
	return linux
}

func (p *platform) environment(props processProps) *map[string]*string {
	environment := map[string]*string{}
	for _, v := range variables {
		environment[v.name] = v.value(p, props)
	}
	for _, service := range p.data.attached {
		maps.Copy(environment, service.variables())
	}
	for name, value := range p.env.Settings {
		environment[name] = jsii.String(value)
	}
	return &environment
}

func (p *platform) secrets(scope constructs.Construct) *map[string]awsecs.Secret {
	secrets := map[string]awsecs.Secret{}
	for name, secret := range p.env.Secrets {
		imported := awssecretsmanager.Secret_FromSecretCompleteArn(scope, jsii.String("Secret-"+name), jsii.String(secret.ARN))
		var field *string
		if secret.Field != "" {
			field = jsii.String(secret.Field)
		}
		secrets[name] = awsecs.Secret_FromSecretsManager(imported, field)
	}
	return &secrets
}
