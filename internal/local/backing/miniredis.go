package backing

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// runInProcess runs miniredis in this process. It has the commands, but neither memory limits nor access rules.
func (s CacheSettings) runInProcess() (*Cache, error) {
	port, err := reservePort(s.Dir)
	if err != nil {
		return nil, err
	}
	server := miniredis.NewMiniRedis()
	server.RequireUserAuth(s.Username, s.Password)
	encryption := &tls.Config{Certificates: []tls.Certificate{s.Authority.pair}}
	if err := server.StartAddrTLS(address(port), encryption); err != nil {
		return nil, err
	}
	clock := time.NewTicker(time.Second) // miniredis only expires keys when told to
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-clock.C:
				server.FastForward(time.Second)
			case <-ended:
				return
			}
		}
	}()
	note := fmt.Sprintf("no Valkey or Redis (7 or newer) is installed: instead of %s %s, "+
		"an in-process replacement without access rules and memory limit runs here; to install a real one: %s",
		s.Engine, s.Version, installCache)
	stop := func() {
		clock.Stop()
		close(ended)
		server.Close()
	}
	return &Cache{Server{Address: address(port), Port: port, Notes: []string{note}, stop: stop}}, nil
}
