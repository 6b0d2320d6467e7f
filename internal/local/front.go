package local

import (
	"net"
	"slices"
	"time"

	"dozen/internal/assembly"
	"dozen/internal/local/balancer"
)

// defaultIdleTimeout is the idle timeout of an Application Load Balancer that does not set one.
const defaultIdleTimeout = 60 * time.Second

// front returns the settings of the load balancer and the target group in front of the services; nil if no service has
// one.
func (t *templates) front(services []assembly.Service) (*balancer.Settings, error) {
	groups, err := t.env.TargetGroups(t.answer)
	if err != nil {
		return nil, err
	}
	balancers, err := t.env.LoadBalancers(t.answer)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if !slices.ContainsFunc(services, func(s assembly.Service) bool { return s.TargetGroup == g.Resource }) {
			continue
		}
		settings := &balancer.Settings{
			HealthPath:          g.HealthPath,
			HealthInterval:      g.HealthInterval,
			HealthTimeout:       g.HealthTimeout,
			HealthyThreshold:    g.HealthyThreshold,
			UnhealthyThreshold:  g.UnhealthyThreshold,
			Matcher:             g.Matcher,
			DeregistrationDelay: g.DeregistrationDelay,
			IdleTimeout:         defaultIdleTimeout,
			RoutingLag:          t.settings.RoutingLag,
		}
		if len(balancers) > 0 {
			settings.IdleTimeout = balancers[0].IdleTimeout
		}
		return settings, settings.Validate()
	}
	return nil, nil
}

// startBalancer starts the load balancer with the settings of the first release. It keeps them until the environment
// stops.
func (e *environment) startBalancer(r *release, listener net.Listener) (stop func(), err error) {
	stop = func() {}
	if r.front == nil {
		return stop, nil
	}
	e.front = r.front
	if e.balancer, err = balancer.New(*r.front, e.log); err != nil {
		return stop, err
	}
	server := e.balancer.Server()
	server.Handler = answerLocalNames(server.Handler)
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close(); e.balancer.Close() }, nil
}
