package config

import "time"

// Facts of AWS that the figures of a release rest on. How long a load balancer goes on sending requests to a task that leaves is
// not among them: see Web.RoutingLag.
const (
	HealthInterval  = 5 * time.Second   // between health checks: the shortest that a target group allows
	HealthTimeout   = 2 * time.Second   // of one health check; must be shorter than the interval
	HealthThreshold = 2                 // consecutive health checks: the fewest that a target group allows
	IdleTimeout     = 60 * time.Second  // the load balancer's default for idle connections
	fargateStart    = 30 * time.Second  // from RunTask to a running container, typical for a small image
	pullAndBoot     = 1 * time.Second   // of an 8 MB image and a Go process
	maxStopTimeout  = 120 * time.Second // Fargate's limit
)

// StopMargin is the time between the end of the drain that a process is promised and SIGKILL.
const StopMargin = 2 * time.Second

// ShortStop is the stop timeout of processes without requests and long jobs.
const ShortStop = 30 * time.Second

// Drain derives every timeout of a release from the longest request that the release lets finish and from the routing lag:
//
//	deregistration
//	   |-- routing lag --|-- longest request --|-- a moment --| target unused
//	   |   requests      |      finishes                      |
//	   |   still come    |                                    |
//	   |----------------- deregistration delay ---------------|
//
//	SIGTERM
//	   |---- accepts ----|-- longest request --|-- a moment --|-- margin --|
//	   |   requests      |      finishes       |    closes    |            |
//	   |   still come    |                     |              |            |
//	   |-------------------- app's drain ---------------------|            |
//	   |-------------------------- stop timeout ---------------------------| SIGKILL
//
// ECS sends SIGTERM when the target is unused (AmazonECS/latest/developerguide/load-balancer-connection-draining.html), so in a
// release the second line follows the first. Other reports say that they begin together, or that SIGTERM comes first: each line
// alone is long enough for every order. Deriving them in one place prevents the 5xx of a drain that is longer than the time before
// SIGKILL, and of a keep-alive that is shorter than the load balancer's.
//
// A Spot interruption is another matter: the task gets SIGTERM, and may stay registered until it has stopped
// (repost.aws/knowledge-center/fargate-spot-termination-notice). Web then fails its health checks on purpose, and takes requests
// until the load balancer has noticed.
type Drain struct {
	LongestRequest, RoutingLag time.Duration
	Spot                       bool // whether a task may be interrupted
}

// Drain returns the timeouts of web's releases.
func (w Web) Drain() Drain { return Drain{w.LongestRequest, w.RoutingLag, w.SpotPercent > 0} }

// Deregistration is the load balancer's delay. AWS does not say whether it counts from the API call or from when a node of the
// load balancer hears of it. It counts from the call here, which is the shorter time: the last request that still comes has the
// time that it may take.
func (d Drain) Deregistration() time.Duration { return d.RoutingLag + d.LongestRequest + time.Second }

// Accepts is how long web takes new requests after SIGTERM, ROUTING_LAG_SECONDS.
func (d Drain) Accepts() time.Duration {
	if d.Spot {
		return HealthInterval*HealthThreshold + d.RoutingLag
	}
	return d.RoutingLag
}

// App is the time that a process has from SIGTERM to its exit, DRAIN_SECONDS. Signal and deregistration never come in the same
// instant, and closing takes a moment: without the last second, a request that came at the end of the lag is cut off.
func (d Drain) App() time.Duration { return d.Accepts() + d.LongestRequest + time.Second }

// StopTimeout is the time from SIGTERM to SIGKILL.
func (d Drain) StopTimeout() time.Duration { return d.App() + StopMargin }

// KeepAlive is how long web keeps idle connections open: longer than the load balancer does, so that web never closes a
// connection that the load balancer is about to use.
func (d Drain) KeepAlive() time.Duration { return IdleTimeout + 15*time.Second }

// ReleaseTime is the part of a rolling release of web that settings control: pull and boot, a new task's first health check, an
// old task's deregistration, and then its drain without requests. A new target is healthy after one passed check, whatever the
// threshold (elasticloadbalancing/latest/application/target-group-health-checks.html). The lag counts twice, because a task that
// gets SIGTERM does not know that the load balancer has already let go of it.
//
// Not in this figure, because no setting controls it: Fargate's time to start a task, about 30 s, and the time for which ECS goes
// on watching the alarms after the last old task has stopped, which ECS computes from the alarms
// (AmazonECS/latest/developerguide/deployment-alarm-failure.html).
func (w Web) ReleaseTime() time.Duration {
	d := w.Drain()
	return pullAndBoot + HealthInterval + d.Deregistration() + d.Accepts()
}

// FailedReleaseTime is the time until a release whose tasks never become healthy is rolled back. New tasks start in waves as
// large as the service (200 %), and each wave lasts from the start to the failed health checks after the grace period.
func (w Web) FailedReleaseTime() time.Duration {
	unhealthy := max(w.StartBudget, HealthInterval*HealthThreshold)
	waves := (w.FailuresToRollBack + w.Min - 1) / w.Min
	return time.Duration(waves) * (fargateStart + unhealthy + HealthInterval)
}
