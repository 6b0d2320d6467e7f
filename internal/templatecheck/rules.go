package templatecheck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"dozen/internal/assembly"
)

var rules = []rule{
	{"AWS::ECS::Service", serviceTargets},
	{"AWS::ECS::Service", serviceRollsBack},
	{"AWS::ECS::TaskDefinition", stopTimeouts},
	{"AWS::ECS::TaskDefinition", secretsNeedRole},
	{"AWS::ECS::TaskDefinition", hardenedContainers},
	{"AWS::ElasticLoadBalancingV2::TargetGroup", targetGroups},
	{"AWS::ElasticLoadBalancingV2::LoadBalancer", zonesOfLoadBalancer},
	{"AWS::ElastiCache::ReplicationGroup", replicationGroups},
	{"AWS::Logs::LogGroup", logsEnd},
	{"AWS::EC2::SecurityGroup", groupsStayClosed},
	{"AWS::EC2::SecurityGroupIngress", ingressStaysClosed},
	{"AWS::IAM::Policy", policies},
	{"AWS::IAM::Role", rolePolicies},
	{"", noImports},
}

// serviceTargets: a wrong container name or port passes every validator, and no target ever turns healthy.
func serviceTargets(service *assembly.Resource, found report) {
	definition, known := service.Stack.Resources[target(service.Properties["TaskDefinition"])]
	for i, balancer := range list(service.Properties["LoadBalancers"]) {
		property := fmt.Sprintf("LoadBalancers[%d]", i)
		name, port := at(balancer, "ContainerName"), at(balancer, "ContainerPort")
		if !known || name == nil {
			continue
		}
		container := containerNamed(definition, name)
		switch {
		case container == nil:
			found(property+".ContainerName", fmt.Sprintf("no container is called %q", name), "use a name from the task definition")
		case intrinsic(name) || intrinsic(at(container, "Name")): // it may be another one
		case !slices.ContainsFunc(list(at(container, "PortMappings")), func(m any) bool { return agrees(at(m, "ContainerPort"), port) }):
			found(property+".ContainerPort", fmt.Sprintf("container %q does not map port %v", name, port), "map the port that the process listens on")
		}
		group, ok := service.Stack.Resources[target(at(balancer, "TargetGroupArn"))]
		if ok && definition.Properties["NetworkMode"] == "awsvpc" && !agrees(group.Properties["TargetType"], "ip") {
			found(property+".TargetGroupArn", fmt.Sprintf("its target type is %v, and awsvpc tasks have addresses of their own", group.Properties["TargetType"]), "set TargetType to ip")
		}
	}
}

func containerNamed(definition *assembly.Resource, name any) any {
	for _, container := range list(definition.Properties["ContainerDefinitions"]) {
		if agrees(at(container, "Name"), name) {
			return container
		}
	}
	return nil
}

// serviceRollsBack: without a breaker a task that never starts holds the stack for three hours.
func serviceRollsBack(service *assembly.Resource, found report) {
	breaker := at(service.Properties, "DeploymentConfiguration", "DeploymentCircuitBreaker")
	if !agrees(at(breaker, "Enable"), true) || !agrees(at(breaker, "Rollback"), true) {
		found("DeploymentConfiguration.DeploymentCircuitBreaker", "not enabled with rollback", "set Enable and Rollback to true")
	}
	for _, limit := range []string{"MinimumHealthyPercent", "MaximumPercent"} {
		if at(service.Properties, "DeploymentConfiguration", limit) == nil {
			found("DeploymentConfiguration."+limit, "not set, and the default of 50 % lets a release stop tasks first", "set it")
		}
	}
}

// stopTimeouts: Fargate refuses more than 120 seconds, at deployment.
func stopTimeouts(definition *assembly.Resource, found report) {
	for i, container := range list(definition.Properties["ContainerDefinitions"]) {
		value := at(container, "StopTimeout")
		timeout, ok := number(value)
		if !intrinsic(value) && (!ok || timeout < 2 || timeout > 120) {
			found(fmt.Sprintf("ContainerDefinitions[%d].StopTimeout", i), fmt.Sprintf("is %v; Fargate allows 2 to 120 seconds", value), "set it in that range")
		}
	}
}

