// Package local runs a synthesized environment on one machine, exactly as its templates say.
//
//	         cdk.out                                      this machine
//	.--------------------.    assembly    .--------------------------------------------.
//	| Data.template      |  ----------->  | attached: PostgreSQL, Valkey, AWS stand-in |
//	| Services.template  |    answers     |    ^         ^          ^                  |
//	|   TaskDefinition --+--------------> | definition -> task (process or container)  |
//	|   Migration -------+--------------> | gate: exit code 0, or nothing changes      |
//	|   Service ---------+--------------> | rollout, circuit breaker                   |
//	|   TargetGroup -----+--------------> | balancer: http://localhost:8080            |
//	'--------------------'                '--------------------------------------------'
//
// A template is full of values that only AWS knows: `replaced` lists what stands here for which attribute, `own` the variables
// that a task gets beside its definition's, each with the reason. Everything else reaches a task as it was synthesized, and a
// test compares the two in running processes.
//
// What is not here: IAM, security groups, Fargate's start times, alarms (and so their rollbacks), scaling, TLS in front of the
// load balancer, container health checks, sidecars.
//
// Up holds the environment; every other command (release, ps, run, down) asks it over a socket in its State, which lives in the
// user's cache directory. The system itself frees the State's lock when Up ends, however it ends, and the next Up ends the tasks
// that a crash has left.
package local
