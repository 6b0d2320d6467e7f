package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Table is a DynamoDB table of the app, paid per request, with the string key id.
type Table struct {
	constructs.Construct
	table awsdynamodb.Table
}

// NewTable makes the table. It can be restored to any second of the last 35 days.
func NewTable(scope constructs.Construct, id string, e Environment) *Table {
	this := constructs.NewConstruct(scope, jsii.String(id))
	t := &Table{Construct: this, table: awsdynamodb.NewTable(this, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey:       &awsdynamodb.Attribute{Name: jsii.String("id"), Type: awsdynamodb.AttributeType_STRING},
		BillingMode:        awsdynamodb.BillingMode_PAY_PER_REQUEST,
		DeletionProtection: jsii.Bool(e.DeletionProtection),
		RemovalPolicy:      e.removal(awscdk.RemovalPolicy_RETAIN),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
	})}
	output(this, "TableArn", t.table.TableArn(), "The table of the app")
	return t
}

func (t *Table) variables() map[string]*string {
	return map[string]*string{"TABLE_NAME": t.table.TableName()}
}

// permissions are those on items by their key; with no sort key and no index there is nothing to query.
func (t *Table) permissions() (*string, []string) {
	return t.table.TableArn(), []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
}
