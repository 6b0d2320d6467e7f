package web

import (
	"testing"

	"dozen/app/internal/config"
)

// Without a load balancer in front, anybody in the same network could reach web: BIND keeps it to this machine.
func TestWebListensOnTheAddressOnly(t *testing.T) {
	for bind, want := range map[string]string{"127.0.0.1": "127.0.0.1", "": "::"} {
		s := &Server{Config: config.Config{Bind: bind}}
		listener, err := s.listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		if len(address) < len(want) || address[:len(want)] != want && address[1:len(want)+1] != want {
			t.Errorf("BIND=%s listens on %s", bind, address)
		}
	}
}
