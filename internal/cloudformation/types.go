package cloudformation

import "strings"

// Types of which more is known than their schema.
const (
	capacityProviders = "AWS::ECS::ClusterCapacityProviderAssociations"
	gatewayAttachment = "AWS::EC2::VPCGatewayAttachment"
	iamPolicy         = "AWS::IAM::Policy"
	iamRole           = "AWS::IAM::Role"
	lambdaFunction    = "AWS::Lambda::Function"
	loadBalancer      = "AWS::ElasticLoadBalancingV2::LoadBalancer"
	natGateway        = "AWS::EC2::NatGateway"
	ecsService        = "AWS::ECS::Service"
	schedule          = "AWS::Scheduler::Schedule"
	subnet            = "AWS::EC2::Subnet"
	taskDefinition    = "AWS::ECS::TaskDefinition"
	bucket            = "AWS::S3::Bucket"
	secret            = "AWS::SecretsManager::Secret"
	logGroup          = "AWS::Logs::LogGroup"
)

// definitionOf is the property of a type that names the task definition which it starts.
var definitionProperty = map[string]string{
	ecsService:          "TaskDefinition",
	schedule:            "Target.EcsParameters.TaskDefinitionArn",
	"AWS::Events::Rule": "Targets.EcsParameters.TaskDefinitionArn",
}

// database reports whether a type is an RDS instance or an Aurora cluster.
func database(resourceType string) bool {
	return resourceType == "AWS::RDS::DBInstance" || resourceType == "AWS::RDS::DBCluster"
}

// backing reports whether running tasks work with resources of a type, without AWS refusing to delete them.
func backing(resourceType string) bool {
	switch resourceType {
	case bucket, secret, "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::DynamoDB::Table",
		"AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache",
		"AWS::AppConfig::Application", "AWS::AppConfig::Environment", "AWS::AppConfig::ConfigurationProfile":
		return true
	}
	return database(resourceType)
}

// refusedFor are the types of users for which AWS refuses to delete a resource of a type.
var refusedFor = map[string][]string{
	"AWS::EC2::SecurityGroup": {
		ecsService, loadBalancer, lambdaFunction, "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::EC2::Instance",
		"AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache", "AWS::EC2::VPCEndpoint",
		"AWS::EC2::NetworkInterface", "AWS::EC2::LaunchTemplate", "AWS::SecretsManager::RotationSchedule",
	},
	subnet: {
		ecsService, loadBalancer, lambdaFunction, natGateway, "AWS::EC2::Instance", "AWS::EC2::VPCEndpoint",
		"AWS::EC2::NetworkInterface", "AWS::RDS::DBSubnetGroup", "AWS::ElastiCache::SubnetGroup",
		"AWS::ElastiCache::ServerlessCache", "AWS::AutoScaling::AutoScalingGroup", "AWS::SecretsManager::RotationSchedule",
	},
	"AWS::EC2::VPC":                            {subnet, "AWS::EC2::SecurityGroup", "AWS::EC2::VPCEndpoint", gatewayAttachment},
	"AWS::EC2::InternetGateway":                {gatewayAttachment},
	"AWS::EC2::EIP":                            {natGateway},
	"AWS::EC2::NetworkInterface":               {"AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup"},
	"AWS::EC2::RouteTable":                     {"AWS::EC2::SubnetRouteTableAssociation"},
	"AWS::ECS::Cluster":                        {ecsService},
	"AWS::ElasticLoadBalancingV2::TargetGroup": {"AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancingV2::Listener"},
	"AWS::CertificateManager::Certificate":     {"AWS::ElasticLoadBalancingV2::Listener"},
	"AWS::RDS::DBSubnetGroup":                  {"AWS::RDS::DBInstance", "AWS::RDS::DBCluster"},
	"AWS::RDS::DBParameterGroup":               {"AWS::RDS::DBInstance"},
	"AWS::RDS::DBClusterParameterGroup":        {"AWS::RDS::DBCluster"},
	"AWS::RDS::DBCluster":                      {"AWS::RDS::DBInstance"},
	"AWS::ElastiCache::SubnetGroup":            {"AWS::ElastiCache::ReplicationGroup"},
	"AWS::ElastiCache::UserGroup":              {"AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache"},
	"AWS::ElastiCache::User":                   {"AWS::ElastiCache::UserGroup"},
	"AWS::IAM::Role":                           {"AWS::IAM::InstanceProfile"},
	"AWS::IAM::InstanceProfile":                {"AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"},
	"AWS::AppConfig::Application":              {"AWS::AppConfig::Environment", "AWS::AppConfig::ConfigurationProfile"},
}

// securityGroupRule reports whether a type is a rule between security groups.
func securityGroupRule(resourceType string) bool {
	return strings.HasPrefix(resourceType, "AWS::EC2::SecurityGroup") && resourceType != "AWS::EC2::SecurityGroup"
}
