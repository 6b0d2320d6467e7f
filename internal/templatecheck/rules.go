package templatecheck

import "dozen/internal/assembly"

var rules = []rule{
	{"AWS::ECS::Service", serviceTargets},
	{"AWS::ECS::Service", serviceRollsBack},
	{"AWS::ECS::TaskDefinition", stopTimeouts},
	{"AWS::ECS::TaskDefinition", secretsNeedRole},
	{"AWS::ECS::TaskDefinition", hardenedContainers},
	{"AWS::ElasticLoadBalancingV2::TargetGroup", healthCheckTimeout},
	{"AWS::ElasticLoadBalancingV2::TargetGroup", noStickiness},
	{"AWS::ElasticLoadBalancingV2::LoadBalancer", twoZones},
	{"AWS::ElastiCache::ReplicationGroup", cacheNodes},
	{"AWS::ElastiCache::ReplicationGroup", cacheEncryption},
	{"AWS::Logs::LogGroup", logRetention},
	{"AWS::Lambda::Function", functionLogs},
	{"AWS::EC2::SecurityGroup", groupsStayClosed},
	{"AWS::EC2::SecurityGroupIngress", ingressStaysClosed},
	{"AWS::IAM::Policy", policies},
	{"AWS::IAM::Role", rolePolicies},
	{"", noImports},
}

// logRetention: CloudWatch keeps logs forever by default.
func logRetention(group *assembly.Resource, require requirer) {
	require(group.Properties["RetentionInDays"] != nil, "RetentionInDays",
		"is missing, so the logs are kept and paid for forever",
		"set it")
}

// functionLogs: Lambda makes a log group for a function without one, keeps its events forever, and leaves it behind.
func functionLogs(function *assembly.Resource, require requirer) {
	require(at(function.Properties["LoggingConfig"], "LogGroup") != nil, "LoggingConfig.LogGroup",
		"is missing, so Lambda makes a log group that is kept and paid for forever",
		"name a log group of this template; stacks/retention/helpers.go does it for functions of the construct library")
}

// noImports: an imported export can neither be changed nor removed while it is in use (aws-cdk#7602).
func noImports(resource *assembly.Resource, require requirer) {
	walk(resource.Properties, func(object map[string]any) {
		_, imports := object["Fn::ImportValue"]
		require(!imports, "Fn::ImportValue",
			"ties this stack to the export of another one",
			"use a weak reference, Fn::GetStackOutput")
	})
}

// walk visits every object inside a value.
func walk(value any, visit func(map[string]any)) {
	switch v := value.(type) {
	case map[string]any:
		visit(v)
		for _, inner := range v {
			walk(inner, visit)
		}
	case []any:
		for _, inner := range v {
			walk(inner, visit)
		}
	}
}
