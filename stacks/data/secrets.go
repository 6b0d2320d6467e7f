package data

import (
	"maps"
	"slices"

	"dozen/config"
	"dozen/stacks/nag"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newGeneratedSecrets makes a secret for each of Environment.Secrets that is generated, and returns them by the names of their
// variables. AWS makes up the value when a secret is made, and again whenever its length changes: that waits for the guard of the
// lasting settings.
func newGeneratedSecrets(
	scope constructs.Construct, id string, e config.Environment, lasting constructs.IDependable,
) map[string]awssecretsmanager.ISecret {
	all := map[string]awssecretsmanager.ISecret{}
	for _, name := range slices.Sorted(maps.Keys(e.Secrets)) {
		length := e.Secrets[name].Generated
		if length == 0 {
			continue
		}
		if len(all) == 0 {
			scope = constructs.NewConstruct(scope, jsii.String(id))
			scope.Node().AddDependency(lasting)
		}
		secret := awssecretsmanager.NewSecret(scope, jsii.String(name), &awssecretsmanager.SecretProps{
			Description:   jsii.Sprintf("%s, generated", name),
			RemovalPolicy: retention.Policy(e, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE),
			GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
				PasswordLength: jsii.Number(length), ExcludePunctuation: jsii.Bool(true),
			},
		})
		nag.Acknowledge(secret, nag.ChangedByHand)
		all[name] = secret
	}
	return all
}
