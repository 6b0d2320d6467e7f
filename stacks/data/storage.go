package data

import (
	"dozen/config"
	"dozen/stacks/nag"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// buckets are the object storage of one environment: uploads and archives of the app, and access logs.
type buckets struct {
	constructs.Construct
	files awss3.IBucket // nil if the app has none
	logs  awss3.Bucket
}

// newBuckets makes private buckets that answer over TLS only.
func newBuckets(scope constructs.Construct, id string, e config.Environment) *buckets {
	this := constructs.NewConstruct(scope, jsii.String(id))
	b := &buckets{Construct: this}
	b.logs = awss3.NewBucket(this, jsii.String("AccessLogs"), privateBucket(e, &awss3.BucketProps{
		ObjectOwnership: awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Expiration: days(e.Storage.AccessLogDays), AbortIncompleteMultipartUploadAfter: days(1),
		}},
	}))
	if !e.Storage.Off {
		b.files = awss3.NewBucket(this, jsii.String("Files"), privateBucket(e, &awss3.BucketProps{
			Versioned:              jsii.Bool(true),
			ServerAccessLogsBucket: b.logs,
			ServerAccessLogsPrefix: jsii.String("files/"),
			LifecycleRules:         filesLifecycle(e.Storage),
		}))
	} else if !e.Options.AuditTrail {
		nag.Acknowledge(b.logs, nag.ReceivesLogs)
	}
	b.allowLoadBalancerLogs()
	return b
}

// privateBucket adds what every bucket has.
func privateBucket(e config.Environment, props *awss3.BucketProps) *awss3.BucketProps {
	props.BlockPublicAccess = awss3.BlockPublicAccess_BLOCK_ALL()
	props.Encryption = awss3.BucketEncryption_S3_MANAGED
	props.EnforceSSL = jsii.Bool(true)
	props.MinimumTLSVersion = jsii.Number(1.2)
	props.RemovalPolicy = retention.Policy(e, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE)
	props.AutoDeleteObjects = jsii.Bool(e.Removable)
	return props
}

func filesLifecycle(s config.Storage) *[]*awss3.LifecycleRule {
	rule := &awss3.LifecycleRule{
		AbortIncompleteMultipartUploadAfter: days(7),
		NoncurrentVersionExpiration:         days(s.KeepOldVersionsDays),
		ExpiredObjectDeleteMarker:           jsii.Bool(true),
	}
	if s.InfrequentAfterDays > 0 {
		rule.Transitions = &[]*awss3.Transition{{
			StorageClass: awss3.StorageClass_INFREQUENT_ACCESS(), TransitionAfter: days(s.InfrequentAfterDays),
		}}
	}
	return &[]*awss3.LifecycleRule{rule}
}

// allowLoadBalancerLogs lets load balancers of this account deliver their logs. The permission is here, and not in the load
// balancer's stack, because that stack may be deleted while the bucket stays. It names the delivery service's principal, which
// needs no region, under the condition of AWS's own documentation.
func (b *buckets) allowLoadBalancerLogs() {
	stack := awscdk.Stack_Of(b.Construct)
	b.logs.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("logdelivery.elasticloadbalancing.amazonaws.com"), nil)},
		Actions:    jsii.Strings("s3:PutObject"),
		Resources:  &[]*string{b.logs.ArnForObjects(jsii.Sprintf("%s/AWSLogs/%s/*", LoadBalancerLogs, *stack.Account()))},
		Conditions: &map[string]any{"ArnLike": map[string]any{"aws:SourceArn": stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("elasticloadbalancing"), Resource: jsii.String("loadbalancer"), ResourceName: jsii.String("*"),
		})}},
	}))
}
