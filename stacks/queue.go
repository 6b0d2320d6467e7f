package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Queue is an SQS queue of the app, and the dead-letter queue beside it.
type Queue struct {
	constructs.Construct
	queue awssqs.Queue
}

// receivesBeforeDead is how often a message may come back undeleted before it is put aside.
const receivesBeforeDead = 5

// NewQueue makes both queues, encrypted and reachable over TLS only. What was put aside is kept for the longest time that
// SQS offers, for a person to look at.
func NewQueue(scope constructs.Construct, id string, e Environment) *Queue {
	this := constructs.NewConstruct(scope, jsii.String(id))
	dead := awssqs.NewQueue(this, jsii.String("Dead"), kept(e, &awssqs.QueueProps{RetentionPeriod: days(14)}))
	q := &Queue{Construct: this, queue: awssqs.NewQueue(this, jsii.String("Queue"), kept(e, &awssqs.QueueProps{
		ReceiveMessageWaitTime: awscdk.Duration_Seconds(jsii.Number(20)),
		DeadLetterQueue:        &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(receivesBeforeDead)},
	}))}
	output(this, "QueueArn", q.queue.QueueArn(), "The queue of the app")
	output(this, "DeadLetterQueueArn", dead.QueueArn(), "Messages that no process could handle")
	return q
}

// kept adds what both queues have.
func kept(e Environment, props *awssqs.QueueProps) *awssqs.QueueProps {
	props.Encryption = awssqs.QueueEncryption_SQS_MANAGED
	props.EnforceSSL = jsii.Bool(true)
	props.RemovalPolicy = e.removal(awscdk.RemovalPolicy_RETAIN)
	return props
}

func (q *Queue) variables() map[string]*string {
	return map[string]*string{"QUEUE_URL": q.queue.QueueUrl()}
}

func (q *Queue) permissions() (*string, []string) {
	return q.queue.QueueArn(), []string{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}
}
