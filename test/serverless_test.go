package test

import (
	"strings"
	"testing"

	"dozen/config"
)

func TestAuroraServerless(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) { e.Database.Aurora, e.Database.MinACU, e.Database.MaxACU = true, 1, 8 })
	cluster := e.data.one(t, "AWS::RDS::DBCluster", "")
	want(t, "capacity", cluster.get("ServerlessV2ScalingConfiguration"), map[string]int{"MinCapacity": 1, "MaxCapacity": 8})
	want(t, "encrypted", cluster.get("StorageEncrypted"), true)
	want(t, "protected", cluster.get("DeletionProtection"), true)
	want(t, "on deletion", cluster.DeletionPolicy, "Snapshot")
	want(t, "instances", len(e.data.all(t, "AWS::RDS::DBInstance")), 2)
	want(t, "forced TLS", e.data.one(t, "AWS::RDS::DBClusterParameterGroup", "").get("Parameters", "rds.force_ssl"), "1")
	definition := e.services.taskDefinition(e.services.one(t, "AWS::ECS::Service", "/Web/"))
	if host := definition.variablesOf("proxy")["POSTGRES_SERVICE_HOST"]; !strings.Contains(host, "DatabaseCluster") {
		t.Errorf("host is %s", host)
	}
}

func TestServerlessCache(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) { e.Cache.Serverless = true })
	cache := e.data.one(t, "AWS::ElastiCache::ServerlessCache", "")
	want(t, "engine", cache.get("Engine"), "valkey")
	want(t, "major version", cache.get("MajorEngineVersion"), "8")
	want(t, "cap", cache.get("CacheUsageLimits", "DataStorage", "Maximum"), 5)
	if cache.get("UserGroupId") == nil {
		t.Error("anyone in the network may use the cache")
	}
}

// Prevents: a serverless cache that cannot be replaced, because the new one is made while the old one still has its name.
func TestServerlessCacheNameFollowsWhatReplacesIt(t *testing.T) {
	name := func(change func(*config.Environment)) string {
		e := with(t, config.Production(), func(e *config.Environment) { e.Cache.Serverless = true; change(e) })
		name := e.data.one(t, "AWS::ElastiCache::ServerlessCache", "").get("ServerlessCacheName").(string)
		if len(name) > 40 || !strings.HasPrefix(name, e.settings.Application+"-"+e.settings.Name[:3]) {
			t.Errorf("the name is %q", name)
		}
		return name
	}
	was := name(func(*config.Environment) {})
	want(t, "a larger cache", name(func(e *config.Environment) { e.Cache.MaxGB = 50 }), was)
	want(t, "a third zone", name(func(e *config.Environment) { e.Network.Zones = 3 }), was)
	names := map[string]bool{was: true}
	for _, change := range []func(*config.Environment){
		func(e *config.Environment) { e.Network.CIDR = "10.9.0.0/16" },
		func(e *config.Environment) { e.Name = "prod-2" },
		func(e *config.Environment) { e.Application, e.Name = "abcdefghijklmnopqrst", "prod-3456789012345" },
		func(e *config.Environment) { e.Application, e.Name = "abcdefghijklmnopqrst", "prod-3456789012346" },
	} {
		names[name(change)] = true
	}
	want(t, "different names", len(names), 5)
}
