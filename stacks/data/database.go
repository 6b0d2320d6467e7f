package data

import (
	"strings"

	"dozen/config"
	"dozen/stacks/nag"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	databaseName = "app"
	databaseUser = "app"
	databasePort = 5432
)

// postgres is the database, its login and the group that guards it.
type postgres struct {
	constructs.Construct
	Database
	secret   awssecretsmanager.Secret
	attached awssecretsmanager.ISecret // the secret once it also holds host and port, which rotation needs
	group    awsec2.SecurityGroup
}

// newDatabase makes or attaches the environment's database.
func newDatabase(scope constructs.Construct, id string, e config.Environment, network *vpc) Database {
	if existing := e.Database.Existing; existing != nil {
		return attachDatabase(scope, id, *existing)
	}
	return newPostgres(scope, id, e, network).Database
}

// newPostgres makes an RDS instance or an Aurora Serverless v2 cluster in the isolated subnets. It accepts connections over
// TLS only, and only from groups that a rule names.
func newPostgres(scope constructs.Construct, id string, e config.Environment, network *vpc) *postgres {
	this := constructs.NewConstruct(scope, jsii.String(id))
	p := &postgres{
		Construct: this,
		group: awsec2.NewSecurityGroup(this, jsii.String("Group"), &awsec2.SecurityGroupProps{
			Vpc: network.vpc, Description: jsii.String("Database"), AllowAllOutbound: jsii.Bool(false),
		}),
		secret: newLogin(this, databaseUser, "Login of the database", retention.Policy(e, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE)),
	}
	network.enter(this)
	p.Database = Database{Name: databaseName, User: databaseUser, Aurora: e.Database.Aurora}
	p.Endpoint = Endpoint{TCPPort: databasePort, Login: p.secret, Guard: p.group}
	if e.Database.Aurora {
		p.addCluster(e, network)
	} else {
		p.addInstance(e, network)
	}
	p.addLogCommand(e)
	if e.Database.RotationDays > 0 {
		p.addRotation(e, network)
	} else {
		nag.Acknowledge(p.secret, nag.NoRotation)
	}
	return p
}

func (p *postgres) addInstance(e config.Environment, network *vpc) {
	d := e.Database
	version := awsrds.PostgresEngineVersion_Of(jsii.String(config.PostgresVersion), jsii.String(major(config.PostgresVersion)), nil)
	instance := awsrds.NewDatabaseInstance(p.Construct, databaseID("Instance", d), &awsrds.DatabaseInstanceProps{
		Engine:                      awsrds.DatabaseInstanceEngine_Postgres(&awsrds.PostgresInstanceEngineProps{Version: version}),
		InstanceType:                awsec2.NewInstanceType(jsii.String(d.Class)),
		Vpc:                         network.vpc,
		VpcSubnets:                  network.serverSubnets(),
		SecurityGroups:              &[]awsec2.ISecurityGroup{p.group},
		Credentials:                 awsrds.Credentials_FromSecret(p.secret, jsii.String(databaseUser)),
		DatabaseName:                jsii.String(databaseName),
		Parameters:                  databaseParameters(),
		StorageType:                 awsrds.StorageType_GP3,
		StorageEncrypted:            jsii.Bool(true),
		StorageEncryptionKey:        p.key(d),
		AllocatedStorage:            jsii.Number(d.StorageGiB),
		MaxAllocatedStorage:         jsii.Number(d.MaxStorageGiB),
		MultiAz:                     jsii.Bool(d.MultiAZ),
		IamAuthentication:           jsii.Bool(true),
		BackupRetention:             days(d.BackupDays),
		CopyTagsToSnapshot:          jsii.Bool(true),
		DeleteAutomatedBackups:      jsii.Bool(e.Removable),
		DeletionProtection:          jsii.Bool(e.DeletionProtection),
		RemovalPolicy:               retention.Policy(e, awscdk.RemovalPolicy_SNAPSHOT),
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
	nag.Acknowledge(instance, nag.DatabasePort)
	acknowledgeProtection(instance, e)
	if !d.MultiAZ {
		nag.Acknowledge(instance, nag.NoStandby)
	}
	p.Host, p.Port = instance.DbInstanceEndpointAddress(), instance.DbInstanceEndpointPort()
	p.Identifier, p.ARN = instance.InstanceIdentifier(), instance.InstanceArn()
	p.attached = instance.Secret()
}

// databaseID names the construct of a database after the snapshot that it comes from, or the key that it is made with. Another one is
// another resource: all that refers to it changes with it, in both stacks, so that no deployment leaves a process with the address
// of the old one.
func databaseID(kind string, d config.Database) *string {
	if d.Snapshot != "" {
		return jsii.String(kind + d.Snapshot)
	}
	return jsii.String(kind + d.KeyARN[strings.LastIndex(d.KeyARN, "/")+1:])
}

// key returns the team's own key for the database, or nil for AWS's.
func (p *postgres) key(d config.Database) awskms.IKey {
	if d.KeyARN == "" {
		return nil
	}
	return awskms.Key_FromKeyArn(p.Construct, jsii.String("Key"), jsii.String(d.KeyARN))
}

// addLogCommand prints how the log that the database sends to CloudWatch gets the environment's retention. RDS makes its log group,
// under the name that AWS gives the database, and keeps its events forever. A template cannot make it first: a database with a name
// of ours could not be restored next to the old one. It cannot make it afterwards: it exists already.
func (p *postgres) addLogCommand(e config.Environment) {
	kind := "instance"
	if p.Aurora {
		kind = "cluster"
	}
	addOutput(p.Construct, "DatabaseLogCommand", jsii.Sprintf("aws logs put-retention-policy "+
		"--log-group-name /aws/rds/%s/%s/postgresql --retention-in-days %d", kind, *p.Identifier, e.LogDays),
		"Run it once for each new database: RDS keeps PostgreSQL's log forever otherwise")
}

// acknowledgeProtection accepts an instance or a cluster that can be deleted.
func acknowledgeProtection(server constructs.IConstruct, e config.Environment) {
	if !e.DeletionProtection {
		nag.Acknowledge(server, nag.NotProtected)
	}
}

// restoreInstance makes the instance begin as a copy of a snapshot. Name, user and encryption come with the snapshot and must
// not be given again; the password is set to the secret's.
func restoreInstance(instance awsrds.CfnDBInstance, snapshot string) {
	instance.SetDbSnapshotIdentifier(jsii.String(snapshot))
	for _, property := range []string{"DBName", "MasterUsername", "StorageEncrypted", "KmsKeyId"} {
		instance.AddPropertyDeletionOverride(jsii.String(property))
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

// major returns the major version of an engine.
func major(version string) string {
	before, _, _ := strings.Cut(version, ".")
	return before
}

func days(n int) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(n)) }
