// Package data is the stack of what keeps data, and the network around it:
//
//	network.go     VPC: public, private and isolated subnets
//	database.go    PostgreSQL on RDS or Aurora, its login and its rotation
//	cache.go       Valkey on ElastiCache and its login
//	existing.go    a network, a database or a cache that Dozen has not made
//	secrets.go     secrets with a value that AWS makes up, such as signing keys
//	storage.go     buckets for the app's files and for access logs
//	option_*.go    queue, topic, table, AppConfig, audit trail, budget: off by default
//
// exports.go is everything that other stacks see of it. A failed release, or the deletion of the services, never touches this
// stack.
package data
