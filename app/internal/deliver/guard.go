package deliver

import (
	"fmt"
	"net/netip"
	"syscall"
)

// The guard checks the address that a socket is about to connect to, after all name resolution: neither a URL's form
// nor a DNS answer gets around it. A destination's owner must not be able to make our workers talk to our own
// network, least of all to the metadata service, which hands out credentials.

// notPublic are the blocks outside the public internet that netip's own predicates (private, loopback, link-local,
// multicast) do not cover.
var notPublic = prefixes(
	"0.0.0.0/8",       // this network
	"100.64.0.0/10",   // carriers' NAT, and VPCs
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"240.0.0.0/4",     // reserved, and broadcast
	"::/96",           // unspecified, and IPv4 in an obsolete form
	"64:ff9b:1::/48",  // local NAT64
	"100::/64",        // discard
	"2001::/23",       // Teredo and other tunnels
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4, IPv4 inside
	"3fff::/20",       // documentation
	"5f00::/16",       // segment routing
	"fec0::/10",       // site-local, obsolete
)

// metadata is refused even where private addresses are allowed.
var metadata = prefixes("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32")

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func prefixes(list ...string) []netip.Prefix {
	blocks := make([]netip.Prefix, len(list))
	for i, text := range list {
		blocks[i] = netip.MustParsePrefix(text)
	}
	return blocks
}

// checkAddress returns an error if a destination must not have this address.
func checkAddress(address netip.Addr, allowPrivate bool) error {
	plain := address.WithZone("").Unmap()
	if nat64.Contains(plain) {
		// A gateway would unwrap the address: check the one inside.
		last := plain.As16()
		plain = netip.AddrFrom4([4]byte(last[12:]))
	}
	if !plain.IsValid() || inAny(plain, metadata) {
		return fmt.Errorf("address %s is a metadata or link-local address", address)
	}
	if allowPrivate {
		return nil
	}
	if !plain.IsGlobalUnicast() || plain.IsPrivate() || inAny(plain, notPublic) {
		return fmt.Errorf("address %s is not public; if that is intended, run `dozen-app destination add` again "+
			"with --allow-private", address)
	}
	return nil
}

func inAny(address netip.Addr, blocks []netip.Prefix) bool {
	for _, block := range blocks {
		if block.Contains(address) {
			return true
		}
	}
	return false
}

// control returns a Control function for a net.Dialer. It checks the address of each connection.
func control(allowPrivate bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		endpoint, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("address %q: %w", address, err)
		}
		return checkAddress(endpoint.Addr(), allowPrivate)
	}
}
