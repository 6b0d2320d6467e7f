package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dozen/internal/assembly"
)

// described makes templates of one task definition with a generated secret, a parameter and two aliases.
func described(t *testing.T, home string, length string, values map[string]string) (*templates, assembly.TaskDefinition) {
	t.Helper()
	stack, err := assembly.ParseTemplate([]byte(strings.ReplaceAll(`{"Resources": {
		"SecretsSIGNING": {"Type": "AWS::SecretsManager::Secret", "Properties": {
			"GenerateSecretString": {"PasswordLength": LENGTH, "ExcludePunctuation": true}}},
		"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Name": "app", "Image": "x:hash",
			"DockerLabels": {"dozen.alias.HTTP_PORT": "PORT", "dozen.alias.DB_URL": "DATABASE_URL", "other": "PORT"},
			"Environment": [{"Name": "PORT", "Value": "8080"}, {"Name": "HTTP_PORT", "Value": "8080"},
				{"Name": "DATABASE_URL", "Value": "there"}, {"Name": "DB_URL", "Value": "there"}],
			"Secrets": [{"Name": "SIGNING", "ValueFrom": {"Ref": "SecretsSIGNING"}},
				{"Name": "STORED", "ValueFrom": "arn:aws:ssm:us-east-1:1:parameter/x"}]}]}}}}`, "LENGTH", length)))
	if err != nil {
		t.Fatal(err)
	}
	env := &assembly.Environment{Name: "dev", Stacks: []*assembly.Stack{stack}, Images: []assembly.Image{{Hash: "hash"}}}
	all := &templates{env: env, settings: Settings{Home: Home{home}, Values: values, ValuesFile: "app/.env.dev"},
		variables: map[string]string{"DATABASE_URL": "here"}}
	definitions, err := env.TaskDefinitions(all.answer)
	if err != nil {
		t.Fatal(err)
	}
	return all, definitions[0]
}

// A generated secret is the same in every start and every release, nobody else can read it, and the user may give another value. A
// secret from elsewhere is the user's to give.
func TestInjectedSecrets(t *testing.T) {
	home := t.TempDir()
	signing := func(length string, values map[string]string) string {
		all, task := described(t, home, length, values)
		d, err := all.define("web", task)
		if err != nil {
			t.Fatal(err)
		}
		return d.variables["SIGNING"]
	}
	stored := map[string]string{"STORED": "x"}
	first := signing("64", stored)
	if len(first) != 64 || strings.Trim(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" {
		t.Errorf("the generated secret is %q", first)
	}
	if again := signing("64", stored); again != first {
		t.Errorf("%q becomes %q", first, again)
	}
	if own := signing("64", map[string]string{"STORED": "x", "SIGNING": "mine"}); own != "mine" {
		t.Errorf("the user's own value is %q", own)
	}
	if other := signing("32", stored); len(other) != 32 {
		t.Errorf("another length gives %q", other)
	}
	files, err := filepath.Glob(filepath.Join(home, "secrets", "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	all, task := described(t, home, "64", nil)
	_, err = all.define("web", task)
	const says = "web: the template injects STORED from arn:aws:ssm:us-east-1:1:parameter/x; add STORED=... to app/.env.dev"
	if err == nil || err.Error() != says {
		t.Errorf("got %v, want %s", err, says)
	}
}

// Prevents: a web process that listens on the port of all tasks, because it reads the port's other name.
func TestAliasesFollowTheirVariables(t *testing.T) {
	all, task := described(t, t.TempDir(), "64", map[string]string{"STORED": "x"})
	d, err := all.define("web", task)
	if err != nil {
		t.Fatal(err)
	}
	got := d.spec("web-1", 9001).Variables
	for name, want := range map[string]string{"PORT": "9001", "HTTP_PORT": "9001", "DATABASE_URL": "here", "DB_URL": "here", "other": ""} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if one := d.spec("run-1", 0).Variables; one["HTTP_PORT"] != "8080" {
		t.Errorf("a task without a port has %q", one["HTTP_PORT"])
	}
}
