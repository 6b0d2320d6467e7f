// Package balancer is an Application Load Balancer with one target group, on one machine.
//
// It is there to prove that a release drops no request, so it behaves like the real one where that can hurt, and hides
// nothing: what would be a 5xx on AWS is a 5xx here.
//
//	Register ──► initial ── one passing check ──────────────────► healthy
//	                │                                              │   ▲
//	                │   UnhealthyThreshold failures in a row       │   │ HealthyThreshold
//	                └──────────────► unhealthy ◄───────────────────┘   │ passes in a row
//	                                     └─────────────────────────────┘
//	Deregister, from any of them:
//
//	 draining                                                              unused
//	    |── RoutingLag ──|                                                    |
//	    |  new requests  |                                                    |
//	    |   may still    |                                                    |
//	    |   come         |                                                    |
//	    |──────────────── DeregistrationDelay, also when idle ────────────────|
//	    |  requests in flight may finish                                      | and are cut, RoutingLag later
//
// # Where a request goes
//
// To the healthy targets, in turn. When none is healthy, to all that are registered and not draining: a balancer that
// sends nothing anywhere helps nobody ("fail open"). When there are none, 503.
//
// # What the client sees
//
//	502  the target refused the connection, or broke it before it answered
//	504  no answer within IdleTimeout, or no connection within 10 s
//	503  no target
//	a broken connection, when the target breaks off in the middle of its answer
//
// # No retries
//
// Go's http.Transport sends a request again when the kept-alive connection that it chose turns out to be closed. An
// Application Load Balancer does not: a web process whose keep-alive is shorter than the balancer's idle timeout gives
// users 502s. Here too; see sentOnce.
package balancer
