package services

import (
	"maps"
	"slices"
	"strings"

	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// injected is a variable that ECS fills when a task starts. It replaces the construct library's own way, which would let the role
// also describe a secret, list all parameters and read their history.
type injected struct {
	awsecs.Secret
	from     *string // as the task definition names it
	resource *string // in a policy
	action   string
	key      string // ARN of a key of the team's own, or empty
}

// Arn returns where the value comes from.
func (i *injected) Arn() *string { return i.from }

// GrantRead lets the role that starts tasks read this one value.
func (i *injected) GrantRead(to awsiam.IGrantable) awsiam.Grant {
	if i.key != "" {
		awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
			Grantee: to, Actions: jsii.Strings("kms:Decrypt"), ResourceArns: jsii.Strings(i.key),
		})
	}
	return awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee: to, Actions: jsii.Strings(i.action), ResourceArns: &[]*string{i.resource},
	})
}

// secrets are the variables of Environment.Secrets.
func (p *platform) secrets() *map[string]awsecs.Secret {
	secrets := map[string]awsecs.Secret{}
	for name, secret := range p.env.Secrets {
		i := p.injected(name, secret)
		awsecs.NewSecret_Override(i)
		secrets[name] = i
	}
	return &secrets
}

// injected says where ECS finds a value. A name is complete only with six characters that AWS has added to it: in a policy they are
// question marks, so that no longer name fits.
func (p *platform) injected(name string, secret config.Secret) *injected {
	const read = "secretsmanager:GetSecretValue"
	i := &injected{key: secret.KeyARN, action: read}
	switch {
	case secret.Parameter != "":
		i.from = p.parameterARN(secret.Parameter)
		i.resource, i.action = i.from, "ssm:GetParameters"
		return i
	case secret.Generated != 0:
		i.from = p.data.Secrets[name].SecretArn()
		i.resource = i.from
	case secret.Name != "":
		i.from = p.secretARN(secret.Name)
		i.resource = jsii.String(*i.from + "-??????")
	default:
		i.from = jsii.String(secret.ARN)
		i.resource = i.from
	}
	if secret.Field != "" {
		i.from = jsii.Sprintf("%s:%s::", *i.from, secret.Field)
	}
	return i
}

// secretARN is the ARN of a secret without the six characters at its end.
func (p *platform) secretARN(name string) *string { return p.arn("secretsmanager", "secret:"+name) }

func (p *platform) parameterARN(name string) *string {
	return p.arn("ssm", "parameter/"+strings.TrimPrefix(name, "/"))
}

// watched are what the events name that announce a new value: the ARNs of the secrets of the environment, and the names of its
// parameters. The pattern of a secret's name also fits longer names: at worst the tasks start again without need.
func (p *platform) watched() (secrets, parameters []any) {
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(p.env.Secrets)) {
		secret := p.env.Secrets[name]
		place := secret.ARN + secret.Name + secret.Parameter
		switch {
		case seen[place]: // several variables may come from one
		case secret.Parameter != "":
			parameters = append(parameters, secret.Parameter)
		case secret.Name != "":
			secrets = append(secrets, awsevents.Match_Prefix(jsii.String(*p.secretARN(secret.Name)+"-")))
		default:
			secrets = append(secrets, awsevents.Match_ExactString(p.injected(name, secret).resource))
		}
		seen[place] = place != ""
	}
	return secrets, parameters
}
