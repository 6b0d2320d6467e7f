package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// alarmProps is one condition that a person should know of. An alarm rings when its metric lies above the limit (or below,
// with atLeast) for as many minutes as given.
type alarmProps struct {
	metric  awscloudwatch.IMetric
	above   float64
	atLeast float64 // when not 0, the alarm rings below this, and also when nothing is reported
	minutes int
	says    string
}

// newAlarm makes an alarm that tells nobody yet.
func newAlarm(scope constructs.Construct, id string, props alarmProps) awscloudwatch.Alarm {
	limit, comparison, missing := props.above, awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD, awscloudwatch.TreatMissingData_NOT_BREACHING
	if props.atLeast != 0 {
		limit, comparison, missing = props.atLeast, awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD, awscloudwatch.TreatMissingData_BREACHING
	}
	return awscloudwatch.NewAlarm(scope, jsii.String(id), &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(props.says),
		Metric:             props.metric,
		Threshold:          jsii.Number(limit),
		ComparisonOperator: comparison,
		EvaluationPeriods:  jsii.Number(props.minutes),
		TreatMissingData:   missing,
	})
}

// alert makes an alarm that tells the environment's topic when it rings and when it is over.
func (p *platform) alert(scope constructs.Construct, id string, props alarmProps) awscloudwatch.Alarm {
	alarm := newAlarm(scope, id, props)
	action := awscloudwatchactions.NewSnsAction(p.topic)
	alarm.AddAlarmAction(action)
	alarm.AddOkAction(action)
	return alarm
}

// newTopic makes the topic that alarms tell, with the e-mail address as its subscriber when there is one.
func newTopic(scope constructs.Construct, id string, e Environment) awssns.Topic {
	topic := awssns.NewTopic(scope, jsii.String(id), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(scope).Account()}},
	}))
	if e.Alarms.Email != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(e.Alarms.Email), nil))
	}
	return topic
}
