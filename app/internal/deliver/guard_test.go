package deliver

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/inbox"
)

var public = []string{"93.184.215.14", "2606:4700::a9fe:a9fe", "2606:4700::5e00:a9fe:a9fe",
	"8.8.8.8", "2606:4700::6810:84e5", "64:ff9b::808:808", "172.32.0.1", "100.128.0.1"}

var private = []string{
	"127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
	"192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fc00::1", "fd12:3456::1",
	"ff02::1", "fec0::1", "2002:7f00:1::", "2001::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "::7f00:1",
	"fd00::a9fe:a9fe", "fd00::5e00:a9fe:a9fe",
	"fd00::fe:a9fe:a9fe", "::ffff:0:10.0.0.1", "::ffff:0:8.8.8.8", "4000::1", "1fff::1", "8000::1", "100::1", "5f00::1", "64:ff9b:1::808:808",
	"2001:0:808:808::1", "2002:808:808::1", "e000::1", "64:ff9b:2::808:808",
}

var metadataAddresses = []string{
	"169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.0.1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
	"::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::", "::a9fe:a9fe",
	"::ffff:0:169.254.169.254", "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::", "2001:0:808:808::5601:5601", "fd00::5efe:a9fe:a9fe",
}

// People who may add a destination must not reach our own network with it.
func TestGuardRefusesWhatIsNotPublic(t *testing.T) {
	for _, text := range public {
		if err := checkAddress(netip.MustParseAddr(text), false); err != nil {
			t.Errorf("public: %v", err)
		}
	}
	for _, text := range append(private, metadataAddresses...) {
		if checkAddress(netip.MustParseAddr(text), false) == nil {
			t.Errorf("%s passes as public", text)
		}
	}
	for _, text := range private {
		if err := checkAddress(netip.MustParseAddr(text), true); err != nil {
			t.Errorf("private, and allowed: %v", err)
		}
	}
	for _, text := range metadataAddresses {
		if checkAddress(netip.MustParseAddr(text), true) == nil {
			t.Errorf("%s hands out credentials, but passes if private addresses are allowed", text)
		}
	}
}

// The guard checks the address that is connected to, however the URL spells it: numbers in every base, short forms,
// names, and redirects.
func TestGuardHoldsForEveryFormOfURL(t *testing.T) {
	reached := false
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer target.Close()
	port := target.URL[strings.LastIndex(target.URL, ":"):]
	s := newSender()
	hosts := []string{"127.0.0.1", "localhost", "LOCALHOST", "localhost.", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0",
		"[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.1.", "%31%32%37.0.0.1", "①②⑦.⓪.⓪.①"}
	for _, host := range hosts {
		out := s.send(t.Context(), inbox.Parcel{Destination: inbox.Destination{URL: "http://" + host + port}}, 1)
		if out.Error == "" || reached {
			t.Fatalf("http://%s%s was reached", host, port)
		}
	}
	redirecting := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	defer redirecting.Close()
	out := s.send(t.Context(), inbox.Parcel{Destination: inbox.Destination{URL: redirecting.URL, AllowPrivate: true}}, 1)
	if out.Error == "" || out.Status != http.StatusTemporaryRedirect || reached {
		t.Fatalf("a redirect was followed: %+v", out)
	}
	// An allowed destination is reached, so the loop above proves something.
	out = s.send(t.Context(), inbox.Parcel{Destination: inbox.Destination{URL: target.URL, AllowPrivate: true}}, 1)
	if out.Error != "" || !reached {
		t.Fatalf("an allowed destination was not reached: %+v", out)
	}
}

// A dangerous address does not pass in any form.
func FuzzCheckAddress(f *testing.F) {
	for _, text := range append(append(public, private...), metadataAddresses...) {
		raw := netip.MustParseAddr(text).AsSlice()
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		address, ok := netip.AddrFromSlice(raw)
		if !ok || checkAddress(address, false) != nil {
			return
		}
		plain := address.Unmap()
		inside := plain
		if nat64.Contains(plain) {
			last := plain.As16()
			inside = netip.AddrFrom4([4]byte(last[12:]))
		}
		if plain.Is6() && !nat64.Contains(plain) && !global.Contains(plain) {
			t.Fatalf("%s passes as public, but is not allocated", address)
		}
		for _, one := range []netip.Addr{plain, inside} {
			if one.IsPrivate() || one.IsLoopback() || one.IsLinkLocalUnicast() || one.IsMulticast() || one.IsUnspecified() {
				t.Fatalf("%s passes as public", address)
			}
		}
	})
}

// The pauses between attempts must grow, stop growing, and vary.
func TestBackoff(t *testing.T) {
	for attempt := 1; attempt <= 100; attempt++ {
		pause, again := backoff(attempt), backoff(attempt)
		base := 4 * time.Hour
		if attempt < 13 {
			base = 4 * time.Second << (attempt - 1)
		}
		if pause < base*7/8 || pause > base*9/8 {
			t.Errorf("attempt %d: %s, want about %s", attempt, pause, base)
		}
		if attempt > 3 && pause == again && pause == backoff(attempt) {
			t.Errorf("attempt %d: no jitter", attempt)
		}
	}
}
