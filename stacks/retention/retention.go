// Package retention decides what outlives the stacks of an environment: which resources stay when their stack is deleted, and
// how long logs are kept.
package retention

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Policy returns what happens to a resource when its stack is deleted. A removable environment leaves nothing behind;
// elsewhere the resource is kept in the given way. RETAIN_ON_UPDATE_OR_DELETE still lets a first deployment that fails remove
// what it has made: it holds no data yet, and the next try would find it in the way.
func Policy(e config.Environment, keep awscdk.RemovalPolicy) awscdk.RemovalPolicy {
	if e.Removable {
		return awscdk.RemovalPolicy_DESTROY
	}
	return keep
}

// NewLogGroup makes a log group as an environment keeps them: with a retention, because CloudWatch keeps logs forever
// otherwise, and beyond its stack unless the environment is removable.
func NewLogGroup(scope constructs.Construct, id string, e config.Environment) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, jsii.String(id), &awslogs.LogGroupProps{
		Retention:     logRetention[e.LogDays],
		RemovalPolicy: Policy(e, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE),
	})
}

// NewNamedLogGroup makes a log group for a part of AWS that writes to a name of its own choice, and would make the group itself,
// without a retention. It goes with its stack in every environment: one that stays would be in the way of the next one of its name.
func NewNamedLogGroup(scope constructs.Construct, id string, e config.Environment, name *string) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, jsii.String(id), &awslogs.LogGroupProps{
		LogGroupName:  name,
		Retention:     logRetention[e.LogDays],
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

// logRetention maps config.LogRetentions, in days, to CloudWatch's constants.
var logRetention = map[int]awslogs.RetentionDays{
	1:    awslogs.RetentionDays_ONE_DAY,
	3:    awslogs.RetentionDays_THREE_DAYS,
	5:    awslogs.RetentionDays_FIVE_DAYS,
	7:    awslogs.RetentionDays_ONE_WEEK,
	14:   awslogs.RetentionDays_TWO_WEEKS,
	30:   awslogs.RetentionDays_ONE_MONTH,
	60:   awslogs.RetentionDays_TWO_MONTHS,
	90:   awslogs.RetentionDays_THREE_MONTHS,
	120:  awslogs.RetentionDays_FOUR_MONTHS,
	150:  awslogs.RetentionDays_FIVE_MONTHS,
	180:  awslogs.RetentionDays_SIX_MONTHS,
	365:  awslogs.RetentionDays_ONE_YEAR,
	400:  awslogs.RetentionDays_THIRTEEN_MONTHS,
	545:  awslogs.RetentionDays_EIGHTEEN_MONTHS,
	731:  awslogs.RetentionDays_TWO_YEARS,
	1096: awslogs.RetentionDays_THREE_YEARS,
	1827: awslogs.RetentionDays_FIVE_YEARS,
	2192: awslogs.RetentionDays_SIX_YEARS,
	2557: awslogs.RetentionDays_SEVEN_YEARS,
	2922: awslogs.RetentionDays_EIGHT_YEARS,
	3288: awslogs.RetentionDays_NINE_YEARS,
	3653: awslogs.RetentionDays_TEN_YEARS,
}
