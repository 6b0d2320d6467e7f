package backing

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Generator says how Secrets Manager makes a secret; its fields are GenerateSecretString's in CloudFormation.
type Generator struct {
	SecretStringTemplate    string // JSON object; with GenerateStringKey
	GenerateStringKey       string // where the password goes in it
	PasswordLength          int    // default 32, at most 4096
	ExcludeCharacters       string
	ExcludeLowercase        bool
	ExcludeUppercase        bool
	ExcludeNumbers          bool
	ExcludePunctuation      bool
	IncludeSpace            bool
	RequireEachIncludedType *bool // default true
}

// KeptSecret is the secret of this name in dir: made at the first call and whenever its generator has changed, as a
// stack update does, and read back otherwise.
func KeptSecret(dir, name string, g Generator) (string, error) {
	if name == "" || strings.ContainsAny(name, "/\\\x00") || strings.HasPrefix(name, ".") {
		return "", fmt.Errorf("secret %q: want a name without a slash", name)
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
	if text, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(text, &before); err != nil {
			return "", fmt.Errorf("%s: %w: remove it to have a new secret made", path, err)
		}
		if reflect.DeepEqual(before.Generator, g) {
			return before.Secret, nil
		}
	}
	secret, err := g.Generate()
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	text, err := json.Marshal(kept{g, secret})
	if err != nil {
		return "", err
	}
	return secret, replace(path, text)
}

// Generate makes a new secret: the template with the password in it, or the password alone.
func (g Generator) Generate() (string, error) {
	password, err := g.password()
	if err != nil || g.SecretStringTemplate == "" && g.GenerateStringKey == "" {
		return password, err
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(g.SecretStringTemplate), &object); err != nil || object == nil || g.GenerateStringKey == "" {
		return "", fmt.Errorf("SecretStringTemplate %q with GenerateStringKey %q: want a JSON object and a key", g.SecretStringTemplate, g.GenerateStringKey)
	}
	object[g.GenerateStringKey] = password
	text, err := json.Marshal(object)
	return string(text), err
}

func (g Generator) password() (string, error) {
	length := cmp.Or(g.PasswordLength, 32)
	types, all := g.types()
	each := g.RequireEachIncludedType == nil || *g.RequireEachIncludedType
	if length < 1 || length > 4096 || all == "" || each && length < len(types) {
		return "", fmt.Errorf("PasswordLength %d: want 1 to 4096, room for each of the %d types of characters, and some that are not excluded", length, len(types))
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
		n, err := below(len(from))
		if err != nil {
			return "", err
		}
		password[i] = from[n]
	}
	for i := range password { // so that the required ones are not always in front
		n, err := below(length - i)
		if err != nil {
			return "", err
		}
		password[i], password[i+n] = password[i+n], password[i]
	}
	return string(password), nil
}

// types are the sets of characters that remain, one a type, and all of them together.
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

func below(n int) (int, error) {
	number, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, errors.Join(errors.New("no random numbers"), err)
	}
	return int(number.Int64()), nil
}
