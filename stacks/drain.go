package stacks

import "time"

// Facts of AWS that the figures of a release rest on.
const (
	routingLag       = 3 * time.Second   // a load balancer may send requests to a target this long after its deregistration began
	healthInterval   = 5 * time.Second   // the least that a target group allows
	healthTimeout    = 2 * time.Second   // must be below the interval
	healthThreshold  = 2                 // consecutive checks; the least that a target group allows
	idleTimeout      = 60 * time.Second  // the load balancer's default for idle connections
	fargateStart     = 30 * time.Second  // from RunTask to a running container, typical for a small image
	pullAndBoot      = 1 * time.Second   // of an 8 MB image, and of a Go process
	longestStopByAWS = 120 * time.Second // Fargate's limit for the stop timeout
)

// stopMargin is kept between the drain that a process is promised and SIGKILL.
const stopMargin = 2 * time.Second

// shortStop is the stop timeout of processes that hold no requests and no long jobs.
const shortStop = 30 * time.Second

// drain is every figure of a release, derived from the longest request that it promises to finish:
//
//	SIGTERM or deregistration, in either order
//	   |-- routing lag --|-- longest request --|-- a moment --|-- margin --|
//	   |  still accepts  |      finishes       |    closes    |            |
//	   |-------------------- app's drain ---------------------|            |
//	   |-------------------------- stop timeout ---------------------------| SIGKILL
//
// Deriving them in one place prevents the 5xx of a drain that is longer than the time before SIGKILL, and of a keep-alive
// that is shorter than the load balancer's.
type drain struct{ longestRequest time.Duration }

// deregistration is the load balancer's delay: requests in flight when it begins may finish.
func (d drain) deregistration() time.Duration { return d.longestRequest + time.Second }

// app is the time that a process has from SIGTERM to its exit, DRAIN_SECONDS. Signal and deregistration never come in the same
// instant, and closing takes a moment: without the last second a request that came at the end of the lag is cut off.
func (d drain) app() time.Duration { return routingLag + d.longestRequest + time.Second }

// stopTimeout is the time from SIGTERM to SIGKILL.
func (d drain) stopTimeout() time.Duration { return d.app() + stopMargin }

// keepAlive is how long web holds idle connections: longer than the load balancer, so that it never closes one that the
// load balancer is about to use.
func (d drain) keepAlive() time.Duration { return idleTimeout + 15*time.Second }

// ReleaseTime is the part of a rolling release of web that settings control: the new task's health checks, the old one's
// deregistration and drain, pull and boot.
func (w Web) ReleaseTime() time.Duration {
	d := drain{w.LongestRequest}
	return healthInterval*healthThreshold + d.deregistration() + routingLag + pullAndBoot
}

// FailedReleaseTime is how long a release whose tasks never turn healthy lasts until it is rolled back. New tasks start in
// waves as large as the service (200 %), and each wave lasts from start to the failed health checks after the grace period.
func (w Web) FailedReleaseTime() time.Duration {
	unhealthy := max(w.StartBudget, healthInterval*healthThreshold)
	waves := (w.FailuresToRollBack + w.Min - 1) / w.Min
	return time.Duration(waves) * (fargateStart + unhealthy + healthInterval)
}
