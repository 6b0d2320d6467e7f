package backing

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Generator describes how Secrets Manager generates a secret; the fields are those of CloudFormation's
// GenerateSecretString.
type Generator struct {
	SecretStringTemplate    string // JSON object; needs GenerateStringKey
	GenerateStringKey       string // key of the password in that object
	PasswordLength          int    // default 32, at most 4096
	ExcludeCharacters       string
	ExcludeLowercase        bool
	ExcludeUppercase        bool
	ExcludeNumbers          bool
	ExcludePunctuation      bool
	IncludeSpace            bool
	RequireEachIncludedType *bool // default true
}

// KeptSecret returns the secret with this name in dir. It generates the secret at the first call, and again when the
// generator has changed, as a stack update does.
func KeptSecret(dir, name string, g Generator) (string, error) {
	if name == "" || strings.ContainsAny(name, "/\\\x00") || strings.HasPrefix(name, ".") {
		return "", fmt.Errorf("secret %q: the name must not be empty, have a slash or begin with a dot", name)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	type kept struct {
		Generator Generator
		Secret    string
	}
	path := filepath.Join(dir, name+".json")
	var before kept
	if data, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(data, &before); err != nil {
			return "", fmt.Errorf("%s: %w; remove the file to generate a new secret", path, err)
		}
		if reflect.DeepEqual(before.Generator, g) {
			return before.Secret, nil
		}
	}
	secret, err := g.Generate()
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	data, err := json.Marshal(kept{g, secret})
	if err != nil {
		return "", err
	}
	return secret, writeAtomically(path, data)
}

// Generate returns a new secret: the template with the password in it, or the password alone.
func (g Generator) Generate() (string, error) {
	password, err := g.password()
	if err != nil || g.SecretStringTemplate == "" && g.GenerateStringKey == "" {
		return password, err
	}
	var object map[string]any
	err = json.Unmarshal([]byte(g.SecretStringTemplate), &object)
	if err != nil || object == nil || g.GenerateStringKey == "" {
		return "", fmt.Errorf("SecretStringTemplate is %q and GenerateStringKey is %q: "+
			"must be a JSON object and a key in it", g.SecretStringTemplate, g.GenerateStringKey)
	}
	object[g.GenerateStringKey] = password
	data, err := json.Marshal(object)
	return string(data), err
}

func (g Generator) password() (string, error) {
	length := cmp.Or(g.PasswordLength, 32)
	types, all := g.types()
	each := g.RequireEachIncludedType == nil || *g.RequireEachIncludedType
	if length < 1 || length > 4096 || all == "" || each && length < len(types) {
		return "", fmt.Errorf("PasswordLength is %d: must be 1 to 4096, and at least %d "+
			"to have a character of each type that is not excluded", length, max(len(types), 1))
	}
	if !each {
		types = nil
	}
	password := make([]byte, length)
	for i := range password {
		from := all
		if i < len(types) {
			from = types[i]
		}
		n, err := randomBelow(len(from))
		if err != nil {
			return "", err
		}
		password[i] = from[n]
	}
	for i := range password { // shuffle, so that the required characters are not always first
		n, err := randomBelow(length - i)
		if err != nil {
			return "", err
		}
		password[i], password[i+n] = password[i+n], password[i]
	}
	return string(password), nil
}

// types returns the characters that are not excluded: one set for each type, and all together.
func (g Generator) types() (sets []string, all string) {
	for _, set := range []struct {
		characters string
		excluded   bool
	}{
		{"abcdefghijklmnopqrstuvwxyz", g.ExcludeLowercase},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", g.ExcludeUppercase},
		{"0123456789", g.ExcludeNumbers},
		{"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", g.ExcludePunctuation},
		{" ", !g.IncludeSpace},
	} {
		left := strings.Map(func(r rune) rune {
			if set.excluded || strings.ContainsRune(g.ExcludeCharacters, r) {
				return -1
			}
			return r
		}, set.characters)
		if left != "" {
			sets, all = append(sets, left), all+left
		}
	}
	return sets, all
}

// randomBelow returns a random number from 0 to n-1.
func randomBelow(n int) (int, error) {
	number, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, fmt.Errorf("no random numbers: %w", err)
	}
	return int(number.Int64()), nil
}
