package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"dozen/internal/assembly"
	"dozen/internal/local/backing"
)

// makeSecrets generates the secrets that the templates describe and keeps them, as Secrets Manager does.
func (b *backingServices) makeSecrets(context.Context) error {
	for _, r := range b.templates.env.Resources(secretType) {
		value, err := b.templates.keptSecret(r)
		if err != nil {
			return err
		}
		b.secrets[r] = value
	}
	return nil
}

const secretType = "AWS::SecretsManager::Secret"

// keptSecret returns the value of a secret, which stays the same in this home until the template describes another one.
func (t *templates) keptSecret(r *assembly.Resource) (string, error) {
	p := t.read(r)
	value, err := backing.KeptSecret(t.settings.Home.secrets(), r.ID, generator(p.At("GenerateSecretString")))
	return value, errors.Join(err, p.Err())
}

// injected returns the value that a task gets for a secret: the user's own, or that of a secret which the templates generate. It
// reports false if there is none.
func (t *templates) injected(secret assembly.Secret) (value string, known bool, err error) {
	if value, known = t.settings.Values[secret.Name]; known {
		return value, true, nil
	}
	for _, r := range t.env.Resources(secretType) {
		if secretARN(r) == secret.From {
			value, err = t.keptSecret(r)
			return value, true, err
		}
	}
	return "", false, nil
}

func generator(p assembly.Properties) backing.Generator {
	g := backing.Generator{
		SecretStringTemplate: p.At("SecretStringTemplate").Text(),
		GenerateStringKey:    p.At("GenerateStringKey").Text(),
		PasswordLength:       p.At("PasswordLength").Number(32),
		ExcludeCharacters:    p.At("ExcludeCharacters").Text(),
		ExcludeLowercase:     p.At("ExcludeLowercase").Bool(false),
		ExcludeUppercase:     p.At("ExcludeUppercase").Bool(false),
		ExcludeNumbers:       p.At("ExcludeNumbers").Bool(false),
		ExcludePunctuation:   p.At("ExcludePunctuation").Bool(false),
		IncludeSpace:         p.At("IncludeSpace").Bool(false),
	}
	if p.At("RequireEachIncludedType").Raw() != nil {
		each := p.At("RequireEachIncludedType").Bool(true)
		g.RequireEachIncludedType = &each
	}
	return g
}

// login is the content of a generated secret.
type login struct{ Username, Password string }

// login returns the content of the secret that a resource's password refers to, as {{resolve:secretsmanager:ARN:...}}.
func (b *backingServices) login(r *assembly.Resource, password string) (login, error) {
	for secret, value := range b.secrets {
		if !strings.Contains(password, secretARN(secret)) {
			continue
		}
		var l login
		if err := json.Unmarshal([]byte(value), &l); err != nil || l.Password == "" {
			return login{}, fmt.Errorf("%s: the secret %s is not a JSON object with username and password", r, secret.ID)
		}
		return l, nil
	}
	return login{}, fmt.Errorf("%s: its password does not come from a generated secret of the templates; "+
		"only such a login works here", r)
}

// stored returns the secrets as Secrets Manager stores them.
func (b *backingServices) stored() []backing.Secret {
	var stored []backing.Secret
	for r, value := range b.secrets {
		stored = append(stored, backing.Secret{ARN: secretARN(r), Name: r.ID, Value: value})
	}
	return append(stored, b.logins...)
}

// parameters returns the user's values, under each path that a process reads.
func (b *backingServices) parameters() []backing.Parameter {
	values := b.templates.settings.Values
	var parameters []backing.Parameter
	for _, path := range b.parameterPaths() {
		for _, name := range sorted(values) {
			parameter := backing.Parameter{Name: path + name, Value: values[name], Type: "SecureString"}
			parameters = append(parameters, parameter)
		}
	}
	return parameters
}

// parameterPaths returns the processes' paths in Parameter Store.
func (b *backingServices) parameterPaths() []string {
	paths := map[string]bool{}
	for _, r := range b.templates.env.Resources("AWS::ECS::TaskDefinition") {
		for _, container := range b.templates.env.Read(r, assembly.Symbolic).At("ContainerDefinitions").Each() {
			for _, variable := range container.At("Environment").Each() {
				if variable.At("Name").Text() == "PARAMETERS_PATH" {
					paths[strings.TrimSuffix(variable.At("Value").Text(), "/")+"/"] = true
				}
			}
		}
	}
	return sorted(paths)
}
