// Package gatetest is a fake of AWS on loopback, for tests that run real binaries: ECS, CloudWatch Logs, RDS snapshots,
// CloudFormation and the address of its answers, and Lambda with its Runtime API.
//
//	test ──► Function ── Runtime API ──► the real bootstrap, a process
//	  │         ▲                            │ AWS_ENDPOINT_URL
//	  └──► AWS ◄┼────────────────────────────┘ HTTPS_PROXY for answers, which go to a host of AWS
//	            └── Invoke (hand-over)
//
// It speaks the services' own protocols, so the program under test is the one that will run on AWS. It implements what
// the program relies on: RunTask's client token, If-None-Match on an answer, a new delivery after a death. Any call can
// be made to fail, or to take effect and lose its response.
package gatetest
