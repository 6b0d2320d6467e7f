package config

import (
	"strings"
	"testing"
)

// A value that comes from nowhere, or from a place that ECS or Secrets Manager reads otherwise, shows only when a task does not
// start. Each mistake is found alone, under the name of its field.
func TestMistakesInSecrets(t *testing.T) {
	const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-AbCdEf"
	const key = "arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-123456789012"
	for says, secret := range map[string]Secret{
		`Secrets["X"] is "": a value comes from one place; set one of ARN, Name, Parameter and Generated`: {},
		`Secrets["X"] is "ARN and Name": a value comes from one place`:                                    {ARN: arn, Name: "stripe"},
		`Secrets["X"] is "Parameter and Generated": a value comes from one place`:                         {Parameter: "/a/b", Generated: 64},
		`Secrets["X"].ARN is "stripe": not the complete ARN`:                                              {ARN: "stripe"},
		`Secrets["X"].Name is "a key": not the name of a secret`:                                          {Name: "a key"},
		`Secrets["X"].Name is "arn:aws:x": not the name of a secret`:                                      {Name: "arn:aws:x"},
		`Secrets["X"].Name is "app-secret": Secrets Manager takes a hyphen and six characters`:            {Name: "app-secret"},
		`Secrets["X"].Parameter is "/shop//key": not the name of a parameter`:                             {Parameter: "/shop//key"},
		`Secrets["X"].Parameter is "shop/key": not the name of a parameter`:                               {Parameter: "shop/key"},
		`Secrets["X"].Parameter is "/aws/key": AWS keeps names`:                                           {Parameter: "/aws/key"},
		`Secrets["X"].Parameter is "SSM-key": AWS keeps names`:                                            {Parameter: "SSM-key"},
		`Secrets["X"].Generated is 15: allowed are 16 to 1024 letters and digits; write 64`:               {Generated: 15},
		`Secrets["X"].Generated is -1: allowed are 16 to 1024`:                                            {Generated: -1},
		`Secrets["X"].Generated is 1025: allowed are 16 to 1024`:                                          {Generated: 1025},
		`Secrets["X"].Field is "key": only a secret of Secrets Manager has fields; leave it empty`:        {Parameter: "/a/b", Field: "key"},
		`Secrets["X"].Field is "f": only a secret of Secrets Manager has fields`:                          {Generated: 64, Field: "f"},
		`Secrets["X"].Field is "a:b": not a field of a JSON secret`:                                       {Name: "stripe", Field: "a:b"},
		`Secrets["X"].KeyARN is "` + key + `": AWS's key encrypts a generated secret`:                     {Generated: 64, KeyARN: key},
		`Secrets["X"].KeyARN is "alias/mine": not the ARN of a KMS key`:                                   {Parameter: "/a/b", KeyARN: "alias/mine"},
	} {
		e := Development()
		e.Secrets = map[string]Secret{"X": secret}
		err := e.Validate(processes)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q alone, have: %v", says, err)
		}
	}
	for _, secret := range []Secret{
		{ARN: arn, Field: "key", KeyARN: key}, {Name: "shop/prod/stripe"}, {Name: "stripe", Field: "key", KeyARN: key}, {Name: "my-secrets"},
		{Parameter: "/shop/prod/STRIPE_KEY", KeyARN: key}, {Parameter: "stripe"}, {Parameter: "/awesome/key"}, {Generated: 16}, {Generated: 1024},
	} {
		e := Development()
		e.Secrets = map[string]Secret{"X": secret}
		if err := e.Validate(processes); err != nil {
			t.Errorf("%+v: %v", secret, err)
		}
	}
}
