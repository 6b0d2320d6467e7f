package data

import (
	"strconv"

	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// What exists is attached by its identifiers: nothing is looked up, and nothing about it is changed but the rules of the servers'
// security groups. What is attached is exported in the same types as what is made here, so that no other file knows the difference.

// attachVPC takes an existing network. The database and the cache go where the tasks go: a VPC need not have isolated subnets.
func attachVPC(scope constructs.Construct, id string, n config.ExistingNetwork, guard constructs.IDependable) *vpc {
	this := constructs.NewConstruct(scope, jsii.String(id))
	attached := awsec2.Vpc_FromVpcAttributes(this, jsii.String("Vpc"), &awsec2.VpcAttributes{
		VpcId:             jsii.String(n.VPCID),
		AvailabilityZones: jsii.Strings(n.Zones...),
		PublicSubnetIds:   jsii.Strings(n.PublicSubnetIDs...),
		PrivateSubnetIds:  jsii.Strings(n.PrivateSubnetIDs...),
	})
	awscdk.Annotations_Of(attached).AcknowledgeWarning(jsii.String("@aws-cdk/aws-ec2:noSubnetRouteTableId"),
		jsii.String("nothing here changes a route"))
	private := awsec2.SubnetType_PRIVATE_WITH_EGRESS
	return &vpc{Construct: this, vpc: attached, tasks: private, servers: private, guard: guard}
}

// attachDatabase takes an existing server of PostgreSQL. It has no identifier, and so no alarms and no snapshots.
func attachDatabase(scope constructs.Construct, id string, d config.ExistingDatabase) Database {
	this := constructs.NewConstruct(scope, jsii.String(id))
	return Database{Endpoint: attach(this, d.Host, d.Port, d.SecretARN, d.KeyARN, d.SecurityGroupID), Name: d.Name, User: databaseUser}
}

// attachCache takes an existing server of Valkey or Redis. Its nodes are unknown, and have no alarms.
func attachCache(scope constructs.Construct, id string, c config.ExistingCache) *Cache {
	this := constructs.NewConstruct(scope, jsii.String(id))
	return &Cache{Endpoint: attach(this, c.Host, c.Port, c.SecretARN, c.KeyARN, c.SecurityGroupID)}
}

func attach(this constructs.Construct, host string, port int, secretARN, keyARN, groupID string) Endpoint {
	return Endpoint{
		Host: jsii.String(host), Port: jsii.String(strconv.Itoa(port)), TCPPort: port,
		Login:    awssecretsmanager.Secret_FromSecretCompleteArn(this, jsii.String("Secret"), jsii.String(secretARN)),
		LoginKey: keyARN,
		Guard:    awsec2.SecurityGroup_FromSecurityGroupId(this, jsii.String("Group"), jsii.String(groupID), nil),
	}
}
