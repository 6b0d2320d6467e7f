package data

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudtrail"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// auditYears is how long an auditor may look back.
const auditYears = 1

// newAuditTrail records every management call in the account, in all regions, in a bucket of its own: a trail of one region
// misses IAM and STS, whose events are in us-east-1. Digest files show whether a
// log file was changed or removed afterwards: `aws cloudtrail validate-logs`.
func newAuditTrail(scope constructs.Construct, id string, e config.Environment, buckets *buckets) {
	this := constructs.NewConstruct(scope, jsii.String(id))
	bucket := awss3.NewBucket(this, jsii.String("Events"), privateBucket(e, &awss3.BucketProps{
		Versioned:              jsii.Bool(true),
		ServerAccessLogsBucket: buckets.logs,
		ServerAccessLogsPrefix: jsii.String("audit/"),
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Expiration: days(365 * auditYears), NoncurrentVersionExpiration: days(1), AbortIncompleteMultipartUploadAfter: days(1),
		}},
	}))
	trail := awscloudtrail.NewTrail(this, jsii.String("Trail"), &awscloudtrail.TrailProps{
		Bucket:                     bucket,
		EnableFileValidation:       jsii.Bool(true),
		IncludeGlobalServiceEvents: jsii.Bool(true),
		IsMultiRegionTrail:         jsii.Bool(true),
		ManagementEvents:           awscloudtrail.ReadWriteType_ALL,
	})
	addOutput(this, "AuditTrailArn", trail.TrailArn(), "Records who changed what")
}
