package local

import (
	"fmt"
	"strings"

	"dozen/internal/assembly"
)

// The account and region that this machine stands in for, where the synthesis leaves them open.
const (
	account = "000000000000"
	region  = "us-east-1"
)

// replaced is everything in a template that has another value here, and what it is instead. A task's environment differs from
// the synthesized one by these values, by `own`, and by nothing else; a test holds that.
var replaced = map[string]func(*attached, *assembly.Resource) string{
	"AWS::RDS::DBInstance Endpoint.Address":                      func(*attached, *assembly.Resource) string { return host },
	"AWS::RDS::DBInstance Endpoint.Port":                         func(a *attached, _ *assembly.Resource) string { return a.databasePort() },
	"AWS::RDS::DBCluster Endpoint.Address":                       func(*attached, *assembly.Resource) string { return host },
	"AWS::RDS::DBCluster Endpoint.Port":                          func(a *attached, _ *assembly.Resource) string { return a.databasePort() },
	"AWS::ElastiCache::ReplicationGroup PrimaryEndPoint.Address": func(*attached, *assembly.Resource) string { return host },
	"AWS::ElastiCache::ReplicationGroup PrimaryEndPoint.Port":    func(a *attached, _ *assembly.Resource) string { return a.cachePort() },
	"AWS::ElastiCache::ServerlessCache Endpoint.Address":         func(*attached, *assembly.Resource) string { return host },
	"AWS::ElastiCache::ServerlessCache Endpoint.Port":            func(a *attached, _ *assembly.Resource) string { return a.cachePort() },
	"AWS::ElasticLoadBalancingV2::LoadBalancer DNSName":          func(a *attached, _ *assembly.Resource) string { return a.address },
	"AWS::SecretsManager::Secret ":                               func(_ *attached, r *assembly.Resource) string { return secretARN(r) },
	"AWS::SecretsManager::SecretTargetAttachment ":               func(a *attached, r *assembly.Resource) string { return secretARN(a.attachedTo(r)) },
	"AWS::S3::Bucket ":                                           func(_ *attached, r *assembly.Resource) string { return bucketName(r) },
	"AWS::S3::Bucket Arn":                                        func(_ *attached, r *assembly.Resource) string { return "arn:aws:s3:::" + bucketName(r) },
	"AWS::Region":                                                func(*attached, *assembly.Resource) string { return region },
	"AWS::AccountId":                                             func(*attached, *assembly.Resource) string { return account },
	"AWS::Partition":                                             func(*attached, *assembly.Resource) string { return "aws" },
	"AWS::URLSuffix":                                             func(*attached, *assembly.Resource) string { return "amazonaws.com" },
}

// host is where everything is.
const host = "localhost"

// answers gives the values of this machine; what has no stand-in here keeps its symbolic name.
func (a *attached) answers(resource *assembly.Resource, attribute string) (any, error) {
	key := attribute
	if resource != nil {
		key = resource.Type + " " + attribute
	}
	if value, here := replaced[key]; here {
		return value(a, resource), nil
	}
	return assembly.Symbolic(resource, attribute)
}

// attachedTo is the secret that an attachment completes with its database's address.
func (a *attached) attachedTo(attachment *assembly.Resource) *assembly.Resource {
	if secret, _ := a.env.Follow(attachment, attachment.Properties["SecretId"]); secret != nil {
		return secret
	}
	return attachment
}

// secretARN is a name that nobody can take for one of AWS's: its account is 000000000000.
func secretARN(r *assembly.Resource) string {
	return fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-local1", region, account, r.ID)
}

func bucketName(r *assembly.Resource) string {
	return strings.ToLower(r.Stack.Name + "-" + r.ID)
}
