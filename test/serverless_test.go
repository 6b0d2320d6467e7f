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
	if host := definition.variables()["POSTGRES_SERVICE_HOST"]; !strings.Contains(host, "DatabaseCluster") {
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
