package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// AddChecks makes cdk-nag's AwsSolutions rules look at everything in a stage while it is synthesized; an aspect of the
// whole app would stop at the stage's border without a word. The findings end in the validation report beside those of
// AWS's own template validator.
func AddChecks(stage *Stage) {
	checks := cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Reports: jsii.Bool(false)})
	awscdk.Aspects_Of(stage.Stage).Add(checks, nil)
}
