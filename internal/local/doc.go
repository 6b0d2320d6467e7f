// Package local runs a synthesized environment on one machine, exactly as its templates describe it.
//
//	         cdk.out                                      this machine
//	.--------------------.    assembly    .-----------------------------------------------.
//	| Data.template      |  ----------->  | backing: PostgreSQL, Valkey, stand-in for AWS |
//	| Services.template  |    answers     |              ^         ^           ^          |
//	|   TaskDefinition --+--------------> | definition -> task (process or container)     |
//	|   Migration -------+--------------> | migration: exit code 0, or no service changes |
//	|   Service ---------+--------------> | rollout, circuit breaker                      |
//	|   TargetGroup -----+--------------> | balancer: http://localhost:8080               |
//	'--------------------'                '-----------------------------------------------'
//
// Many values in a template are only known to AWS. localValues lists the attributes that have a value on this machine,
// and localVariables the variables that a task gets in addition to its definition's, each with the reason. Everything
// else reaches a task as it was synthesized; a test compares the two in running processes.
//
// What does not exist here: IAM, security groups, Fargate's start times, alarms (and so the rollbacks that they cause),
// scaling, TLS in front of the load balancer, container health checks, sidecars.
//
// Everything listens on loopback only, also a task that respects BIND, and the load balancer answers only to names of
// this machine: neither the network nor a page in the developer's browser is trusted.
//
// Up runs the environment. Every other command (release, ps, run, down) talks to it over a socket in its Home, a
// directory in the user's cache directory. Up holds a lock on the Home, which the operating system releases when Up
// ends, however it ends. The next Up ends the tasks that a crash left behind.
package local
