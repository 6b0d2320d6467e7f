package test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"dozen/config"
)

// A secret passed by value is visible to everyone who may read a task definition.
func TestSecretsArePassedByReference(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
			want(t, definition.ID+"'s injected secrets", definition.container("Secrets"), nil)
			variables := definition.variablesOf("proxy")
			for _, name := range []string{"DATABASE_SECRET_ARN", "CACHE_SECRET_ARN"} {
				if !strings.Contains(variables[name], "PublishOutputRef") {
					t.Errorf("%s: %s is %s, want the ARN from the data stack", definition.ID, name, variables[name])
				}
			}
			if strings.Contains(plain(definition.Properties), "resolve:secretsmanager") {
				t.Errorf("%s resolves a secret into its definition", definition.ID)
			}
		}
	})
}

// A generated password goes to the two properties that take it, which AWS never shows, and to nothing that anybody can read: no
// output, no variable of a function, no tag, no user data.
func TestGeneratedPasswordsGoToTheServersOnly(t *testing.T) {
	taken := regexp.MustCompile(`/(MasterUserPassword|AuthenticationMode/Passwords/0)(/|$)`)
	var look func(t *testing.T, at string, value any) int
	look = func(t *testing.T, at string, value any) (found int) {
		switch v := value.(type) {
		case map[string]any:
			for key, part := range v {
				found += look(t, at+"/"+key, part)
			}
		case []any:
			for i, part := range v {
				found += look(t, fmt.Sprintf("%s/%d", at, i), part)
			}
		case string:
			if !strings.Contains(v, "{{resolve:secretsmanager") && !strings.Contains(v, "{{resolve:ssm-secure") {
				return 0
			}
			if !taken.MatchString(at) {
				t.Errorf("%s shows a secret: %s", at, v)
			}
			return 1
		}
		return found
	}
	check := func(t *testing.T, e environment) {
		found := 0
		for _, tpl := range e.templates() {
			for _, r := range tpl.resources() {
				found += look(t, r.ID, r.Properties)
			}
			for name, output := range tpl.Outputs {
				found += look(t, "output "+name, output.Value)
			}
		}
		if found < 2 {
			t.Errorf("%d secrets found", found)
		}
	}
	each(t, check)
	check(t, full())
}

func TestThirdPartySecretIsInjectedByField(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) {
		e.Secrets = map[string]config.Secret{"STRIPE_KEY": {ARN: stripe, Field: "key"}}
	})
	for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
		want(t, "injected", definition.container("Secrets"), []any{map[string]any{"Name": "STRIPE_KEY", "ValueFrom": stripe + ":key::"}})
		role := ref(definition.get("ExecutionRoleArn"))
		if readers := policiesOf(e.services, role); !strings.Contains(readers, stripe) {
			t.Errorf("execution role %s cannot read the secret: %s", role, readers)
		}
	}
}

// Prevents: tasks that cannot start, because their secret is encrypted with a key of the team's own that they may not use.
func TestSecretUnderAKeyOfItsOwn(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) {
		e.Secrets = map[string]config.Secret{"STRIPE_KEY": {ARN: stripe, KeyARN: key}}
	})
	for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
		var allowed []any
		for _, statement := range statements(e.services, ref(definition.get("ExecutionRoleArn"))) {
			if plain(dig(statement, "Resource")) == `"`+key+`"` {
				allowed = append(allowed, dig(statement, "Action"))
			}
		}
		if plain(allowed) != `["kms:Decrypt"]` {
			t.Errorf("the execution role of %s may %v with the key, want kms:Decrypt and nothing else", definition.ID, allowed)
		}
	}
}

// No template contains anything that looks like a credential.
func TestTemplatesContainNoPassword(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		secret := e.data.one(t, "AWS::SecretsManager::Secret", "/Database/")
		want(t, "database password", e.data.one(t, "AWS::RDS::DBInstance", "").get("MasterUserPassword"),
			map[string]any{"Fn::Join": []any{"", []any{
				"{{resolve:secretsmanager:", map[string]string{"Ref": secret.ID}, ":SecretString:password::}}",
			}}})
		var user map[string]any
		must(json.Unmarshal([]byte(plain(e.data.one(t, "AWS::ElastiCache::User", "").get("AuthenticationMode"))), &user))
		if !strings.Contains(plain(user["Passwords"]), "resolve:secretsmanager") {
			t.Errorf("the cache's password is %s", plain(user["Passwords"]))
		}
	})
}
