package data

import (
	"dozen/config"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newTable makes a DynamoDB table of the app, paid per request, with the string key id. It can be restored to any second of the
// last 35 days. Processes may use items by their key; without a sort key and an index there is nothing to query.
func newTable(scope constructs.Construct, id string, e config.Environment) Option {
	this := constructs.NewConstruct(scope, jsii.String(id))
	table := awsdynamodb.NewTable(this, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey:       &awsdynamodb.Attribute{Name: jsii.String("id"), Type: awsdynamodb.AttributeType_STRING},
		BillingMode:        awsdynamodb.BillingMode_PAY_PER_REQUEST,
		DeletionProtection: jsii.Bool(e.DeletionProtection),
		RemovalPolicy:      retention.Policy(e, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
	})
	addOutput(this, "TableArn", table.TableArn(), "The table of the app")
	return Option{
		Variables: map[string]*string{"TABLE_NAME": table.TableName()},
		Resource:  table.TableArn(),
		Actions:   []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
	}
}
