package services

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// alarmProps is one condition that a person should know about. An alarm goes off when its metric is above the limit, or below it
// with atLeast, for the given number of minutes.
type alarmProps struct {
	metric      awscloudwatch.IMetric
	above       float64
	atLeast     float64 // if not 0, the alarm goes off below this, and also when nothing is reported
	minutes     int
	agreeing    int // of the minutes that must be above the limit; 0: all
	description string
	runbook     string // file in docs/runbooks, without .md; empty for an alarm that needs no person
}

// newAlarm makes an alarm without an action.
func newAlarm(scope constructs.Construct, id string, props alarmProps) awscloudwatch.Alarm {
	limit := props.above
	comparison, missing := awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD, awscloudwatch.TreatMissingData_NOT_BREACHING
	if props.atLeast != 0 {
		limit = props.atLeast
		comparison, missing = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD, awscloudwatch.TreatMissingData_BREACHING
	}
	var agreeing *float64
	if props.agreeing > 0 {
		agreeing = jsii.Number(props.agreeing)
	}
	description := props.description
	if props.runbook != "" {
		description += " Runbook: docs/runbooks/" + props.runbook + ".md"
	}
	return awscloudwatch.NewAlarm(scope, jsii.String(id), &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(description),
		Metric:             props.metric,
		Threshold:          jsii.Number(limit),
		ComparisonOperator: comparison,
		EvaluationPeriods:  jsii.Number(props.minutes),
		DatapointsToAlarm:  agreeing,
		TreatMissingData:   missing,
	})
}

// alert makes an alarm that notifies the environment's topic when it goes off and when it is over.
func (p *platform) alert(scope constructs.Construct, id string, props alarmProps) awscloudwatch.Alarm {
	alarm := newAlarm(scope, id, props)
	action := awscloudwatchactions.NewSnsAction(p.topic)
	alarm.AddAlarmAction(action)
	alarm.AddOkAction(action)
	return alarm
}

// newAlarmTopic makes the topic of the alarms, with the e-mail address as its subscriber if there is one.
func newAlarmTopic(scope constructs.Construct, id string, e config.Environment) awssns.Topic {
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
