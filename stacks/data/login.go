package data

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// unsafeInPasswords are the characters that have a meaning of their own in a URL, a shell, a key=value connection string or
// RDS itself; aws-cdk#35175 is a caret that broke Go's net/url.
const unsafeInPasswords = ` !"#$%&'()*+,/:;<=>?@[\]^` + "`" + `{|}~`

// newLogin makes a secret with a user's name and a password that AWS generates: nobody sees it, and no template contains it.
func newLogin(scope constructs.Construct, user, description string, removal awscdk.RemovalPolicy) awssecretsmanager.Secret {
	return awssecretsmanager.NewSecret(scope, jsii.String("Secret"), &awssecretsmanager.SecretProps{
		Description:   jsii.String(description),
		RemovalPolicy: removal,
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			SecretStringTemplate: jsii.String(`{"username":"` + user + `"}`),
			GenerateStringKey:    jsii.String("password"),
			PasswordLength:       jsii.Number(32),
			ExcludeCharacters:    jsii.String(unsafeInPasswords),
		},
	})
}
