package data

import (
	"dozen/config"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	"github.com/aws/jsii-runtime-go"
)

func (p *postgres) addCluster(e config.Environment, network *vpc) {
	d := e.Database
	version := awsrds.AuroraPostgresEngineVersion_Of(jsii.String(config.PostgresVersion), jsii.String(major(config.PostgresVersion)), nil)
	writer, readers := auroraMembers(d)
	cluster := awsrds.NewDatabaseCluster(p.Construct, databaseID("Cluster", d), &awsrds.DatabaseClusterProps{
		Engine:                  awsrds.DatabaseClusterEngine_AuroraPostgres(&awsrds.AuroraPostgresClusterEngineProps{Version: version}),
		Vpc:                     network.vpc,
		VpcSubnets:              network.serverSubnets(),
		SecurityGroups:          &[]awsec2.ISecurityGroup{p.group},
		Credentials:             awsrds.Credentials_FromSecret(p.secret, jsii.String(databaseUser)),
		DefaultDatabaseName:     jsii.String(databaseName),
		Parameters:              databaseParameters(),
		StorageEncrypted:        jsii.Bool(true),
		StorageEncryptionKey:    p.key(d),
		IamAuthentication:       jsii.Bool(true),
		Backup:                  &awsrds.BackupProps{Retention: days(d.BackupDays)},
		CopyTagsToSnapshot:      jsii.Bool(true),
		DeletionProtection:      jsii.Bool(e.DeletionProtection),
		RemovalPolicy:           retention.Policy(e, awscdk.RemovalPolicy_SNAPSHOT),
		CloudwatchLogsExports:   jsii.Strings("postgresql"),
		ServerlessV2MinCapacity: jsii.Number(d.MinACU),
		ServerlessV2MaxCapacity: jsii.Number(d.MaxACU),
		Writer:                  writer,
		Readers:                 &readers,
	})
	if d.Snapshot != "" {
		restoreCluster(cluster.Node().DefaultChild().(awsrds.CfnDBCluster), d.Snapshot)
	}
	acknowledgeProtection(cluster, e)
	p.Host, p.Port = cluster.ClusterEndpoint().Hostname(), awscdk.Token_AsString(cluster.ClusterEndpoint().Port(), nil)
	p.Identifier, p.ARN = cluster.ClusterIdentifier(), cluster.ClusterArn()
	p.attached = cluster.Secret()
}

// auroraMembers are the writer, and with MultiAZ a reader that is as large as the writer, to take over from it.
func auroraMembers(d config.Database) (writer awsrds.IClusterInstance, readers []awsrds.IClusterInstance) {
	props := &awsrds.ServerlessV2ClusterInstanceProps{
		AutoMinorVersionUpgrade:     jsii.Bool(true),
		EnablePerformanceInsights:   jsii.Bool(true),
		PerformanceInsightRetention: awsrds.PerformanceInsightRetention_DEFAULT,
	}
	if d.MultiAZ {
		standby := *props
		standby.ScaleWithWriter = jsii.Bool(true)
		readers = append(readers, awsrds.ClusterInstance_ServerlessV2(jsii.String("Reader"), &standby))
	}
	return awsrds.ClusterInstance_ServerlessV2(jsii.String("Writer"), props), readers
}

// restoreCluster is restoreInstance for Aurora. AWS's validator knows no cluster that has a password and no user; the user comes
// with the snapshot.
func restoreCluster(cluster awsrds.CfnDBCluster, snapshot string) {
	cluster.SetSnapshotIdentifier(jsii.String(snapshot))
	for _, property := range []string{"DatabaseName", "MasterUsername", "StorageEncrypted", "KmsKeyId"} {
		cluster.AddPropertyDeletionOverride(jsii.String(property))
	}
	awscdk.Validations_Of(cluster).Acknowledge(&awscdk.Acknowledgment{
		Id:     jsii.String("CloudFormation-Validate::F3021"),
		Reason: jsii.String("MasterUsername comes with the snapshot and must not be given again"),
	})
}
