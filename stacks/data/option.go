package data

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// addOptions adds the options that are on, and returns those that processes use, and the queue if there is one.
func addOptions(stack awscdk.Stack, e config.Environment, buckets *buckets) (options []Option, queue *Queue) {
	o := e.Options
	if o.Queue {
		var option Option
		option, queue = newQueue(stack, "Queue", e)
		options = append(options, option)
	}
	if o.Topic {
		options = append(options, newTopic(stack, "Topic"))
	}
	if o.Table {
		options = append(options, newTable(stack, "Table", e))
	}
	if o.AppConfig {
		options = append(options, newAppConfig(stack, "AppConfig", e))
	}
	if o.AuditTrail {
		newAuditTrail(stack, "AuditTrail", e, buckets)
	}
	if o.MonthlyBudgetUSD > 0 {
		newBudget(stack, "Budget", e)
	}
	return options, queue
}

// addOutput makes an output of the stack that a construct is in, under an id of the stack's own.
func addOutput(scope constructs.Construct, id string, value *string, description string) {
	awscdk.NewCfnOutput(awscdk.Stack_Of(scope), jsii.String(id), &awscdk.CfnOutputProps{
		Value: value, Description: jsii.String(description),
	})
}
