package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecrassets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// platform is what all processes of an environment share.
type platform struct {
	env     Environment
	data    *DataStack
	cluster awsecs.Cluster
	image   awsecrassets.DockerImageAsset
	url     *string      // where users reach web
	topic   awssns.Topic // whom alarms tell
}

// version names the image in the app's own logs: the first digits of its hash.
func (p *platform) version() string { return (*p.image.AssetHash())[:12] }

// newCluster makes the ECS cluster, on Fargate and Fargate Spot.
func newCluster(scope constructs.Construct, id string, e Environment, network *VPC) awsecs.Cluster {
	insights := awsecs.ContainerInsights_DISABLED
	if e.Options.ContainerInsights {
		insights = awsecs.ContainerInsights_ENABLED
	}
	cluster := awsecs.NewCluster(scope, jsii.String(id), &awsecs.ClusterProps{
		Vpc:                            network.vpc,
		EnableFargateCapacityProviders: jsii.Bool(true),
		ContainerInsightsV2:            insights,
	})
	if !e.Options.ContainerInsights {
		acknowledge(cluster, countedBySamples)
	}
	return cluster
}

// newImage is the app's image. Its hash, and with it every task definition, depends on nothing but the files of its
// directory that are neither documentation nor tests' output.
func newImage(scope constructs.Construct, id string, directory string) awsecrassets.DockerImageAsset {
	return awsecrassets.NewDockerImageAsset(scope, jsii.String(id), &awsecrassets.DockerImageAssetProps{
		Directory: jsii.String(directory),
		Platform:  awsecrassets.Platform_LINUX_ARM64(),
		Exclude:   jsii.Strings(".git", "**/*.md", "**/.env", "**/.DS_Store"),
	})
}

// capacity spreads tasks over on-demand and Spot capacity by the share of Spot.
func (t Task) capacity() *[]*awsecs.CapacityProviderStrategy {
	var strategies []*awsecs.CapacityProviderStrategy
	if t.SpotPercent < 100 {
		strategies = append(strategies, &awsecs.CapacityProviderStrategy{CapacityProvider: jsii.String("FARGATE"), Weight: jsii.Number(100 - t.SpotPercent)})
	}
	if t.SpotPercent > 0 {
		strategies = append(strategies, &awsecs.CapacityProviderStrategy{CapacityProvider: jsii.String("FARGATE_SPOT"), Weight: jsii.Number(t.SpotPercent)})
	}
	return &strategies
}
