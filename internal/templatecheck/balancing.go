package templatecheck

import (
	"fmt"

	"dozen/internal/assembly"
)

// healthCheckTimeout: the API rejects a timeout that is not below the interval, after the load balancer has been
// created.
func healthCheckTimeout(group *assembly.Resource, require requirer) {
	interval, okInterval := number(group.Properties["HealthCheckIntervalSeconds"])
	timeout, okTimeout := number(group.Properties["HealthCheckTimeoutSeconds"])
	require(!okInterval || !okTimeout || timeout < interval, "HealthCheckTimeoutSeconds",
		fmt.Sprintf("is %g, which is not below the interval of %g", timeout, interval),
		"lower it")
}

// noStickiness: processes share nothing, so a user must be free to reach any task.
func noStickiness(group *assembly.Resource, require requirer) {
	for _, attribute := range list(group.Properties["TargetGroupAttributes"]) {
		require(at(attribute, "Key") != "stickiness.enabled" || at(attribute, "Value") != "true", "TargetGroupAttributes",
			"stickiness is on, but processes must not keep state between requests",
			"turn stickiness.enabled off")
	}
}

// twoZones: a load balancer in one zone is rejected at deployment.
func twoZones(balancer *assembly.Resource, require requirer) {
	subnets, ok := balancer.Properties["Subnets"].([]any)
	require(!ok || len(subnets) >= 2, "Subnets",
		fmt.Sprintf("has %d subnets, but a load balancer needs two zones", len(subnets)),
		"name subnets in at least two zones")
}
