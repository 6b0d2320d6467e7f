// Package stacks is the infrastructure of one environment. The settings of package config go in, CDK constructs come out. It
// reads nothing from outside; main.go does.
//
//	config.Environment, config.App
//	             |
//	             v
//	         stage.go   Stage "dev": the only place where the stacks meet
//	        /        \
//	   data/          services/
//	   what keeps     what keeps nothing: load balancer, a service for each line of the Procfile,
//	   data, and  <-- the migration gate, scaling, alarms
//	   the network
//	        \        /
//	     retention/   what outlives its stack: removal policies and log groups
//	     nag/         cdk-nag's checks, and the findings that are acknowledged
//
// What the services need of the data stack is exactly what package data exports: data/exports.go. Each file below is one
// construct, named after it.
package stacks
