package local

import (
	"path/filepath"
	"testing"

	"dozen/internal/assembly"
	"dozen/internal/local/localtest"
)

// Prevents: `dozen up` that asks for a Redis, or fails, for an app that needs neither cache nor bucket. The proxy listens for the
// database only, and no variable leads elsewhere.
func TestAnEnvironmentWithoutCacheAndBucket(t *testing.T) {
	stack, err := assembly.ParseTemplate([]byte(`{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
		"ContainerDefinitions": [
			{"Name": "app", "Image": "x:app", "DependsOn": [{"ContainerName": "proxy", "Condition": "START"}], "Environment": [
				{"Name": "DATABASE_URL", "Value": "postgres://app@127.0.0.1:5432/app"}, {"Name": "PGPORT", "Value": "5432"},
				{"Name": "LOG_LEVEL", "Value": "info"}]},
			{"Name": "proxy", "Image": "x:proxy", "Environment": [
				{"Name": "DATABASE_LISTEN", "Value": "127.0.0.1:5432"}, {"Name": "DATABASE_SECRET_ARN", "Value": "arn"}]}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	env := &assembly.Environment{
		Name: "dev", Stacks: []*assembly.Stack{stack}, Images: []assembly.Image{{Hash: "app"}, {Hash: "proxy"}},
	}
	settings := Settings{Home: Home{filepath.Join(t.TempDir(), "dev")}, Checkout: checkout}
	b, err := startBacking(localtest.Bounded(t), settings, env, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.stop()
	if b.cache != nil || b.database != nil || b.proxy == nil || b.proxy.Cache != "" {
		t.Fatalf("cache %v, database %v, proxy %+v", b.cache, b.database, b.proxy)
	}
	here := b.proxyVariables
	if len(here) != 2 || here["DATABASE_URL"] != "postgres://app@"+b.proxy.Database+"/app" || here["PGPORT"] == "5432" {
		t.Errorf("the variables that lead to the proxy are %q", here)
	}
}
