package data

import (
	"dozen/config"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// receivesBeforeDead is how often a message may be received and not deleted before it goes to the dead-letter queue.
const receivesBeforeDead = 5

// newQueue makes an SQS queue of the app and its dead-letter queue, encrypted and reachable over TLS only. Dead letters are
// kept for the longest time that SQS offers, so that a person can look at them.
func newQueue(scope constructs.Construct, id string, e config.Environment) (Option, *Queue) {
	this := constructs.NewConstruct(scope, jsii.String(id))
	dead := awssqs.NewQueue(this, jsii.String("Dead"), keptQueue(e, &awssqs.QueueProps{RetentionPeriod: days(14)}))
	queue := awssqs.NewQueue(this, jsii.String("Queue"), keptQueue(e, &awssqs.QueueProps{
		ReceiveMessageWaitTime: awscdk.Duration_Seconds(jsii.Number(20)),
		DeadLetterQueue:        &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(receivesBeforeDead)},
	}))
	addOutput(this, "QueueArn", queue.QueueArn(), "The queue of the app")
	addOutput(this, "DeadLetterQueueArn", dead.QueueArn(), "Messages that no process could handle")
	return Option{
		Variables: map[string]*string{"QUEUE_URL": queue.QueueUrl()},
		Resource:  queue.QueueArn(),
		Actions: []string{
			"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes",
		},
	}, &Queue{Name: queue.QueueName(), DeadLetters: dead.QueueName()}
}

// keptQueue adds what both queues have.
func keptQueue(e config.Environment, props *awssqs.QueueProps) *awssqs.QueueProps {
	props.Encryption = awssqs.QueueEncryption_SQS_MANAGED
	props.EnforceSSL = jsii.Bool(true)
	props.RemovalPolicy = retention.Policy(e, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE)
	return props
}
