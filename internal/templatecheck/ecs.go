package templatecheck

import (
	"fmt"
	"slices"
	"strings"

	"dozen/internal/assembly"
)

// serviceTargets: a wrong container name or port passes every validator, and no target ever becomes healthy.
func serviceTargets(service *assembly.Resource, require requirer) {
	definition, known := service.Stack.Resources[target(service.Properties["TaskDefinition"])]
	for i, balancer := range list(service.Properties["LoadBalancers"]) {
		name := at(balancer, "ContainerName")
		if !known || name == nil {
			continue
		}
		property := fmt.Sprintf("LoadBalancers[%d]", i)
		serviceContainer(definition, balancer, property, require)
		group, ok := service.Stack.Resources[target(at(balancer, "TargetGroupArn"))]
		if !ok || definition.Properties["NetworkMode"] != "awsvpc" {
			continue
		}
		targetType := group.Properties["TargetType"]
		require(mayEqual(targetType, "ip"), property+".TargetGroupArn",
			fmt.Sprintf("its target type is %s, but awsvpc tasks have addresses of their own", shown(targetType)),
			"set TargetType to ip")
	}
}

// serviceContainer checks the container and the port to which a load balancer sends its requests.
func serviceContainer(definition *assembly.Resource, balancer any, property string, require requirer) {
	name, port := at(balancer, "ContainerName"), at(balancer, "ContainerPort")
	containers := list(definition.Properties["ContainerDefinitions"])
	i := slices.IndexFunc(containers, func(c any) bool { return mayEqual(at(c, "Name"), name) })
	require(i >= 0, property+".ContainerName",
		fmt.Sprintf("the task definition has no container %q", name),
		"use the name of one of its containers")
	if i < 0 || intrinsic(name) || intrinsic(at(containers[i], "Name")) {
		return // it may be a different container
	}
	mapsPort := func(mapping any) bool { return mayEqual(at(mapping, "ContainerPort"), port) }
	require(slices.ContainsFunc(list(at(containers[i], "PortMappings")), mapsPort), property+".ContainerPort",
		fmt.Sprintf("container %q does not map port %v", name, port),
		"map the port that the process listens on")
}

// serviceRollsBack: without a breaker, a task that never starts holds up the stack for three hours.
func serviceRollsBack(service *assembly.Resource, require requirer) {
	deployment := at(service.Properties, "DeploymentConfiguration")
	breaker := at(deployment, "DeploymentCircuitBreaker")
	require(mayEqual(at(breaker, "Enable"), true) && mayEqual(at(breaker, "Rollback"), true),
		"DeploymentConfiguration.DeploymentCircuitBreaker",
		"is not enabled with rollback",
		"set Enable and Rollback to true")
	for _, limit := range []string{"MinimumHealthyPercent", "MaximumPercent"} {
		require(at(deployment, limit) != nil, "DeploymentConfiguration."+limit,
			"is not set, and a default may let a deployment stop tasks before it starts new ones",
			"set it")
	}
}

// eachContainer calls check with the containers of a task definition and the path of each.
func eachContainer(definition *assembly.Resource, check func(container any, property string)) {
	for i, container := range list(definition.Properties["ContainerDefinitions"]) {
		check(container, fmt.Sprintf("ContainerDefinitions[%d].", i))
	}
}

// stopTimeouts: Fargate rejects more than 120 seconds, at deployment.
func stopTimeouts(definition *assembly.Resource, require requirer) {
	eachContainer(definition, func(container any, property string) {
		value := at(container, "StopTimeout")
		timeout, ok := number(value)
		require(intrinsic(value) || ok && timeout >= 2 && timeout <= 120, property+"StopTimeout",
			fmt.Sprintf("is %s; Fargate allows 2 to 120 seconds", shown(value)),
			"set it to a value in that range")
	})
}

// secretsNeedRole: a task whose secrets nobody may read stops before its container starts.
func secretsNeedRole(definition *assembly.Resource, require requirer) {
	eachContainer(definition, func(container any, property string) {
		require(len(list(at(container, "Secrets"))) == 0 || definition.Properties["ExecutionRoleArn"] != nil,
			property+"Secrets",
			"the task has no execution role that may read them",
			"set ExecutionRoleArn")
	})
}

// hardenedContainers: root, or a writable root file system, turns a bug in the app into a foothold.
func hardenedContainers(definition *assembly.Resource, require requirer) {
	eachContainer(definition, func(container any, property string) {
		user, _ := at(container, "User").(string)
		root := user == "" || user == "root" || user == "0" || strings.HasPrefix(user, "0:")
		require(intrinsic(at(container, "User")) || !root, property+"User",
			fmt.Sprintf("is %q, so the container runs as root", user),
			"set a numeric user other than 0")
		require(mayEqual(at(container, "ReadonlyRootFilesystem"), true), property+"ReadonlyRootFilesystem",
			"is not true",
			"set it to true, and mount a volume where the app must write")
		require(len(list(at(container, "LogConfiguration"))) > 0, property+"LogConfiguration",
			"is missing, so the process's output is lost",
			"add the awslogs driver")
	})
}
