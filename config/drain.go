package config

import "time"

// Facts of AWS that the figures of a release rest on.
const (
	RoutingLag      = 3 * time.Second   // a load balancer may send requests to a target this long after its deregistration began
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

// Drain derives every timeout of a release from the longest request that the release lets finish:
//
//	SIGTERM or deregistration, in either order
//	   |-- routing lag --|-- longest request --|-- a moment --|-- margin --|
//	   |  still accepts  |      finishes       |    closes    |            |
//	   |-------------------- app's drain ---------------------|            |
//	   |-------------------------- stop timeout ---------------------------| SIGKILL
//
// Deriving them in one place prevents the 5xx of a drain that is longer than the time before SIGKILL, and of a keep-alive
// that is shorter than the load balancer's.
type Drain struct{ LongestRequest time.Duration }

// Deregistration is the load balancer's delay: requests that are in flight when it begins may finish.
func (d Drain) Deregistration() time.Duration { return d.LongestRequest + time.Second }

// App is the time that a process has from SIGTERM to its exit, DRAIN_SECONDS. Signal and deregistration never come in the same
// instant, and closing takes a moment: without the last second, a request that came at the end of the lag is cut off.
func (d Drain) App() time.Duration { return RoutingLag + d.LongestRequest + time.Second }

// StopTimeout is the time from SIGTERM to SIGKILL.
func (d Drain) StopTimeout() time.Duration { return d.App() + StopMargin }

// KeepAlive is how long web keeps idle connections open: longer than the load balancer does, so that web never closes a
// connection that the load balancer is about to use.
func (d Drain) KeepAlive() time.Duration { return IdleTimeout + 15*time.Second }

// ReleaseTime is the part of a rolling release of web that settings control: the new task's health checks, the old task's
// deregistration and drain, pull and boot.
func (w Web) ReleaseTime() time.Duration {
	d := Drain{w.LongestRequest}
	return HealthInterval*HealthThreshold + d.Deregistration() + RoutingLag + pullAndBoot
}

// FailedReleaseTime is the time until a release whose tasks never become healthy is rolled back. New tasks start in waves as
// large as the service (200 %), and each wave lasts from the start to the failed health checks after the grace period.
func (w Web) FailedReleaseTime() time.Duration {
	unhealthy := max(w.StartBudget, HealthInterval*HealthThreshold)
	waves := (w.FailuresToRollBack + w.Min - 1) / w.Min
	return time.Duration(waves) * (fargateStart + unhealthy + HealthInterval)
}
