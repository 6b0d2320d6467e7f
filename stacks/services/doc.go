// Package services is the stack of what keeps nothing: it can be deleted and deployed again without touching data.
//
//	stack.go           puts everything together; formation.go makes a service of each line of the Procfile
//	platform.go        what all processes share: cluster, image, the data stack's exports, the topic of alarms
//	process.go         the ONE builder of task definitions, with variables.go, permissions.go and log_router.go
//	service.go         the one builder of ECS services
//	web.go worker.go scheduler.go admin.go    what only they have
//	migration.go       the migration gate that every service waits for; its function is internal/gate
//	one_off.go         where a task runs that is not part of a service, and who may start it
//	load_balancer.go   the only door to the internet
//	scaling.go         how workers scale; web's scaling is in web.go
//	metrics.go alarm.go alarms.go             what is measured, and whom it alerts
//	queries.go dashboard.go redeploy.go scheduled_tasks.go   what observes, starts or restarts the services
//
// What it needs of the data stack is the exports of package data. The references are read when this stack is deployed
// (docs/adr/0002), so that no export prevents a restore. Every figure of a release follows from one, in config/drain.go.
package services
