package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// DataStack is what keeps data, and the network around it. A failed release, or the end of the services, never touches it.
type DataStack struct {
	awscdk.Stack
	network  *VPC
	postgres *Postgres
	valkey   *Valkey
	buckets  *Buckets
	attached []attached
}

// NewDataStack makes the network, the database, the cache and the buckets of an environment.
func NewDataStack(scope constructs.Construct, e Environment) *DataStack {
	s := &DataStack{Stack: newStack(scope, "Data", e, "Network, database, cache and storage")}
	s.network = NewVPC(s.Stack, "Network", e)
	s.postgres = NewPostgres(s.Stack, "Database", e, s.network)
	s.valkey = NewValkey(s.Stack, "Cache", e, s.network)
	s.buckets = NewBuckets(s.Stack, "Storage", e)
	s.addOptions(e)
	return s
}

// newStack names a stack after the application, the environment and its part.
func newStack(scope constructs.Construct, part string, e Environment, description string) awscdk.Stack {
	return awscdk.NewStack(scope, jsii.String(part), &awscdk.StackProps{
		StackName:             jsii.Sprintf("%s-%s-%s", e.Application, e.Name, part),
		Description:           jsii.Sprintf("%s, %s: %s", e.Application, e.Name, description),
		TerminationProtection: jsii.Bool(e.DeletionProtection),
	})
}
