package test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/config"
)

// Whatever somebody writes into an environment, it is refused with a message or it synthesizes; it never ends in a stack
// trace. The ordinary run repeats the same changes, the long one draws new ones.
func TestAnyEnvironmentIsRefusedOrSynthesizes(t *testing.T) {
	rounds, seed := 90, uint64(1)
	if os.Getenv("DOZEN_LONG") != "" {
		rounds, seed = 1500, rand.Uint64()
	}
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	refused, made := 0, 0
	for round := range rounds {
		e := []func() config.Environment{config.Development, config.Staging, config.Production}[round%3]()
		changes := ""
		for range 1 + random.IntN(3) {
			changes += change(random, reflect.ValueOf(&e).Elem(), "Environment") + " "
		}
		problem, synthesized := attempt(e)
		switch {
		case problem != nil:
			t.Errorf("%s: %v", changes, problem)
		case !synthesized:
			refused++
		default:
			made++
		}
	}
	t.Logf("%d refused, %d synthesized", refused, made)
	if refused < rounds/10 || made < rounds/10 {
		t.Errorf("%d refused and %d synthesized of %d: the changes do not try both any more", refused, made, rounds)
	}
}

// attempt validates and synthesizes; a panic of the construct library is the problem that it returns.
func attempt(e config.Environment) (problem error, synthesized bool) {
	defer func() {
		if p := recover(); p != nil {
			problem = fmt.Errorf("valid, and does not synthesize: %v", p)
		}
	}()
	if e.Validate(fixture().Processes) != nil {
		return nil, false
	}
	synthesize(e, fixture())
	return nil, true
}

// change sets one field, anywhere inside a value, to something plausible or absurd, and returns its path and new value.
func change(random *rand.Rand, value reflect.Value, path string) string {
	switch value.Kind() {
	case reflect.Struct:
		fields := slices.DeleteFunc(reflect.VisibleFields(value.Type()), func(f reflect.StructField) bool {
			return !f.IsExported() || len(f.Index) > 1
		})
		field := fields[random.IntN(len(fields))]
		return change(random, value.FieldByIndex(field.Index), path+"."+field.Name)
	case reflect.Map:
		return changeMap(random, value, path)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), random.IntN(3), 3))
		for i := range value.Len() {
			change(random, value.Index(i), path)
		}
	case reflect.String:
		value.SetString(pick(random,
			"", "dev", "prod-2", "eu-central-1", "eu-central-1a", "10.2.0.0/20", "single", "none", "per-zone", "t4g.large",
			"r8g.large", "cache.m7g.large", "/health", "/x/y/", "a@b.c", "ecr.api", "Ünïcode", "x\ny", "${AWS::Region}",
			"{{resolve:ssm:x}}", "snapshot-1", "-", "cron(0 3 * * ? *)",
			"/${Token[TOKEN.1]}", "a${Token[AWS.Region.4]}", "#{Token[TOKEN.1]}", "-1.8881545897087626e+289", "__proto__",
			"x\x00", "\x1b[31m", "\xff", "\u2028", "日本語", "$jsii.byref", `"'\`, strings.Repeat("ab", 20_000)))
	case reflect.Int:
		value.SetInt(int64(pick(random, -1, 0, 1, 2, 3, 7, 14, 30, 35, 60, 90, 256, 512, 1024, 2048, 4096, 8080, 70000,
			math.MaxInt64, math.MinInt64)))
	case reflect.Int64:
		value.SetInt(int64(pick(random,
			-time.Second, 0, time.Millisecond, time.Second, 15*time.Second, time.Minute, 10*time.Minute, time.Hour,
			math.MaxInt64, math.MinInt64)))
	case reflect.Float64:
		value.SetFloat(pick(random, -1, 0, 0.5, 0.7, 1, 4, 256, 300, math.NaN(), math.Inf(1), -1.8881545897087626e+289))
	case reflect.Bool:
		value.SetBool(!value.Bool())
	}
	return fmt.Sprintf("%s=%.200v", path, value.Interface())
}

func changeMap(random *rand.Rand, value reflect.Value, path string) string {
	key := reflect.ValueOf(pick(random, "worker", "mail", "FEATURE_X", "PORT", "lower", "__proto__", "x${Token[TOKEN.1]}")).Convert(value.Type().Key())
	entry := reflect.New(value.Type().Elem()).Elem()
	if value.IsNil() {
		value.Set(reflect.MakeMap(value.Type()))
	} else if old := value.MapIndex(key); old.IsValid() {
		entry.Set(old)
	}
	changed := change(random, entry, path+"["+key.String()+"]")
	value.SetMapIndex(key, entry)
	return changed
}

func pick[T any](random *rand.Rand, choices ...T) T { return choices[random.IntN(len(choices))] }
