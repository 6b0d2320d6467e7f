// Package balancer is an Application Load Balancer with one target group, on one machine.
//
// Its purpose is to prove that a release drops no request. So it behaves like the real one wherever a request could
// fail, and hides nothing: a request that would get a 5xx on AWS gets a 5xx here.
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
//	    |──────────────── DeregistrationDelay, even when idle ────────────────|
//	    |  requests in flight may finish                                      | and are cut off
//
// AWS does not say whether the delay counts from the call or, on each node of the load balancer, from when the node hears of it,
// up to RoutingLag later. It counts from the call here. That is the harsher reading: it cuts off every request that the other
// one cuts off, and earlier.
//
// # Where a request goes
//
// To the healthy targets, in turn. If no target is healthy, to all that are registered and not draining ("fail open"):
// a balancer that sends no request anywhere helps nobody. If there is no such target either, the client gets a 503.
//
// # What the client sees
//
//	502  the target refused the connection, or broke it before it answered
//	504  no answer within IdleTimeout, or no connection within 10 s
//	503  no target
//	a broken connection, if the target breaks off in the middle of its answer
//
// # No retries
//
// Go's http.Transport sends a request again when the kept-alive connection that it chose turns out to be closed. An
// Application Load Balancer does not: users get 502s from a web process whose keep-alive is shorter than the balancer's
// idle timeout. They do here too; see sendOnce.
package balancer
