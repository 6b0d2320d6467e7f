package test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"dozen/config"
	"dozen/internal/cloudformation"
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

// A value comes from where its setting says, and the role that starts a task may read these values and nothing else: not the secret
// next door whose name begins the same, no history of a parameter, no list.
func TestSecretsFromEachPlace(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) {
		e.Secrets = map[string]config.Secret{
			"BY_NAME": {Name: "shop/sms"}, "A_FIELD": {Name: "shop/maps", Field: "key", KeyARN: key},
			"STORED": {Parameter: "/shop/prod/STORED"}, "PLAIN": {Parameter: "plain"}, "SIGNING": {Generated: 64},
		}
	})
	signing := e.data.one(t, "AWS::SecretsManager::Secret", "/Secrets/")
	want(t, "the generated secret", signing.get("GenerateSecretString"), map[string]any{"PasswordLength": 64, "ExcludePunctuation": true})
	want(t, "it outlives its stack", []string{signing.DeletionPolicy, signing.UpdateReplacePolicy}, []string{"RetainExceptOnCreate", "Retain"})
	want(t, "its length waits for the guard", slices.Contains(signing.DependsOn, "LastingSettings445D827A"), true)
	in := func(service, resource string) string { return plain(inRegion(service, resource)) }
	definitions := 0
	for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
		definitions++
		from := map[string]string{}
		for _, secret := range list(definition.container("Secrets")) {
			from[dig(secret, "Name").(string)] = plain(e.origin(dig(secret, "ValueFrom")))
		}
		want(t, definition.ID+" gets", from, map[string]string{
			"BY_NAME": in("secretsmanager", "secret:shop/sms"), "A_FIELD": in("secretsmanager", "secret:shop/maps:key::"),
			"STORED": in("ssm", "parameter/shop/prod/STORED"), "PLAIN": in("ssm", "parameter/plain"),
			"SIGNING": `{"Ref":"` + signing.ID + `"}`,
		})
		may := map[string][]string{}
		for _, statement := range statements(e.services, ref(definition.get("ExecutionRoleArn"))) {
			for _, action := range list(dig(statement, "Action")) {
				if name := action.(string); !strings.HasPrefix(name, "ecr:") && !strings.HasPrefix(name, "logs:") {
					for _, resource := range list(dig(statement, "Resource")) {
						may[name] = append(may[name], plain(e.origin(resource)))
					}
				}
			}
		}
		for _, resources := range may {
			slices.Sort(resources)
		}
		read := []string{in("secretsmanager", "secret:shop/maps-??????"), in("secretsmanager", "secret:shop/sms-??????"), `{"Ref":"` + signing.ID + `"}`}
		slices.Sort(read)
		want(t, "the execution role of "+definition.ID+" may", may, map[string][]string{
			"secretsmanager:GetSecretValue": read, "kms:Decrypt": {`"` + key + `"`},
			"ssm:GetParameters": {in("ssm", "parameter/plain"), in("ssm", "parameter/shop/prod/STORED")},
		})
	}
	want(t, "task definitions", definitions, 5)
}

// inRegion is an ARN in the account and region of a stack.
func inRegion(service, resource string) any {
	return map[string]any{"Fn::Join": []any{"", []any{
		"arn:", map[string]string{"Ref": "AWS::Partition"}, ":" + service + ":", map[string]string{"Ref": "AWS::Region"}, ":",
		map[string]string{"Ref": "AWS::AccountId"}, ":" + resource,
	}}}
}

// Prevents: every user logged out, because AWS makes up another signing key when the length of one changes. Both ways ask first.
func TestAGeneratedSecretStays(t *testing.T) {
	of := func(secret config.Secret) *mode {
		e := config.Staging()
		e.Secrets = map[string]config.Secret{"SIGNING": secret}
		return &mode{
			name: "staging", environment: e, releases: map[string]*cloudformation.Environment{},
			assembly: sync.OnceValue(func() environment { return synthesize(e, fixture()) }),
		}
	}
	long, short, elsewhere := of(config.Secret{Generated: 64}), of(config.Secret{Generated: 32}), of(config.Secret{Name: "shop/key"})
	for name, change := range map[string]effect{"length": effectOf(long, short), "place": effectOf(long, elsewhere)} {
		if !change.confirmed || change.refused {
			t.Errorf("another %s needs no line in Confirm: %s", name, change)
		}
	}
	if again := effectOf(long, long); len(again.actions) > 0 {
		t.Errorf("a second deployment changes %q", again.actions)
	}
	h := newHistory(1)
	must(h.deploy(long, long, false))
	must(h.deploy(long, modes()["staging"], false))
	if left := strings.Join(h.account.Leftovers(), "; "); !strings.Contains(left, "SecretsSIGNING") {
		t.Errorf("the key is gone with its setting; what is left: %s", left)
	}
	for _, violation := range h.account.Violations() {
		t.Error(violation)
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
