package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Buckets are the object storage of one environment: uploads and archives of the app, and access logs.
type Buckets struct {
	constructs.Construct
	files awss3.Bucket
	logs  awss3.Bucket
}

// loadBalancerLogs is where in the bucket the load balancer's access logs lie.
const loadBalancerLogs = "load-balancer"

// NewBuckets makes private buckets that answer over TLS only.
func NewBuckets(scope constructs.Construct, id string, e Environment) *Buckets {
	this := constructs.NewConstruct(scope, jsii.String(id))
	b := &Buckets{Construct: this}
	b.logs = awss3.NewBucket(this, jsii.String("AccessLogs"), b.private(e, &awss3.BucketProps{
		ObjectOwnership: awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		LifecycleRules:  &[]*awss3.LifecycleRule{{Expiration: days(e.Storage.AccessLogDays), AbortIncompleteMultipartUploadAfter: days(1)}},
	}))
	b.files = awss3.NewBucket(this, jsii.String("Files"), b.private(e, &awss3.BucketProps{
		Versioned:              jsii.Bool(true),
		ServerAccessLogsBucket: b.logs,
		ServerAccessLogsPrefix: jsii.String("files/"),
		LifecycleRules:         filesLifecycle(e.Storage),
	}))
	b.allowLoadBalancerLogs()
	return b
}

// private adds what every bucket has.
func (b *Buckets) private(e Environment, props *awss3.BucketProps) *awss3.BucketProps {
	props.BlockPublicAccess = awss3.BlockPublicAccess_BLOCK_ALL()
	props.Encryption = awss3.BucketEncryption_S3_MANAGED
	props.EnforceSSL = jsii.Bool(true)
	props.MinimumTLSVersion = jsii.Number(1.2)
	props.RemovalPolicy = e.removal(awscdk.RemovalPolicy_RETAIN)
	props.AutoDeleteObjects = jsii.Bool(e.Removable)
	return props
}

func filesLifecycle(s Storage) *[]*awss3.LifecycleRule {
	rule := &awss3.LifecycleRule{
		AbortIncompleteMultipartUploadAfter: days(7),
		NoncurrentVersionExpiration:         days(s.KeepOldVersionsDays),
		ExpiredObjectDeleteMarker:           jsii.Bool(true),
	}
	if s.InfrequentAfterDays > 0 {
		rule.Transitions = &[]*awss3.Transition{{StorageClass: awss3.StorageClass_INFREQUENT_ACCESS(), TransitionAfter: days(s.InfrequentAfterDays)}}
	}
	return &[]*awss3.LifecycleRule{rule}
}

// allowLoadBalancerLogs lets load balancers of this account deliver. Written here, and not by the load balancer's stack,
// which may be destroyed while the bucket stays; by the delivery service's principal, which needs no region.
func (b *Buckets) allowLoadBalancerLogs() {
	stack := awscdk.Stack_Of(b.Construct)
	b.logs.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("logdelivery.elasticloadbalancing.amazonaws.com"), nil)},
		Actions:    jsii.Strings("s3:PutObject"),
		Resources:  &[]*string{b.logs.ArnForObjects(jsii.Sprintf("%s/AWSLogs/%s/*", loadBalancerLogs, *stack.Account()))},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}},
	}))
}
