package stacks

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awselasticache"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const cacheUser = "app"

// Valkey is the cache, its secret and the group that guards it. It keeps what may be lost: sessions, limits, caches.
type Valkey struct {
	constructs.Construct
	host, port *string
	nodes      []*string // ids of the nodes, for alarms; none when serverless
	secret     awssecretsmanager.Secret
	group      awsec2.SecurityGroup
}

// NewValkey makes a replication group or a serverless cache in the isolated subnets, over TLS and with a login.
func NewValkey(scope constructs.Construct, id string, e Environment, network *VPC) *Valkey {
	this := constructs.NewConstruct(scope, jsii.String(id))
	v := &Valkey{
		Construct: this,
		group: awsec2.NewSecurityGroup(this, jsii.String("Group"), &awsec2.SecurityGroupProps{
			Vpc: network.vpc, Description: jsii.String("Cache"), AllowAllOutbound: jsii.Bool(false),
		}),
		secret: newLogin(this, cacheUser, "Login of the cache", awscdk.RemovalPolicy_DESTROY),
	}
	users := v.addUsers(e)
	if e.Cache.Serverless {
		v.addServerless(e, network, users)
	} else {
		v.addReplicationGroup(e, network, users)
	}
	acknowledge(this, standardPorts, cacheUserGroup, cacheLoginStays)
	if e.Cache.Replicas == 0 {
		acknowledge(this, smallEnvironment)
	}
	return v
}

// allow lets tasks of a group connect; the rule is made in scope, the consumer's stack.
func (v *Valkey) allow(scope constructs.Construct, id string, client awsec2.ISecurityGroup) {
	guard := awsec2.SecurityGroup_FromSecurityGroupId(scope, jsii.String(id), v.group.SecurityGroupId(), nil)
	guard.AddIngressRule(client, awsec2.Port_Tcp(jsii.Number(6379)), jsii.String("Valkey"), nil)
}

// addUsers makes the one login. ElastiCache wants ids of our own, unique in the account; the environment's name makes them so.
func (v *Valkey) addUsers(e Environment) awselasticache.CfnUserGroup {
	id := strings.ReplaceAll(e.Application+"-"+e.Name, "--", "-")
	user := awselasticache.NewCfnUser(v.Construct, jsii.String("User"), &awselasticache.CfnUserProps{
		Engine:       jsii.String("valkey"),
		UserId:       jsii.String(id),
		UserName:     jsii.String(cacheUser),
		AccessString: jsii.String("on ~* &* +@all"),
		AuthenticationMode: &map[string]any{
			"Type":      "password",
			"Passwords": []*string{v.secret.SecretValueFromJson(jsii.String("password")).UnsafeUnwrap()},
		},
	})
	return awselasticache.NewCfnUserGroup(v.Construct, jsii.String("Users"), &awselasticache.CfnUserGroupProps{
		Engine: jsii.String("valkey"), UserGroupId: jsii.String(id), UserIds: &[]*string{user.Ref()},
	})
}

func (v *Valkey) addReplicationGroup(e Environment, network *VPC, users awselasticache.CfnUserGroup) {
	c := e.Cache
	subnets := awselasticache.NewCfnSubnetGroup(v.Construct, jsii.String("Subnets"), &awselasticache.CfnSubnetGroupProps{
		Description: jsii.String("Isolated subnets"),
		SubnetIds:   v.subnetIDs(network),
	})
	group := awselasticache.NewCfnReplicationGroup(v.Construct, jsii.String("Nodes"), &awselasticache.CfnReplicationGroupProps{
		ReplicationGroupDescription: jsii.String("Sessions, limits and caches"),
		Engine:                      jsii.String("valkey"),
		EngineVersion:               jsii.String(ValkeyVersion),
		CacheNodeType:               jsii.String(c.NodeType),
		NumCacheClusters:            jsii.Number(1 + c.Replicas),
		AutomaticFailoverEnabled:    c.Replicas > 0,
		MultiAzEnabled:              c.Replicas > 0,
		AtRestEncryptionEnabled:     true,
		TransitEncryptionEnabled:    true,
		TransitEncryptionMode:       jsii.String("required"),
		AutoMinorVersionUpgrade:     true,
		CacheSubnetGroupName:        subnets.Ref(),
		SecurityGroupIds:            &[]*string{v.group.SecurityGroupId()},
		UserGroupIds:                &[]*string{users.Ref()},
		SnapshotRetentionLimit:      jsii.Number(c.SnapshotDays),
	})
	v.host, v.port = group.AttrPrimaryEndPointAddress(), group.AttrPrimaryEndPointPort()
	for i := range 1 + c.Replicas {
		v.nodes = append(v.nodes, nodeID(group, i))
	}
}

// nodeID is the id that ElastiCache gives the i-th node: the group's, and a number of three digits from 001.
func nodeID(group awselasticache.CfnReplicationGroup, i int) *string {
	return jsii.Sprintf("%s-%03d", *group.Ref(), i+1)
}

func (v *Valkey) addServerless(e Environment, network *VPC, users awselasticache.CfnUserGroup) {
	cache := awselasticache.NewCfnServerlessCache(v.Construct, jsii.String("Serverless"), &awselasticache.CfnServerlessCacheProps{
		Engine:                 jsii.String("valkey"),
		MajorEngineVersion:     jsii.String(major(ValkeyVersion)),
		ServerlessCacheName:    users.UserGroupId(),
		Description:            jsii.String("Sessions, limits and caches"),
		SubnetIds:              v.subnetIDs(network),
		SecurityGroupIds:       &[]any{v.group.SecurityGroupId()},
		UserGroupId:            users.Ref(),
		SnapshotRetentionLimit: jsii.Number(e.Cache.SnapshotDays),
		CacheUsageLimits: &awselasticache.CfnServerlessCache_CacheUsageLimitsProperty{
			DataStorage: &awselasticache.CfnServerlessCache_DataStorageProperty{Unit: jsii.String("GB"), Maximum: jsii.Number(e.Cache.MaxGB)},
		},
	})
	v.host, v.port = cache.AttrEndpointAddress(), cache.AttrEndpointPort()
}

func (v *Valkey) subnetIDs(network *VPC) *[]any {
	var ids []any
	for _, id := range *network.vpc.SelectSubnets(network.isolatedSubnets()).SubnetIds {
		ids = append(ids, id)
	}
	return &ids
}
