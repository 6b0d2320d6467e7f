package assembly

import (
	"cmp"
	"time"
)

// TargetGroup is an AWS::ElasticLoadBalancingV2::TargetGroup. The defaults are those of an application load balancer.
type TargetGroup struct {
	*Resource
	HealthPath          string        // "/" by default
	HealthInterval      time.Duration // 30 s by default
	HealthTimeout       time.Duration // 5 s by default
	HealthyThreshold    int           // 5 by default
	UnhealthyThreshold  int           // 2 by default
	Matcher             string        // HTTP status codes: "200", "200,302", "200-299"
	DeregistrationDelay time.Duration // 300 s by default
	Port                int
}

// LoadBalancer is an AWS::ElasticLoadBalancingV2::LoadBalancer.
type LoadBalancer struct {
	*Resource
	IdleTimeout time.Duration // 60 s by default
}

// TargetGroups returns every target group.
func (e *Environment) TargetGroups(answers Answers) ([]TargetGroup, error) {
	return views(e, "AWS::ElasticLoadBalancingV2::TargetGroup", answers, func(r *Resource, p Properties) TargetGroup {
		return TargetGroup{
			Resource:            r,
			HealthPath:          cmp.Or(p.At("HealthCheckPath").Text(), "/"),
			Port:                p.At("Port").Number(0),
			HealthInterval:      p.At("HealthCheckIntervalSeconds").Seconds(30 * time.Second),
			HealthTimeout:       p.At("HealthCheckTimeoutSeconds").Seconds(5 * time.Second),
			HealthyThreshold:    p.At("HealthyThresholdCount").Number(5),
			UnhealthyThreshold:  p.At("UnhealthyThresholdCount").Number(2),
			Matcher:             cmp.Or(p.At("Matcher", "HttpCode").Text(), "200"),
			DeregistrationDelay: attribute(p.At("TargetGroupAttributes"), "deregistration_delay.timeout_seconds", 300*time.Second),
		}
	})
}

// LoadBalancers returns every load balancer.
func (e *Environment) LoadBalancers(answers Answers) ([]LoadBalancer, error) {
	return views(e, "AWS::ElasticLoadBalancingV2::LoadBalancer", answers, func(r *Resource, p Properties) LoadBalancer {
		return LoadBalancer{
			Resource:    r,
			IdleTimeout: attribute(p.At("LoadBalancerAttributes"), "idle_timeout.timeout_seconds", 60*time.Second),
		}
	})
}

// attribute returns the value of a key in a list of attributes.
func attribute(list Properties, key string, fallback time.Duration) time.Duration {
	for _, item := range list.Each() {
		if item.At("Key").Text() == key {
			return item.At("Value").Seconds(fallback)
		}
	}
	return fallback
}
