package assembly

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// walk asks an environment for everything: all views, and every property of every resource, read and followed.
func walk(e *Environment) {
	// A fuzzed template is full of problems. What counts is that reading it ends.
	_, _ = e.Services(Symbolic)
	_, _ = e.TaskDefinitions(Symbolic)
	_, _ = e.TargetGroups(Symbolic)
	_, _ = e.LoadBalancers(Symbolic)
	for _, r := range e.Resources("") {
		p := e.Read(r, Symbolic)
		for _, key := range sortedKeys(r.Properties) {
			property := p.At(key)
			property.Text()
			property.Number(0)
			property.Seconds(0)
			property.Bool(false)
			property.Texts()
			e.Follow(r, property.Raw())
		}
		_ = p.Err()
	}
}

// FuzzRead reads any manifest and any template, and everything in them. The seeds are in testdata.
func FuzzRead(f *testing.F) {
	f.Add([]byte(stackManifest(`"B"`, `"A"`)), []byte(services))
	f.Fuzz(func(_ *testing.T, manifest, template []byte) {
		a, err := Read(fstest.MapFS{"manifest.json": {Data: manifest}, "t.json": {Data: template}, "n/manifest.json": {Data: template}})
		if err != nil {
			return
		}
		for _, e := range a.Environments {
			walk(e)
		}
	})
}

// FuzzResolve reads any JSON value as a property, in a template with everything to which it may refer.
func FuzzResolve(f *testing.F) {
	f.Add([]byte(`{"Fn::Sub":"${Other.Arn}"}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		if !json.Valid(value) {
			return
		}
		template := strings.ReplaceAll(`{"Resources":{
			"It":{"Type":"AWS::ECS::Service","Properties":{"X":VALUE,"LoadBalancers":VALUE,"Cluster":VALUE}},
			"Other":{"Type":"Custom::Other"}},
			"Outputs":{"Circle":{"Value":VALUE}},`+sections+`}`, "VALUE", string(value))
		a, err := Read(written(map[string]string{"A": template}))
		if err != nil {
			return // such as a value that is nested deeper than the decoder goes
		}
		walk(a.Environments[0])
	})
}

// FuzzDamagedTemplate takes the synthesized templates of an environment and removes or replaces some of their nodes.
func FuzzDamagedTemplate(f *testing.F) {
	var sound [2][]byte
	for i, part := range []string{"data", "services"} {
		text, err := os.ReadFile("../../test/snapshots/dev-" + part + ".json")
		if err != nil {
			f.Fatal(err)
		}
		sound[i] = text
	}
	for seed := range uint64(100) {
		f.Add(seed, uint8(1+seed%8))
	}
	f.Fuzz(func(t *testing.T, seed uint64, damages uint8) {
		random := rand.New(rand.NewPCG(seed, 0))
		templates := map[string]string{}
		for i, name := range []string{"dozen-dev-Data", "dozen-dev-Services"} {
			var template any
			if err := json.Unmarshal(sound[i], &template); err != nil {
				t.Fatal(err)
			}
			for range damages {
				template = damaged(template, random)
			}
			text, err := json.Marshal(template)
			if err != nil {
				t.Fatal(err)
			}
			templates[name] = string(text)
		}
		if a, err := Read(written(templates)); err == nil {
			for _, e := range a.Environments {
				walk(e)
			}
		}
	})
}

// damaged follows a random path and removes what it finds there, or replaces it.
func damaged(value any, random *rand.Rand) any {
	if random.IntN(12) > 0 {
		switch v := value.(type) {
		case map[string]any:
			if keys := sortedKeys(v); len(keys) > 0 {
				key := keys[random.IntN(len(keys))]
				if random.IntN(20) == 0 {
					delete(v, key)
				} else {
					v[key] = damaged(v[key], random)
				}
				return v
			}
		case []any:
			if len(v) > 0 {
				i := random.IntN(len(v))
				v[i] = damaged(v[i], random)
				return v
			}
		}
	}
	others := []any{
		nil, true, 1e300, -0.5, "", "Other", []any{}, map[string]any{}, []any{value, value}, map[string]any{"Ref": "AWS::NoValue"}, map[string]any{"Ref": value},
		map[string]any{"Fn::GetAtt": value}, map[string]any{"Fn::Join": []any{value, value}}, map[string]any{"Fn::New": value}, map[string]any{"Fn::If": []any{value, value, value}},
	}
	return others[random.IntN(len(others))]
}
