package test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/stacks"
)

// withoutParts is an environment whose app needs neither the cache nor the bucket.
func withoutParts(e config.Environment) config.Environment {
	e.Options.Dashboard, e.Cache.Off, e.Storage.Off = true, true, true
	return e
}

// What is switched off leaves nothing behind that refers to it: no resource and no cost, no rule, no permission, no variable, no alarm
// and no port of the proxy. The rest stays, and passes every check.
func TestPartsThatAreOff(t *testing.T) {
	traces := regexp.MustCompile(`(?i)elasticache|valkey|cache_|redis|6379|StorageFiles|STORAGE_|s3:(Get|Put|Delete)Object|s3:ListBucket`)
	for _, connect := range []config.Connect{config.ConnectProxy, config.ConnectSecret} {
		settings := withoutParts(config.Production())
		settings.Connect = connect
		for _, problem := range checked(t, settings, func(*stacks.Stage) {}) {
			t.Error(problem)
		}
		e := synthesizeFor(t, settings, fixture())
		if found := traces.FindString(e.services.text); found != "" {
			t.Errorf("the services' template with %s has %q", connect, found)
		}
		want(t, "traces with both on", len(traces.FindAllString(prod().services.text, -1)) > 20, true)
		for _, r := range e.data.resources() {
			if strings.HasPrefix(r.Type, "AWS::ElastiCache::") || r.under("/Cache/") || r.under("/Storage/Files/") {
				t.Errorf("the data stack has %s", r)
			}
		}
		want(t, "buckets", len(e.data.all(t, "AWS::S3::Bucket")), 1) // of access logs
		for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
			variables := definition.variables()
			want(t, definition.ID, slices.Sorted(maps.Keys(variables)), settings.Variables())
			if connect == config.ConnectProxy {
				want(t, "the proxy listens on", definition.variablesOf("proxy")["DATABASE_LISTEN"], `"127.0.0.1:5432"`)
			}
		}
	}
}

// Prevents: sessions and files that are gone because a line was, in an environment that people rely on. Switching off asks first, and
// the bucket stays with its files; switching on again asks nothing.
func TestSwitchingAPartOffAsksFirst(t *testing.T) {
	for field, stays := range map[string]bool{"Cache.Off": false, "Storage.Off": true} {
		on, off := modes()["prod"], modes()["prod+"+field]
		if there := effectOf(on, off); !there.confirmed || there.refused {
			t.Errorf("%s: %s", field, there)
		}
		if back := effectOf(off, on); back.confirmed || back.refused {
			t.Errorf("the way back from %s: %s", field, back)
		}
		h := newHistory(1)
		must(h.deploy(on, on, false))
		must(h.deploy(on, off, false))
		left := strings.Join(h.account.Leftovers(), "; ")
		if strings.Contains(left, "StorageFiles") != stays || strings.Contains(left, "CacheNodes") {
			t.Errorf("%s leaves %s", field, left)
		}
		for _, violation := range h.account.Violations() {
			t.Error(violation)
		}
	}
}
