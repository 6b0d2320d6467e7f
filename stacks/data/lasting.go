package data

import (
	"dozen/config"
	"dozen/internal/gate"
	"dozen/stacks/gatefunction"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newLastingSettings makes the custom resource that knows the settings with which the environment was deployed, and refuses a
// deployment that changes one of them and is not confirmed. Whatever must not change before it has answered depends on it.
func newLastingSettings(scope constructs.Construct, id string, e config.Environment, handler string) constructs.IDependable {
	this := constructs.NewConstruct(scope, jsii.String(id))
	function := gatefunction.New(this, e, handler, "Refuses changes of lasting settings that nobody has confirmed")
	var lasting []map[string]string
	for _, l := range e.Lasting() {
		setting := map[string]string{gate.PropertyName: l.Field, gate.PropertyValue: l.Value}
		if rule := rules[l.Rule]; rule != "" {
			setting[rule] = l.Consequence
		}
		lasting = append(lasting, setting)
	}
	resource := awscdk.NewCustomResource(this, jsii.String("Settings"), &awscdk.CustomResourceProps{
		ServiceToken:   function.FunctionArn(),
		ResourceType:   jsii.String(gate.LastingType),
		ServiceTimeout: awscdk.Duration_Seconds(jsii.Number(gate.ServiceTimeout(gate.MinDeadline).Seconds())),
		Properties: &map[string]any{
			gate.PropertyLasting:      lasting,
			gate.PropertyRestoredFrom: e.Database.Snapshot,
			gate.PropertyConfirm:      append([]string{}, e.Confirm...),
		},
	})
	resource.Node().AddDependency(function.Role())
	return resource
}

// rules are the words for config's rules in the properties of the resource.
var rules = map[config.Rule]string{
	config.Confirmed: gate.RuleConfirm,
	config.Restored:  gate.RuleRestore,
	config.Shrinks:   gate.RuleShrink,
	config.Loses:     gate.RuleLose,
	config.Grows:     gate.RuleGrow,
	config.Never:     gate.RuleNever,
}
