package backing_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dozen/internal/local/backing"
)

// Prevents: a password without a required type of character, or with an excluded one, breaks its user (aws-cdk#35175).
func TestGeneratedPasswords(t *testing.T) {
	template := backing.Generator{SecretStringTemplate: `{"username":"app"}`, GenerateStringKey: "password", ExcludeCharacters: "^%'\"\\", PasswordLength: 5, IncludeSpace: true}
	seen := map[string]bool{}
	for range 200 {
		text, err := template.Generate()
		must(t, err)
		var login struct{ Username, Password string }
		must(t, json.Unmarshal([]byte(text), &login))
		p := login.Password
		if login.Username != "app" || len(p) != 5 || strings.ContainsAny(p, template.ExcludeCharacters) || !strings.ContainsAny(p, "0123456789") ||
			!strings.Contains(p, " ") || strings.ToLower(p) == p || strings.ToUpper(p) == p || !strings.ContainsAny(p, "!#$&()*+,-./:;<=>?@[]_`{|}~") {
			t.Fatalf("%s", text)
		}
		seen[p] = true
	}
	if len(seen) < 190 {
		t.Errorf("%d different passwords of 200", len(seen))
	}
	for _, wrong := range []backing.Generator{
		{PasswordLength: 3}, {PasswordLength: 5000}, {GenerateStringKey: "password"}, {SecretStringTemplate: "[]", GenerateStringKey: "x"},
		{ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true, ExcludePunctuation: true},
	} {
		if text, err := wrong.Generate(); err == nil {
			t.Errorf("%+v generated %q", wrong, text)
		}
	}
}

func TestSecretsAreKeptUntilTheirGeneratorChanges(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	first, err := backing.KeptSecret(dir, "Login", backing.Generator{})
	must(t, err)
	again, err := backing.KeptSecret(dir, "Login", backing.Generator{})
	must(t, err)
	changed, err := backing.KeptSecret(dir, "Login", backing.Generator{PasswordLength: 40})
	must(t, err)
	if len(first) != 32 || first != again || len(changed) != 40 {
		t.Errorf("%q, %q, %q", first, again, changed)
	}
	info, err := os.Stat(filepath.Join(dir, "Login.json"))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if _, err := backing.KeptSecret(dir, "../Login", backing.Generator{}); err == nil {
		t.Error("a name outside of the directory is accepted")
	}
}

// Prevents: every generated password begins with a small letter, a capital, a digit and a sign, in this order.
func TestPasswordsBeginWithAnything(t *testing.T) {
	first := map[bool]int{}
	for range 200 {
		password, err := backing.Generator{}.Generate()
		must(t, err)
		first[strings.ContainsRune("abcdefghijklmnopqrstuvwxyz", rune(password[0]))]++
	}
	if first[false] < 50 {
		t.Errorf("%d of 200 passwords begin with a small letter", first[true])
	}
}
