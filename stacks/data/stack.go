package data

import (
	"dozen/config"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
)

// Stack keeps data, and has the network around it.
type Stack struct {
	awscdk.Stack
	Network  Network
	Database Database
	Cache    *Cache // nil if the environment has none
	Storage  Storage
	Secrets  map[string]awssecretsmanager.ISecret // that AWS has generated, by the names of their variables
	Options  []Option
	Queue    *Queue // nil if the option is off
}

// New fills a stack with the network, the database, the cache and the buckets of an environment. The handler is the directory of
// the gate's compiled Lambda function.
func New(stack awscdk.Stack, e config.Environment, handler string) *Stack {
	lasting := newLastingSettings(stack, "Lasting", e, handler)
	network := newNetwork(stack, "Network", e, lasting)
	s := &Stack{
		Stack:    stack,
		Network:  network.exported(),
		Database: newDatabase(stack, "Database", e, network),
		Cache:    newCache(stack, "Cache", e, network),
	}
	buckets := newBuckets(stack, "Storage", e)
	s.Storage = Storage{Files: buckets.files, AccessLogs: buckets.logs}
	s.Secrets = newGeneratedSecrets(stack, "Secrets", e, lasting)
	s.Options, s.Queue = addOptions(stack, e, buckets)
	retention.KeepHelperLogs(stack, e)
	return s
}

// Servers are what processes connect to with a login.
func (s *Stack) Servers() []Endpoint {
	servers := []Endpoint{s.Database.Endpoint}
	if s.Cache != nil {
		servers = append(servers, s.Cache.Endpoint)
	}
	return servers
}

// CacheNodes are the ids of the cache's nodes, for alarms; none without a cache of that kind.
func (s *Stack) CacheNodes() []*string {
	if s.Cache == nil {
		return nil
	}
	return s.Cache.Nodes
}
