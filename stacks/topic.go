package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Topic is an SNS topic that the app publishes to. The app's own; alarms have another one.
type Topic struct {
	constructs.Construct
	topic awssns.Topic
}

// NewTopic makes the topic, encrypted with SNS's own key, which costs nothing and lets every principal through that may
// publish; it answers over TLS only.
func NewTopic(scope constructs.Construct, id string) *Topic {
	this := constructs.NewConstruct(scope, jsii.String(id))
	t := &Topic{Construct: this, topic: awssns.NewTopic(this, jsii.String("Topic"), &awssns.TopicProps{
		EnforceSSL: jsii.Bool(true),
		MasterKey:  awskms.Alias_FromAliasName(this, jsii.String("Key"), jsii.String("alias/aws/sns")),
	})}
	output(this, "TopicArn", t.topic.TopicArn(), "The topic of the app")
	return t
}

func (t *Topic) variables() map[string]*string {
	return map[string]*string{"TOPIC_ARN": t.topic.TopicArn()}
}

func (t *Topic) permissions() (*string, []string) {
	return t.topic.TopicArn(), []string{"sns:Publish"}
}
