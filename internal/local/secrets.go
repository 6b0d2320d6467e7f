package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dozen/internal/assembly"
	"dozen/internal/local/backing"
)

// makeSecrets generates what the templates have generated; it is kept, as Secrets Manager keeps it.
func (a *attached) makeSecrets(context.Context) error {
	for _, r := range a.env.Resources("AWS::SecretsManager::Secret") {
		p := a.env.Read(r, a.answers)
		generate := p.At("GenerateSecretString")
		g := backing.Generator{
			SecretStringTemplate: generate.At("SecretStringTemplate").Text(), GenerateStringKey: generate.At("GenerateStringKey").Text(),
			PasswordLength: generate.At("PasswordLength").Number(32), ExcludeCharacters: generate.At("ExcludeCharacters").Text(),
			ExcludeLowercase: generate.At("ExcludeLowercase").Bool(false), ExcludeUppercase: generate.At("ExcludeUppercase").Bool(false),
			ExcludeNumbers: generate.At("ExcludeNumbers").Bool(false), ExcludePunctuation: generate.At("ExcludePunctuation").Bool(false),
			IncludeSpace: generate.At("IncludeSpace").Bool(false),
		}
		if generate.At("RequireEachIncludedType").Raw() != nil {
			each := generate.At("RequireEachIncludedType").Bool(true)
			g.RequireEachIncludedType = &each
		}
		value, err := backing.KeptSecret(a.directory("secrets"), r.ID, g)
		if err = errors.Join(err, p.Err()); err != nil {
			return err
		}
		a.secrets[r] = value
	}
	return nil
}

// login is what a generated secret holds.
type login struct{ Username, Password string }

// login finds the secret that a resource's password is taken from, in the form {{resolve:secretsmanager:ARN:...}}.
func (a *attached) login(r *assembly.Resource, password string) (login, error) {
	for secret, value := range a.secrets {
		if !strings.Contains(password, secretARN(secret)) {
			continue
		}
		var l login
		if err := json.Unmarshal([]byte(value), &l); err != nil || l.Password == "" {
			return login{}, fmt.Errorf("%s: the secret %s is not a JSON object with username and password", r, secret.ID)
		}
		return l, nil
	}
	return login{}, fmt.Errorf("%s: its password does not come from a secret that the templates generate; only such a login can be made here", r)
}

// parameters are the person's values, under every path that a process may read.
func (a *attached) parameters() []backing.Parameter {
	var parameters []backing.Parameter
	for _, path := range a.parameterPaths() {
		for _, name := range slices.Sorted(maps.Keys(a.settings.Values)) {
			parameters = append(parameters, backing.Parameter{Name: path + name, Value: a.settings.Values[name], Type: "SecureString"})
		}
	}
	return parameters
}

func (a *attached) parameterPaths() []string {
	paths := map[string]bool{}
	for _, r := range a.env.Resources("AWS::ECS::TaskDefinition") {
		for _, container := range a.env.Read(r, assembly.Symbolic).At("ContainerDefinitions").Each() {
			for _, variable := range container.At("Environment").Each() {
				if variable.At("Name").Text() == "PARAMETERS_PATH" {
					paths[strings.TrimSuffix(variable.At("Value").Text(), "/")+"/"] = true
				}
			}
		}
	}
	return sorted(paths)
}
