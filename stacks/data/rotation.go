package data

import (
	"dozen/config"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"
)

// addRotation changes the database's password every few days, with the function that AWS maintains for it. Running tasks need
// no restart, because the app fetches the secret again when a login is refused. The function has a name of ours, for its alarm.
func (p *postgres) addRotation(e config.Environment, network *vpc) {
	p.Rotation = e.Application + "-" + e.Name + "-rotation"
	logs := retention.NewNamedLogGroup(p.Construct, "RotationLogs", e, jsii.String("/aws/lambda/"+p.Rotation))
	group := awsec2.NewSecurityGroup(p.Construct, jsii.String("RotationGroup"), &awsec2.SecurityGroupProps{
		Vpc: network.vpc, Description: jsii.String("Rotation of the database password"),
	})
	p.group.AddIngressRule(group, awsec2.Port_Tcp(jsii.Number(databasePort)), jsii.String("Rotation"), nil)
	schedule := p.attached.AddRotationSchedule(jsii.String("Rotation"), &awssecretsmanager.RotationScheduleOptions{
		AutomaticallyAfter: days(e.Database.RotationDays),
		HostedRotation: awssecretsmanager.HostedRotation_PostgreSqlSingleUser(&awssecretsmanager.SingleUserHostedRotationOptions{
			FunctionName:      jsii.String(p.Rotation),
			ExcludeCharacters: jsii.String(unsafeInPasswords),
			Vpc:               network.vpc,
			VpcSubnets:        network.taskSubnets(),
			SecurityGroups:    &[]awsec2.ISecurityGroup{group},
		}),
	})
	schedule.Node().AddDependency(logs) // the first rotation begins at once, and would make the group itself
}
