package templatecheck

import (
	"fmt"

	"dozen/config"
	"dozen/internal/assembly"
)

// cacheNodes: engine, node type and failover are plain strings to every validator.
func cacheNodes(group *assembly.Resource, require requirer) {
	engine := group.Properties["Engine"]
	require(mayEqual(engine, "valkey"), "Engine", fmt.Sprintf("is %s", shown(engine)), "set it to valkey")
	node := group.Properties["CacheNodeType"]
	name, _ := node.(string)
	require(intrinsic(node) || config.CacheNodeType.MatchString(name), "CacheNodeType",
		fmt.Sprintf("is %s, which is not a node type that runs Valkey", shown(node)),
		"set one such as cache.t4g.micro")
	nodes, ok := number(group.Properties["NumCacheClusters"])
	failover := group.Properties["AutomaticFailoverEnabled"] == true || group.Properties["MultiAZEnabled"] == true
	require(!ok || nodes >= 2 || !failover, "AutomaticFailoverEnabled",
		"is on, but there is no second node to fail over to",
		"add a replica or turn it off")
}

// cacheEncryption: a cache that was created without encryption stays without it.
func cacheEncryption(group *assembly.Resource, require requirer) {
	for _, property := range []string{"TransitEncryptionEnabled", "AtRestEncryptionEnabled"} {
		require(mayEqual(group.Properties[property], true), property,
			"is not true",
			"set it to true; a later change replaces the cache")
	}
}
