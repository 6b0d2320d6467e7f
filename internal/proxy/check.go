package proxy

import (
	"errors"
	"net"
	"time"
)

// Check returns nil if a proxy with these settings accepts connections. ECS starts the app when it does.
func Check(s Settings) error {
	var failed error
	for _, server := range []Server{s.Database, s.Cache} {
		if !server.forwarded() {
			continue
		}
		conn, err := net.DialTimeout("tcp", server.Listen, time.Second)
		if err == nil {
			err = conn.Close()
		}
		failed = errors.Join(failed, err)
	}
	return failed
}