// secretsNeedRole: a task whose secrets nobody may read stops before its container starts.
func secretsNeedRole(definition *assembly.Resource, found report) {
	for i, container := range list(definition.Properties["ContainerDefinitions"]) {
		if len(list(at(container, "Secrets"))) > 0 && definition.Properties["ExecutionRoleArn"] == nil {
			found(fmt.Sprintf("ContainerDefinitions[%d].Secrets", i), "the task has no execution role that could read them", "set ExecutionRoleArn")
		}
	}
}

// hardenedContainers: root, or a writable root file system, turns a bug in the app into a foothold.
func hardenedContainers(definition *assembly.Resource, found report) {
	for i, container := range list(definition.Properties["ContainerDefinitions"]) {
		field := fmt.Sprintf("ContainerDefinitions[%d].", i)
		user, _ := at(container, "User").(string)
		if user == "" && !intrinsic(at(container, "User")) || user == "root" || user == "0" || strings.HasPrefix(user, "0:") {
			found(field+"User", fmt.Sprintf("is %q, which is root", user), "name a numeric user other than 0")
		}
		if !agrees(at(container, "ReadonlyRootFilesystem"), true) {
			found(field+"ReadonlyRootFilesystem", "is not true", "set it, and mount a volume where the app must write")
		}
		if len(list(at(container, "LogConfiguration"))) == 0 {
			found(field+"LogConfiguration", "is missing: what the process prints is lost", "add the awslogs driver")
		}
	}
}

// targetGroups: the API refuses a timeout that is not below the interval, after the load balancer has been made.
func targetGroups(group *assembly.Resource, found report) {
	interval, okInterval := number(group.Properties["HealthCheckIntervalSeconds"])
	timeout, okTimeout := number(group.Properties["HealthCheckTimeoutSeconds"])
	if okInterval && okTimeout && timeout >= interval {
		found("HealthCheckTimeoutSeconds", fmt.Sprintf("is %g and not below the interval of %g", timeout, interval), "lower it")
	}
	for _, attribute := range list(group.Properties["TargetGroupAttributes"]) {
		if at(attribute, "Key") == "stickiness.enabled" && at(attribute, "Value") == "true" {
			found("TargetGroupAttributes", "stickiness is on, and processes share nothing", "switch it off")
		}
	}
}

// zonesOfLoadBalancer: a load balancer in one zone is refused at deployment.
func zonesOfLoadBalancer(balancer *assembly.Resource, found report) {
	if subnets, ok := balancer.Properties["Subnets"].([]any); ok && len(subnets) < 2 {
		found("Subnets", fmt.Sprintf("names %d subnet", len(subnets)), "name subnets in two zones or more")
	}
}

var cacheNode = regexp.MustCompile(`^cache\.(t[34]g?|[mr][5-8]g?|c[7-8]gn?)\.(micro|small|medium|[0-9]*x?large)$`)

// replicationGroups: engine, node type and failover are plain strings to every validator.
func replicationGroups(group *assembly.Resource, found report) {
	if engine := group.Properties["Engine"]; !agrees(engine, "valkey") {
		found("Engine", fmt.Sprintf("is %v", engine), "write valkey")
	}
	node := group.Properties["CacheNodeType"]
	if name, _ := node.(string); !intrinsic(node) && !cacheNode.MatchString(name) {
		found("CacheNodeType", fmt.Sprintf("is %v, which no region offers", node), "write one such as cache.t4g.micro")
	}
	nodes, ok := number(group.Properties["NumCacheClusters"])
	if ok && nodes < 2 && (group.Properties["AutomaticFailoverEnabled"] == true || group.Properties["MultiAZEnabled"] == true) {
		found("AutomaticFailoverEnabled", "is on with a single node to fail over to", "add a replica or switch it off")
	}
	for _, property := range []string{"TransitEncryptionEnabled", "AtRestEncryptionEnabled"} {
		if !agrees(group.Properties[property], true) {
			found(property, "is not true", "set it; it cannot be changed later without replacing the cache")
		}
	}
}

// logsEnd: CloudWatch keeps logs for ever unless told otherwise.
func logsEnd(group *assembly.Resource, found report) {
	if group.Properties["RetentionInDays"] == nil {
		found("RetentionInDays", "is missing: the logs are kept and paid for for ever", "set it")
	}
}

// noImports: an imported export can neither be changed nor removed while it is in use (aws-cdk#7602).
func noImports(resource *assembly.Resource, found report) {
	walk(resource.Properties, func(object map[string]any) {
		if _, ok := object["Fn::ImportValue"]; ok {
			found("Fn::ImportValue", "ties this stack to another one's export", "reference weakly, with Fn::GetStackOutput")
		}
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
