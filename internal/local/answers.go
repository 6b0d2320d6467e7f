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

// localValues are all values in a template that differ on this machine. A task's variables differ from the synthesized
// ones by these values, by localVariables, and by nothing else; a test checks that.
var localValues = map[string]func(*templates, *assembly.Resource) string{
	"AWS::RDS::DBInstance Endpoint.Address":                      always(host),
	"AWS::RDS::DBInstance Endpoint.Port":                         databasePort,
	"AWS::RDS::DBCluster Endpoint.Address":                       always(host),
	"AWS::RDS::DBCluster Endpoint.Port":                          databasePort,
	"AWS::ElastiCache::ReplicationGroup PrimaryEndPoint.Address": always(host),
	"AWS::ElastiCache::ReplicationGroup PrimaryEndPoint.Port":    cachePort,
	"AWS::ElastiCache::ServerlessCache Endpoint.Address":         always(host),
	"AWS::ElastiCache::ServerlessCache Endpoint.Port":            cachePort,
	"AWS::ElasticLoadBalancingV2::LoadBalancer DNSName":          loadBalancer,
	"AWS::SecretsManager::Secret ":                               secret,
	"AWS::SecretsManager::SecretTargetAttachment ":               attachedSecret,
	"AWS::S3::Bucket ":                                           bucket,
	"AWS::S3::Bucket Arn":                                        bucketARN,
	"AWS::Region":                                                always(region),
	"AWS::AccountId":                                             always(account),
	"AWS::Partition":                                             always("aws"),
	"AWS::URLSuffix":                                             always("amazonaws.com"),
}

func always(value string) func(*templates, *assembly.Resource) string {
	return func(*templates, *assembly.Resource) string { return value }
}

func databasePort(t *templates, _ *assembly.Resource) string { return t.addresses.databasePort }

func cachePort(t *templates, _ *assembly.Resource) string { return t.addresses.cachePort }

func loadBalancer(t *templates, _ *assembly.Resource) string { return t.addresses.loadBalancer }

func secret(_ *templates, r *assembly.Resource) string { return secretARN(r) }

// attachedSecret is the ARN of the secret that an attachment completes with its database's address.
func attachedSecret(t *templates, attachment *assembly.Resource) string {
	if secret, _ := t.env.Follow(attachment, attachment.Properties["SecretId"]); secret != nil {
		return secretARN(secret)
	}
	return secretARN(attachment)
}

func bucket(_ *templates, r *assembly.Resource) string { return bucketName(r) }

func bucketARN(_ *templates, r *assembly.Resource) string { return "arn:aws:s3:::" + bucketName(r) }

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

// secretARN returns an ARN that nobody can mistake for a real one: its account is 000000000000.
func secretARN(r *assembly.Resource) string {
	return fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-local1", region, account, r.ID)
}

func bucketName(r *assembly.Resource) string {
	return strings.ToLower(r.Stack.Name + "-" + r.ID)
}
