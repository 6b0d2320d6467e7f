package templatecheck

import (
	"fmt"
	"regexp"

	"dozen/internal/assembly"
)

// cacheNodeType matches the node types that run Valkey.
var cacheNodeType = regexp.MustCompile(`^cache\.(t[34]g?|[mr][5-8]g?|c[7-8]gn?)\.(micro|small|medium|[0-9]*x?large)$`)

// cacheNodes: engine, node type and failover are plain strings to every validator.
func cacheNodes(group *assembly.Resource, require requirer) {
	engine := group.Properties["Engine"]
	require(mayEqual(engine, "valkey"), "Engine", fmt.Sprintf("is %s", shown(engine)), "set it to valkey")
	node := group.Properties["CacheNodeType"]
	name, _ := node.(string)
	require(intrinsic(node) || cacheNodeType.MatchString(name), "CacheNodeType",
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
