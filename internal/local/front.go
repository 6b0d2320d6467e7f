package local

import (
	"net"
	"slices"
	"time"

	"dozen/internal/assembly"
	"dozen/internal/local/balancer"
)

// albIdleTimeout is a load balancer's where the template says nothing.
const albIdleTimeout = 60 * time.Second

// front reads the load balancer and target group in front of the environment's services; nil if none has one.
func (a *attached) front(env *assembly.Environment, services []assembly.Service) (*balancer.Settings, error) {
	groups, err := env.TargetGroups(a.answers)
	if err != nil {
		return nil, err
	}
	balancers, err := env.LoadBalancers(a.answers)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if !slices.ContainsFunc(services, func(s assembly.Service) bool { return s.TargetGroup == g.Resource }) {
			continue
		}
		settings := &balancer.Settings{
			HealthPath: g.HealthPath, HealthInterval: g.HealthInterval, HealthTimeout: g.HealthTimeout,
			HealthyThreshold: g.HealthyThreshold, UnhealthyThreshold: g.UnhealthyThreshold, Matcher: g.Matcher,
			DeregistrationDelay: g.DeregistrationDelay, IdleTimeout: albIdleTimeout, RoutingLag: a.settings.RoutingLag,
		}
		if len(balancers) > 0 {
			settings.IdleTimeout = balancers[0].IdleTimeout
		}
		return settings, settings.Validate()
	}
	return nil, nil
}

// startBalancer serves the first release's front. It stays when a later release has other settings, which says so.
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
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close(); e.balancer.Close() }, nil
}
