package config

import "fmt"

// Connect is how processes reach the database and the cache.
type Connect string

// The ways. The image may be the same in both: a process gets other variables, see docs/variables.md.
const (
	// ConnectProxy puts a proxy next to each process, which speaks TLS and logs in: DATABASE_URL and REDIS_URL lead to it on the task's
	// own loopback. No code of the app deals with TLS, secrets or rotated passwords.
	ConnectProxy Connect = "proxy"
	// ConnectSecret gives processes the addresses of the servers and the ARNs of their secrets: the app does the rest.
	ConnectSecret Connect = "secret"
)

// Ports of the proxy on a task's loopback: those that every client of PostgreSQL and of Redis assumes.
const (
	ProxyDatabasePort = 5432
	ProxyCachePort    = 6379
)

// ProxyMemoryMiB is what the proxy may use of a task's memory: 19 MiB with twenty connections, 29 with two hundred, see the test of
// cmd/proxy.
const ProxyMemoryMiB = 32

func (e Environment) validateConnect(p *problems) {
	p.require(e.Connect == ConnectProxy || e.Connect == ConnectSecret,
		"Connect", string(e.Connect), "allowed are proxy and secret", "write ConnectProxy")
	taken := e.Connect == ConnectProxy && (e.Web.Port == ProxyDatabasePort || e.Web.Port == ProxyCachePort)
	p.require(!taken, "Web.Port", e.Web.Port,
		fmt.Sprintf("the proxy listens on %d and %d", ProxyDatabasePort, ProxyCachePort), "write another one, such as 8080")
}
