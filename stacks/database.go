package stacks

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	databaseName = "app"
	databaseUser = "app"
)

// Postgres is the database, its secret and the group that guards it.
type Postgres struct {
	constructs.Construct
	host, port *string
	identifier *string // of the instance or cluster, for alarms and snapshots
	arn        *string
	cluster    bool
	secret     awssecretsmanager.Secret
	attached   awssecretsmanager.ISecret // the secret once it also holds host and port, which rotation needs
	group      awsec2.SecurityGroup
}

// NewPostgres makes an RDS instance or an Aurora Serverless v2 cluster in the isolated subnets. It accepts connections only
// over TLS and only from the groups that allow adds.
func NewPostgres(scope constructs.Construct, id string, e Environment, network *VPC) *Postgres {
	this := constructs.NewConstruct(scope, jsii.String(id))
	p := &Postgres{
		Construct: this,
		cluster:   e.Database.Aurora,
		group: awsec2.NewSecurityGroup(this, jsii.String("Group"), &awsec2.SecurityGroupProps{
			Vpc: network.vpc, Description: jsii.String("Database"), AllowAllOutbound: jsii.Bool(false),
		}),
		secret: newLogin(this, databaseUser, "Login of the database", e.removal(awscdk.RemovalPolicy_RETAIN)),
	}
	if e.Database.Aurora {
		p.addCluster(e, network)
	} else {
		p.addInstance(e, network)
	}
	acknowledge(this, standardPorts)
	if e.Removable || !e.DeletionProtection || !e.Database.MultiAZ || e.Database.RotationDays == 0 {
		acknowledge(this, smallEnvironment)
	}
	if e.Database.RotationDays > 0 {
		p.addRotation(e.Database.RotationDays, network)
	}
	return p
}

// allow lets tasks of a group connect. The rule is made in scope, the consumer's stack, so that removing a service never
// waits for the database's stack.
func (p *Postgres) allow(scope constructs.Construct, id string, client awsec2.ISecurityGroup) {
	guard := awsec2.SecurityGroup_FromSecurityGroupId(scope, jsii.String(id), p.group.SecurityGroupId(), nil)
	guard.AddIngressRule(client, awsec2.Port_Tcp(jsii.Number(5432)), jsii.String("PostgreSQL"), nil)
}

func (p *Postgres) addInstance(e Environment, network *VPC) {
	d := e.Database
	instance := awsrds.NewDatabaseInstance(p.Construct, jsii.String("Instance"), &awsrds.DatabaseInstanceProps{
		Engine:                      awsrds.DatabaseInstanceEngine_Postgres(&awsrds.PostgresInstanceEngineProps{Version: awsrds.PostgresEngineVersion_Of(jsii.String(PostgresVersion), jsii.String(major(PostgresVersion)), nil)}),
		InstanceType:                awsec2.NewInstanceType(jsii.String(d.Class)),
		Vpc:                         network.vpc,
		VpcSubnets:                  network.isolatedSubnets(),
		SecurityGroups:              &[]awsec2.ISecurityGroup{p.group},
		Credentials:                 awsrds.Credentials_FromSecret(p.secret, jsii.String(databaseUser)),
		DatabaseName:                jsii.String(databaseName),
		Parameters:                  databaseParameters(),
		StorageType:                 awsrds.StorageType_GP3,
		StorageEncrypted:            jsii.Bool(true),
		AllocatedStorage:            jsii.Number(d.StorageGiB),
		MaxAllocatedStorage:         jsii.Number(d.MaxStorageGiB),
		MultiAz:                     jsii.Bool(d.MultiAZ),
		IamAuthentication:           jsii.Bool(true),
		BackupRetention:             days(d.BackupDays),
		CopyTagsToSnapshot:          jsii.Bool(true),
		DeleteAutomatedBackups:      jsii.Bool(e.Removable),
		DeletionProtection:          jsii.Bool(e.DeletionProtection),
		RemovalPolicy:               e.removal(awscdk.RemovalPolicy_SNAPSHOT),
		AutoMinorVersionUpgrade:     jsii.Bool(true),
		AllowMajorVersionUpgrade:    jsii.Bool(false),
		EnablePerformanceInsights:   jsii.Bool(true),
		PerformanceInsightRetention: awsrds.PerformanceInsightRetention_DEFAULT,
		CloudwatchLogsExports:       jsii.Strings("postgresql", "upgrade"),
		PubliclyAccessible:          jsii.Bool(false),
	})
	if d.Snapshot != "" {
		restoreInstance(instance.Node().DefaultChild().(awsrds.CfnDBInstance), d.Snapshot)
	}
	p.host, p.port, p.identifier = instance.DbInstanceEndpointAddress(), instance.DbInstanceEndpointPort(), instance.InstanceIdentifier()
	p.arn, p.attached = instance.InstanceArn(), instance.Secret()
}

