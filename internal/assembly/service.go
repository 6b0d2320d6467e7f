package assembly

import (
	"strings"
	"time"

	"dozen/config"
)

// Service is an AWS::ECS::Service with its scaling and its target group. Percentages are of the desired count.
type Service struct {
	*Resource
	Process        string    // the Procfile's name: the value of the tag config.ProcessTag; empty without that tag
	TaskDefinition *Resource // nil if it is not one of the environment's
	DesiredCount   int       // -1 if the template leaves it to the scaling
	Scaling        *Scaling  // nil for a service that does not scale
	Cluster        *Resource // nil if it is not one of the environment's

	MinimumHealthyPercent int // 100 by default
	MaximumPercent        int // 200 by default
	Breaker               Breaker

	TargetGroup *Resource     // nil for a service without load balancer
	TargetPort  int           // port of the container that receives the requests
	HealthGrace time.Duration // how long failed health checks do not count

	After []*Resource // created or updated before the service
}

// Breaker is the deployment circuit breaker.
type Breaker struct {
	Enabled, Rollback, ResetOnHealthyTask bool
	Failures                              int // failed tasks that end a service deployment; 0 is ECS's own rule
}

// Scaling is an AWS::ApplicationAutoScaling::ScalableTarget.
type Scaling struct{ Min, Max int }

// Services returns every service.
func (e *Environment) Services(answers Answers) ([]Service, error) {
	return views(e, "AWS::ECS::Service", answers, e.service)
}

func (e *Environment) service(r *Resource, p Properties) Service {
	deployment := p.At("DeploymentConfiguration")
	breaker := deployment.At("DeploymentCircuitBreaker")
	s := Service{
		Resource: r, DesiredCount: p.At("DesiredCount").Number(-1), Scaling: e.scaling(r, p),
		Process:               tag(p, config.ProcessTag),
		MinimumHealthyPercent: deployment.At("MinimumHealthyPercent").Number(100),
		MaximumPercent:        deployment.At("MaximumPercent").Number(200),
		HealthGrace:           p.At("HealthCheckGracePeriodSeconds").Seconds(0),
		Breaker: Breaker{
			Enabled: breaker.At("Enable").Bool(false), Rollback: breaker.At("Rollback").Bool(false),
			ResetOnHealthyTask: breaker.At("ResetOnHealthyTask").Bool(false),
		},
	}
	if threshold := breaker.At("ThresholdConfiguration"); threshold.At("Type").Text() == "COUNT" {
		s.Breaker.Failures = threshold.At("Value").Number(0)
	}
	s.TaskDefinition, _ = e.Follow(r, p.At("TaskDefinition").Raw())
	s.Cluster, _ = e.Follow(r, p.At("Cluster").Raw())
	for _, balancer := range p.At("LoadBalancers").Each() {
		s.TargetGroup, _ = e.Follow(r, balancer.At("TargetGroupArn").Raw())
		s.TargetPort = balancer.At("ContainerPort").Number(0)
	}
	for _, id := range r.DependsOn {
		if other := r.Stack.Resources[id]; other != nil {
			s.After = append(s.After, other)
		}
	}
	return s
}

// scaling returns the scalable target of a service, nil if it has none: the target's ResourceId ends with the service's name.
// The target's problems become the service's, so an unreadable target never looks like a service that does not scale.
func (e *Environment) scaling(service *Resource, p Properties) *Scaling {
	for _, r := range e.Resources("AWS::ApplicationAutoScaling::ScalableTarget") {
		id := e.Read(r, Symbolic).At("ResourceId").Text()
		target := e.Read(r, p.resolver.answers)
		target.problems = p.problems
		if strings.HasSuffix(id, "/${"+service.Stack.Name+"."+service.ID+".Name}") && target.exists() {
			return &Scaling{target.At("MinCapacity").Number(0), target.At("MaxCapacity").Number(0)}
		}
	}
	return nil
}

// tag returns the value of a resource's tag, or "" if the resource does not have the tag.
func tag(p Properties, key string) string {
	for _, tag := range p.At("Tags").Each() {
		if tag.At("Key").Text() == key {
			return tag.At("Value").Text()
		}
	}
	return ""
}
