package data

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
)

// Network is where tasks and the load balancer run.
type Network struct {
	VPC             awsec2.IVpc
	TaskSubnets     *awsec2.SubnetSelection
	PublicAddresses bool // tasks need public addresses to reach the internet
}

// Endpoint is a server that processes connect to over TLS.
type Endpoint struct {
	Host, Port *string
	TCPPort    int                       // as a number, for rules
	Login      awssecretsmanager.ISecret // JSON with username and password
	LoginKey   string                    // ARN of a key of the team's own that encrypts it, or empty
	Guard      awsec2.ISecurityGroup     // admits nobody until a rule says so
}

// Database is PostgreSQL.
type Database struct {
	Endpoint
	Name       string  // of the database on the server
	User       string  // who owns it, and logs in
	Identifier *string // of the instance or cluster, for alarms and snapshots; nil if Dozen has not made it
	ARN        *string
	Aurora     bool   // a cluster
	Rotation   string // name of the function that rotates the password, for alarms; empty without rotation
}

// Cache is Valkey.
type Cache struct {
	Endpoint
	Nodes []*string // ids of the nodes, for alarms; none when serverless
}

// Storage is the buckets.
type Storage struct {
	Files      awss3.IBucket // the app's uploads and archives; nil if the app has no bucket
	AccessLogs awss3.IBucket // the load balancer's are below LoadBalancerLogs
}

// LoadBalancerLogs is the prefix of the load balancer's logs in Storage.AccessLogs.
const LoadBalancerLogs = "load-balancer"

// Queue is the option's queue and its dead-letter queue, by their names, for alarms.
type Queue struct{ Name, DeadLetters *string }

// Option is an optional backing service. Every process gets its variables and may perform its actions on its resource.
type Option struct {
	Variables map[string]*string
	Resource  *string // ARN
	Actions   []string
}
