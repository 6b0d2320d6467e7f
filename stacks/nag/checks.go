package nag

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// AddChecks runs cdk-nag's AwsSolutions rules on everything in a stage while it is synthesized. An aspect of the whole app
// would silently stop at the stage's border. The findings go into the validation report, next to those of AWS's own template
// validator.
func AddChecks(stage awscdk.Stage) {
	checks := cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Reports: jsii.Bool(false)})
	awscdk.Aspects_Of(stage).Add(checks, nil)
}
