// Package stacks is the infrastructure: plain Go values in, CDK constructs out. It reads nothing from outside; main does.
//
//	environments.go          Environment{...}             values, the only place where environments differ
//	deployment.go                |  DOZEN_... variables    what varies by deployment: account, domain, ephemeral name
//	validate*.go                 |  every mistake at once, before anything is made
//	                             v
//	stage.go                  Stage "dev"                 the only file where stacks meet
//	                         /            \
//	data_stack.go        Data              Services       services_stack.go: cluster, a service for each line of the Procfile
//	what keeps data:       |                  |
//	network.go         <---+                  +--> process.go           the one builder of task definitions
//	database.go            |                  |      web.go worker.go scheduler.go admin.go   what only they have
//	cache.go               |   weak refer-    +--> migration.go         the gate that every service waits for
//	storage.go             +<-- ences         +--> load_balancer.go alarms.go ...
//	                                          |
//	                                          '--> options.go           queue, topic, table, ...: off by default
//
// Services may be destroyed and made again without touching data: it refers to Data by outputs that are read when it is deployed
// (docs/adr/0002), so no export stands in the way of a restore. Every figure of a release follows from one, in drain.go.
package stacks
