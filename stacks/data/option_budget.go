package data

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsbudgets"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// BudgetTag is on every resource of an environment with a budget. Its value is unique in the account.
const BudgetTag = "Budget"

// BudgetTagValue is the value of BudgetTag.
func BudgetTagValue(e config.Environment) string { return e.Application + "-" + e.Name }

// newBudget alerts the alarm address when the environment's cost of this month has passed 80 % of the limit, and when AWS
// forecasts that it will pass all of it. The cost is found by BudgetTag, which the account's owner activates once in Billing, under
// Cost allocation tags; until then it counts as zero. Application and Environment will not do: a budget adds up what has either of
// two tags, and so the environments of one name of all applications.
func newBudget(scope constructs.Construct, id string, e config.Environment) {
	alert := func(kind string, percent float64) any {
		return &awsbudgets.CfnBudget_NotificationWithSubscribersProperty{
			Notification: &awsbudgets.CfnBudget_NotificationProperty{
				NotificationType: jsii.String(kind), ComparisonOperator: jsii.String("GREATER_THAN"),
				Threshold: jsii.Number(percent), ThresholdType: jsii.String("PERCENTAGE"),
			},
			Subscribers: []any{&awsbudgets.CfnBudget_SubscriberProperty{
				SubscriptionType: jsii.String("EMAIL"), Address: jsii.String(e.Alarms.Email),
			}},
		}
	}
	awsbudgets.NewCfnBudget(scope, jsii.String(id), &awsbudgets.CfnBudgetProps{
		Budget: &awsbudgets.CfnBudget_BudgetDataProperty{
			BudgetType:  jsii.String("COST"),
			TimeUnit:    jsii.String("MONTHLY"),
			BudgetLimit: &awsbudgets.CfnBudget_SpendProperty{Amount: jsii.Number(e.Options.MonthlyBudgetUSD), Unit: jsii.String("USD")},
			CostFilters: map[string]any{"TagKeyValue": []string{"user:" + BudgetTag + "$" + BudgetTagValue(e)}},
		},
		NotificationsWithSubscribers: []any{alert("ACTUAL", 80), alert("FORECASTED", 100)},
	})
}
