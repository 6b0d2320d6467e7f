package cloudformation

import (
	"slices"
	"strings"
)

// Types of which more is known than their schema.
const (
	bucket            = "AWS::S3::Bucket"
	capacityProviders = "AWS::ECS::ClusterCapacityProviderAssociations"
	ecsService        = "AWS::ECS::Service"
	iamPolicy         = "AWS::IAM::Policy"
	iamRole           = "AWS::IAM::Role"
	lambdaFunction    = "AWS::Lambda::Function"
	loadBalancer      = "AWS::ElasticLoadBalancingV2::LoadBalancer"
	replicationGroup  = "AWS::ElastiCache::ReplicationGroup"
	secret            = "AWS::SecretsManager::Secret"
	securityGroup     = "AWS::EC2::SecurityGroup"
	serverlessCache   = "AWS::ElastiCache::ServerlessCache"
	subnet            = "AWS::EC2::Subnet"
	taskDefinition    = "AWS::ECS::TaskDefinition"
)

// starts is the property of a type that names the task definition which it starts.
var starts = map[string]string{
	ecsService:                 "TaskDefinition",
	"AWS::Scheduler::Schedule": "Target.EcsParameters.TaskDefinitionArn",
	"AWS::Events::Rule":        "Targets.EcsParameters.TaskDefinitionArn",
}

// database reports whether a type is an RDS instance or an Aurora cluster.
func database(resourceType string) bool {
	return resourceType == "AWS::RDS::DBInstance" || resourceType == "AWS::RDS::DBCluster"
}

// backing reports whether tasks work with resources of a type, which AWS deletes under them.
func backing(resourceType string) bool {
	return database(resourceType) || slices.Contains([]string{
		bucket, secret, replicationGroup, serverlessCache, "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::DynamoDB::Table",
	}, resourceType) || strings.HasPrefix(resourceType, "AWS::AppConfig::")
}

// inSubnets are types with network interfaces of their own.
var inSubnets = []string{lambdaFunction, loadBalancer, serverlessCache, "AWS::EC2::Instance", "AWS::EC2::NetworkInterface",
	"AWS::EC2::VPCEndpoint", "AWS::SecretsManager::RotationSchedule"}

// refusedFor are the types of the users because of which AWS does not delete a resource of a type.
var refusedFor = map[string][]string{
	securityGroup: slices.Concat(inSubnets, []string{ecsService, replicationGroup, "AWS::EC2::LaunchTemplate",
		"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"}),
	subnet: slices.Concat(inSubnets, []string{ecsService, "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::NatGateway",
		"AWS::ElastiCache::SubnetGroup", "AWS::RDS::DBSubnetGroup"}),
	"AWS::AppConfig::Application":              {"AWS::AppConfig::Environment", "AWS::AppConfig::ConfigurationProfile"},
	"AWS::CertificateManager::Certificate":     {"AWS::ElasticLoadBalancingV2::Listener"},
	"AWS::EC2::EIP":                            {"AWS::EC2::NatGateway"},
	"AWS::EC2::InternetGateway":                {"AWS::EC2::VPCGatewayAttachment"},
	"AWS::EC2::NetworkInterface":               {"AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup"},
	"AWS::EC2::RouteTable":                     {"AWS::EC2::SubnetRouteTableAssociation"},
	"AWS::EC2::VPC":                            {"AWS::EC2::VPCGatewayAttachment", securityGroup, subnet, "AWS::EC2::VPCEndpoint"},
	"AWS::ECS::Cluster":                        {ecsService},
	"AWS::ElastiCache::SubnetGroup":            {replicationGroup},
	"AWS::ElastiCache::User":                   {"AWS::ElastiCache::UserGroup"},
	"AWS::ElastiCache::UserGroup":              {replicationGroup, serverlessCache},
	"AWS::ElasticLoadBalancingV2::TargetGroup": {"AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"},
	"AWS::IAM::InstanceProfile":                {"AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"},
	"AWS::IAM::Role":                           {"AWS::IAM::InstanceProfile"},
	"AWS::RDS::DBCluster":                      {"AWS::RDS::DBInstance"},
	"AWS::RDS::DBClusterParameterGroup":        {"AWS::RDS::DBCluster"},
	"AWS::RDS::DBParameterGroup":               {"AWS::RDS::DBInstance"},
	"AWS::RDS::DBSubnetGroup":                  {"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"},
}
