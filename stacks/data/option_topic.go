package data

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newTopic makes an SNS topic that the app publishes to; alarms have a topic of their own. It is encrypted with SNS's own key,
// which costs nothing and needs no permission besides that to publish, and it answers over TLS only.
func newTopic(scope constructs.Construct, id string) Option {
	this := constructs.NewConstruct(scope, jsii.String(id))
	topic := awssns.NewTopic(this, jsii.String("Topic"), &awssns.TopicProps{
		EnforceSSL: jsii.Bool(true),
		MasterKey:  awskms.Alias_FromAliasName(this, jsii.String("Key"), jsii.String("alias/aws/sns")),
	})
	addOutput(this, "TopicArn", topic.TopicArn(), "The topic of the app")
	return Option{
		Variables: map[string]*string{"TOPIC_ARN": topic.TopicArn()},
		Resource:  topic.TopicArn(),
		Actions:   []string{"sns:Publish"},
	}
}
