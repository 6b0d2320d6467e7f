package data

import (
	"strings"

	"dozen/config"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awselasticache"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	cacheUser = "app"
	cachePort = 6379
)

// valkey is the cache, its login and the group that guards it. It keeps what may be lost: sessions, limits, caches.
type valkey struct {
	constructs.Construct
	Cache
	secret awssecretsmanager.Secret
	group  awsec2.SecurityGroup
}

// newCache makes or attaches the environment's cache; nil if it has none.
func newCache(scope constructs.Construct, id string, e config.Environment, network *vpc) *Cache {
	switch {
	case e.Cache.Off:
		return nil
	case e.Cache.Existing != nil:
		return attachCache(scope, id, *e.Cache.Existing)
	}
	return &newValkey(scope, id, e, network).Cache
}

// newValkey makes a replication group or a serverless cache in the isolated subnets, over TLS and with a login.
func newValkey(scope constructs.Construct, id string, e config.Environment, network *vpc) *valkey {
	this := constructs.NewConstruct(scope, jsii.String(id))
	v := &valkey{
		Construct: this,
		group: awsec2.NewSecurityGroup(this, jsii.String("Group"), &awsec2.SecurityGroupProps{
			Vpc: network.vpc, Description: jsii.String("Cache"), AllowAllOutbound: jsii.Bool(false),
		}),
		secret: newLogin(this, cacheUser, "Login of the cache", awscdk.RemovalPolicy_DESTROY),
	}
	network.enter(this)
	v.Endpoint = Endpoint{TCPPort: cachePort, Login: v.secret, Guard: v.group}
	users := v.addUsers(e)
	if e.Cache.Serverless {
		v.addServerless(e, network, users)
	} else {
		v.addReplicationGroup(e, network, users)
	}
	nag.Acknowledge(v.secret, nag.ChangedByHand)
	return v
}

// addUsers makes the one login. ElastiCache requires ids of our own, unique in the account; the environment's name makes them so.
func (v *valkey) addUsers(e config.Environment) awselasticache.CfnUserGroup {
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

func (v *valkey) addReplicationGroup(e config.Environment, network *vpc, users awselasticache.CfnUserGroup) {
	c := e.Cache
	subnets := awselasticache.NewCfnSubnetGroup(v.Construct, jsii.String("Subnets"), &awselasticache.CfnSubnetGroupProps{
		Description: jsii.String("Isolated subnets"),
		SubnetIds:   v.subnetIDs(network),
	})
	group := awselasticache.NewCfnReplicationGroup(v.Construct, jsii.String("Nodes"), &awselasticache.CfnReplicationGroupProps{
		ReplicationGroupDescription: jsii.String("Sessions, limits and caches"),
		Engine:                      jsii.String("valkey"),
		EngineVersion:               jsii.String(config.ValkeyVersion),
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
	nag.Acknowledge(group, nag.CachePort, nag.CacheUserGroup)
	if c.Replicas == 0 {
		nag.Acknowledge(group, nag.NoReplica)
	}
	v.Host, v.Port = group.AttrPrimaryEndPointAddress(), group.AttrPrimaryEndPointPort()
	for i := range 1 + c.Replicas {
		v.Nodes = append(v.Nodes, nodeID(group, i))
	}
}

// nodeID returns the id that ElastiCache gives the i-th node: the group's, and a number of three digits from 001.
func nodeID(group awselasticache.CfnReplicationGroup, i int) *string {
	return jsii.Sprintf("%s-%03d", *group.Ref(), i+1)
}

func (v *valkey) addServerless(e config.Environment, network *vpc, users awselasticache.CfnUserGroup) {
	cache := awselasticache.NewCfnServerlessCache(v.Construct, jsii.String("Serverless"), &awselasticache.CfnServerlessCacheProps{
		Engine:                 jsii.String("valkey"),
		MajorEngineVersion:     jsii.String(major(config.ValkeyVersion)),
		ServerlessCacheName:    jsii.String(serverlessName(e)),
		Description:            jsii.String("Sessions, limits and caches"),
		SubnetIds:              v.firstSubnetIDs(network),
		SecurityGroupIds:       &[]any{v.group.SecurityGroupId()},
		UserGroupId:            users.Ref(),
		SnapshotRetentionLimit: jsii.Number(e.Cache.SnapshotDays),
		CacheUsageLimits: &awselasticache.CfnServerlessCache_CacheUsageLimitsProperty{
			DataStorage: &awselasticache.CfnServerlessCache_DataStorageProperty{
				Unit: jsii.String("GB"), Maximum: jsii.Number(e.Cache.MaxGB),
			},
		},
	})
	v.Host, v.Port = cache.AttrEndpointAddress(), cache.AttrEndpointPort()
}

// serverlessName is the cache's name, at most 40 characters, which ElastiCache requires. It follows from what replaces the cache: its
// subnets.
func serverlessName(e config.Environment) string {
	if n := e.Network.Existing; n != nil {
		return physicalName(e, 40, n.PrivateSubnetIDs[:2])
	}
	return physicalName(e, 40, e.Network.CIDR, e.Network.ZoneNames[:min(2, len(e.Network.ZoneNames))])
}

// firstSubnetIDs are the subnets of the first two zones. A serverless cache cannot get another one: a third zone would replace it.
func (v *valkey) firstSubnetIDs(network *vpc) *[]any {
	first := (*v.subnetIDs(network))[:2]
	return &first
}

func (v *valkey) subnetIDs(network *vpc) *[]any {
	var ids []any
	for _, id := range *network.vpc.SelectSubnets(network.serverSubnets()).SubnetIds {
		ids = append(ids, id)
	}
	return &ids
}
