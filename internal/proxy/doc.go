// Package proxy is the sidecar that logs an app in at its database and its cache. It listens on the task's own loopback, where the
// app connects without TLS and without a password:
//
//	   task                                                 private subnets
//	+-------------------------------------------+
//	| app --- 127.0.0.1:5432 ---+               |
//	|                           | proxy --------|-- TLS, server verified, current login --> PostgreSQL
//	|     --- 127.0.0.1:6379 ---+   |           |-- TLS, server verified, current login --> Valkey
//	+-------------------------------|-----------+
//	                                +-- GetSecretValue, when a login is refused
//
// So an app that knows DATABASE_URL and REDIS_URL runs unchanged, no variable holds a password, and a rotated password needs
// neither a restart nor code of the app. The pattern is that of Google's Cloud SQL Auth Proxy.
//
// Only the handshake is the proxy's own. After it, the proxy copies bytes in both directions until one side ends the connection: one
// connection of the app is one connection of the server, and COPY, LISTEN, prepared statements, pipelines, RESP2 and RESP3 pass as
// they are. Redis's RESET is the exception: it logs out, and the server refuses what follows.
//
// A server that is away, full or failing looks as it does without the proxy: PostgreSQL's own message is passed on, and where
// there is none, PostgreSQL's clients get "cannot connect now" and Redis's a closed connection.
package proxy
