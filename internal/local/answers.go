package local

import (
	"fmt"
	"strings"

	"dozen/internal/assembly"
)

// The account and region of this machine, where the synthesis leaves them open.
const (
	account = "000000000000"
	region  = "us-east-1"
)

// host is the host of all addresses.
const host = "localhost"

// localValues are all values in a template that differ on this machine. A task's variables differ from the synthesized ones by
// these values, by localVariables, and by nothing else; a test checks that.
var localValues = map[string]func(*templates, *assembly.Resource) string{
	"AWS::RDS::DBInstance Endpoint.Address":                      func(*templates, *assembly.Resource) string { return host },
	"AWS::RDS::DBInstance Endpoint.Port":                         func(t *templates, _ *assembly.Resource) string { return t.addresses.databasePort },
	"AWS::RDS::DBCluster Endpoint.Address":                       func(*templates, *assembly.Resource) string { return host },
	"AWS::RDS::DBCluster Endpoint.Port":                          func(t *templates, _ *assembly.Resource) string { return t.addresses.databasePort },
	"AWS::ElastiCache::ReplicationGroup PrimaryEndPoint.Address": func(*templates, *assembly.Resource) string { return host },
	"AWS::ElastiCache::ReplicationGroup PrimaryEndPoint.Port":    func(t *templates, _ *assembly.Resource) string { return t.addresses.cachePort },
	"AWS::ElastiCache::ServerlessCache Endpoint.Address":         func(*templates, *assembly.Resource) string { return host },
	"AWS::ElastiCache::ServerlessCache Endpoint.Port":            func(t *templates, _ *assembly.Resource) string { return t.addresses.cachePort },
	"AWS::ElasticLoadBalancingV2::LoadBalancer DNSName":          func(t *templates, _ *assembly.Resource) string { return t.addresses.loadBalancer },
	"AWS::SecretsManager::Secret ":                               func(_ *templates, r *assembly.Resource) string { return secretARN(r) },
	"AWS::SecretsManager::SecretTargetAttachment ":               func(t *templates, r *assembly.Resource) string { return secretARN(t.attachedSecret(r)) },
	"AWS::S3::Bucket ":                                           func(_ *templates, r *assembly.Resource) string { return bucketName(r) },
	"AWS::S3::Bucket Arn":                                        func(_ *templates, r *assembly.Resource) string { return "arn:aws:s3:::" + bucketName(r) },
	"AWS::Region":                                                func(*templates, *assembly.Resource) string { return region },
	"AWS::AccountId":                                             func(*templates, *assembly.Resource) string { return account },
	"AWS::Partition":                                             func(*templates, *assembly.Resource) string { return "aws" },
	"AWS::URLSuffix":                                             func(*templates, *assembly.Resource) string { return "amazonaws.com" },
}

// answer returns this machine's value of an attribute; an attribute without such a value keeps its symbolic name.
func (t *templates) answer(resource *assembly.Resource, attribute string) (any, error) {
	key := attribute
	if resource != nil {
		key = resource.Type + " " + attribute
	}
	if value, here := localValues[key]; here {
		return value(t, resource), nil
	}
	return assembly.Symbolic(resource, attribute)
}

// attachedSecret returns the secret that an attachment completes with its database's address.
func (t *templates) attachedSecret(attachment *assembly.Resource) *assembly.Resource {
	if secret, _ := t.env.Follow(attachment, attachment.Properties["SecretId"]); secret != nil {
		return secret
	}
	return attachment
}

// secretARN returns an ARN that nobody can mistake for a real one: its account is 000000000000.
func secretARN(r *assembly.Resource) string {
	return fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-local1", region, account, r.ID)
}

func bucketName(r *assembly.Resource) string {
	return strings.ToLower(r.Stack.Name + "-" + r.ID)
}
