package retention

import (
	"strings"

	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// KeepHelperLogs gives each function that the construct library adds to a stack for a custom resource, such as the one that empties
// buckets, a log group as the environment keeps them. Lambda would make one that is kept forever. The library's own way,
// CustomResourceConfig, does not reach these functions.
func KeepHelperLogs(stack awscdk.Stack, e config.Environment) {
	for _, child := range *stack.Node().Children() {
		if !strings.HasSuffix(*child.Node().Id(), "CustomResourceProvider") {
			continue
		}
		function := child.Node().FindChild(jsii.String("Handler")).(awscdk.CfnResource)
		group := NewLogGroup(stack, strings.TrimPrefix(*child.Node().Id(), "Custom::")+"Logs", e)
		function.AddPropertyOverride(jsii.String("LoggingConfig.LogGroup"), group.LogGroupName())
	}
}
