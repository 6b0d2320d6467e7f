package services

import (
	"slices"

	"dozen/config"
	"dozen/stacks/data"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecrassets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// platform is what all processes of an environment share.
type platform struct {
	env     config.Environment
	data    *data.Stack
	cluster awsecs.Cluster
	// capacity lets the cluster use Fargate and Fargate Spot. AWS does not remove it while a service uses it.
	capacity awsecs.CfnClusterCapacityProviderAssociations
	image    awsecrassets.DockerImageAsset
	proxy    awsecrassets.DockerImageAsset // nil where processes connect without it
	url      *string                       // where users reach web
	topic    awssns.Topic                  // receives alarms
	workers  []config.Process
}

// version names the image in the app's own logs: the first digits of its hash.
func (p *platform) version() string { return (*p.image.AssetHash())[:12] }

// arn returns an ARN in this account and region.
func (p *platform) arn(service, resource string) *string {
	return awscdk.Stack_Of(p.cluster).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String(service), Resource: jsii.String(resource), ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
	})
}

// newCluster makes the ECS cluster.
func newCluster(scope constructs.Construct, id string, e config.Environment, network data.Network) awsecs.Cluster {
	insights := awsecs.ContainerInsights_DISABLED
	if e.Options.ContainerInsights {
		insights = awsecs.ContainerInsights_ENABLED
	}
	cluster := awsecs.NewCluster(scope, jsii.String(id), &awsecs.ClusterProps{Vpc: network.VPC, ContainerInsightsV2: insights})
	if !e.Options.ContainerInsights {
		nag.Acknowledge(cluster, nag.CountedBySamples)
	}
	return cluster
}

// newCapacity lets the cluster use Fargate and Fargate Spot. It is made here, and not by the construct library, so that services
// can depend on it. It comes after the load balancer, whose minutes give ECS's service-linked role in a new account the time to
// appear.
func newCapacity(cluster awsecs.Cluster, balancer *loadBalancer) awsecs.CfnClusterCapacityProviderAssociations {
	props := &awsecs.CfnClusterCapacityProviderAssociationsProps{
		Cluster:                         cluster.ClusterName(),
		CapacityProviders:               &[]any{"FARGATE", "FARGATE_SPOT"},
		DefaultCapacityProviderStrategy: []any{},
	}
	capacity := awsecs.NewCfnClusterCapacityProviderAssociations(cluster, cluster.Node().Id(), props)
	capacity.Node().AddDependency(balancer.balancer)
	return capacity
}

// newImage makes the app's image. Its hash, and with it every task definition, depends only on its settings and on the files of
// its directory that may be part of it. Every image is built from this asset, also by `dozen up`.
func newImage(scope constructs.Construct, id string, app config.App) awsecrassets.DockerImageAsset {
	props := &awsecrassets.DockerImageAssetProps{
		Directory: jsii.String(app.Directory),
		Platform:  awsecrassets.Platform_LINUX_ARM64(),
		Exclude:   jsii.Strings(app.Exclude...),
	}
	if app.Dockerfile != "" {
		props.File = jsii.String(app.Dockerfile)
		// The library keeps a Dockerfile that a .dockerignore excludes only in the directory itself.
		props.Exclude = jsii.Strings(append(slices.Clone(app.Exclude), "!"+app.Dockerfile)...)
	}
	if app.Target != "" {
		props.Target = jsii.String(app.Target)
	}
	if len(app.Args) > 0 {
		arguments := map[string]*string{}
		for name, value := range app.Args {
			arguments[name] = jsii.String(value)
		}
		props.BuildArgs = &arguments
	}
	return awsecrassets.NewDockerImageAsset(scope, jsii.String(id), props)
}