// restoreInstance makes the instance begin as a copy of a snapshot. Name, user and encryption come with the snapshot and
// must not be given again; the password is set to the secret's. The logical id stays, so that CloudFormation replaces the
// old instance, after having made the new one.
func restoreInstance(instance awsrds.CfnDBInstance, snapshot string) {
	instance.SetDbSnapshotIdentifier(jsii.String(snapshot))
	for _, property := range []string{"DBName", "MasterUsername", "StorageEncrypted"} {
		instance.AddPropertyDeletionOverride(jsii.String(property))
	}
}

func (p *Postgres) addCluster(e Environment, network *VPC) {
	d := e.Database
	member := &awsrds.ServerlessV2ClusterInstanceProps{
		AutoMinorVersionUpgrade:     jsii.Bool(true),
		EnablePerformanceInsights:   jsii.Bool(true),
		PerformanceInsightRetention: awsrds.PerformanceInsightRetention_DEFAULT,
	}
	var readers []awsrds.IClusterInstance
	if d.MultiAZ {
		standby := *member
		standby.ScaleWithWriter = jsii.Bool(true)
		readers = append(readers, awsrds.ClusterInstance_ServerlessV2(jsii.String("Reader"), &standby))
	}
	cluster := awsrds.NewDatabaseCluster(p.Construct, jsii.String("Cluster"), &awsrds.DatabaseClusterProps{
		Engine:                  awsrds.DatabaseClusterEngine_AuroraPostgres(&awsrds.AuroraPostgresClusterEngineProps{Version: awsrds.AuroraPostgresEngineVersion_Of(jsii.String(PostgresVersion), jsii.String(major(PostgresVersion)), nil)}),
		Vpc:                     network.vpc,
		VpcSubnets:              network.isolatedSubnets(),
		SecurityGroups:          &[]awsec2.ISecurityGroup{p.group},
		Credentials:             awsrds.Credentials_FromSecret(p.secret, jsii.String(databaseUser)),
		DefaultDatabaseName:     jsii.String(databaseName),
		Parameters:              databaseParameters(),
		StorageEncrypted:        jsii.Bool(true),
		IamAuthentication:       jsii.Bool(true),
		Backup:                  &awsrds.BackupProps{Retention: days(d.BackupDays)},
		CopyTagsToSnapshot:      jsii.Bool(true),
		DeletionProtection:      jsii.Bool(e.DeletionProtection),
		RemovalPolicy:           e.removal(awscdk.RemovalPolicy_SNAPSHOT),
		CloudwatchLogsExports:   jsii.Strings("postgresql"),
		ServerlessV2MinCapacity: jsii.Number(d.MinACU),
		ServerlessV2MaxCapacity: jsii.Number(d.MaxACU),
		Writer:                  awsrds.ClusterInstance_ServerlessV2(jsii.String("Writer"), member),
		Readers:                 &readers,
	})
	if d.Snapshot != "" {
		restoreCluster(cluster.Node().DefaultChild().(awsrds.CfnDBCluster), d.Snapshot)
	}
	p.host, p.port, p.identifier = cluster.ClusterEndpoint().Hostname(), awscdk.Token_AsString(cluster.ClusterEndpoint().Port(), nil), cluster.ClusterIdentifier()
	p.arn, p.attached = cluster.ClusterArn(), cluster.Secret()
}

// restoreCluster is restoreInstance for Aurora.
func restoreCluster(cluster awsrds.CfnDBCluster, snapshot string) {
	cluster.SetSnapshotIdentifier(jsii.String(snapshot))
	for _, property := range []string{"DatabaseName", "MasterUsername", "StorageEncrypted"} {
		cluster.AddPropertyDeletionOverride(jsii.String(property))
	}
}

// databaseParameters refuse connections without TLS and log what an operator looks for first.
func databaseParameters() *map[string]*string {
	return &map[string]*string{
		"rds.force_ssl":              jsii.String("1"),
		"log_min_duration_statement": jsii.String("1000"),
		"log_lock_waits":             jsii.String("1"),
	}
}

func major(version string) string {
	before, _, _ := strings.Cut(version, ".")
	return before
}

func days(n int) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(n)) }

// kind is what RDS calls it, for snapshots.
func (p *Postgres) kind() string {
	if p.cluster {
		return "cluster"
	}
	return "instance"
}
