package deliver

import (
	"net/netip"
	"syscall"
)

// The guard checks the address that a socket is about to connect to, after all name resolution: neither a URL's form
// nor a DNS answer gets around it. A destination's owner must not be able to make our workers talk to our own
// network, least of all to the metadata service, which hands out credentials.

// notPublic are the blocks outside the public internet that netip's own predicates (private, loopback, link-local,
// multicast) do not cover. Of IPv6, only global is public, minus these.
var (
	global    = netip.MustParsePrefix("2000::/3") // all that IANA has allocated for the internet
	notPublic = prefixes(
		"0.0.0.0/8",       // this network
		"100.64.0.0/10",   // carriers' NAT, and VPCs
		"192.0.0.0/24",    // protocol assignments
		"192.0.2.0/24",    // documentation
		"192.88.99.0/24",  // 6to4 relays
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"240.0.0.0/4",     // reserved, and broadcast
		"2001::/23",       // Teredo and other tunnels
		"2001:db8::/32",   // documentation
		"2002::/16",       // 6to4, IPv4 inside
		"3fff::/20",       // documentation
	)
)

// metadata is refused even where private addresses are allowed.
var metadata = prefixes("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32")

var (
	// nat64 is the one form of IPv4 in IPv6 that leads to the public internet.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
	// teredo has its server's address behind the prefix, and its client's at the end, inverted.
	teredo = netip.MustParsePrefix("2001::/32")
)

// embeddings are the forms of IPv4 in IPv6, and at which bytes the IPv4 address is. A gateway would unwrap it.
var embeddings = []struct {
	block netip.Prefix
	at    [4]int
}{
	{nat64, [4]int{12, 13, 14, 15}},
	{netip.MustParsePrefix("64:ff9b:1::/48"), [4]int{12, 13, 14, 15}},  // local NAT64, with the longest prefix
	{netip.MustParsePrefix("64:ff9b:1::/48"), [4]int{6, 7, 9, 10}},     // and with the shortest one
	{netip.MustParsePrefix("::/96"), [4]int{12, 13, 14, 15}},           // obsolete
	{netip.MustParsePrefix("::ffff:0:0:0/96"), [4]int{12, 13, 14, 15}}, // RFC 2765
	{netip.MustParsePrefix("2002::/16"), [4]int{2, 3, 4, 5}},           // 6to4
	{teredo, [4]int{4, 5, 6, 7}},
}

// unwrap returns the address, and the IPv4 addresses inside it.
func unwrap(address netip.Addr) []netip.Addr {
	all, raw := []netip.Addr{address}, address.As16()
	for _, e := range embeddings {
		if e.block.Contains(address) {
			all = append(all, netip.AddrFrom4([4]byte{raw[e.at[0]], raw[e.at[1]], raw[e.at[2]], raw[e.at[3]]}))
		}
	}
	if teredo.Contains(address) {
		all = append(all, netip.AddrFrom4([4]byte{^raw[12], ^raw[13], ^raw[14], ^raw[15]}))
	}
	if raw[10] == 0x5e && raw[11] == 0xfe { // ISATAP
		all = append(all, netip.AddrFrom4([4]byte(raw[12:])))
	}
	return all
}

func prefixes(list ...string) []netip.Prefix {
	blocks := make([]netip.Prefix, len(list))
	for i, text := range list {
		blocks[i] = netip.MustParsePrefix(text)
	}
	return blocks
}

// refusedAddress is the error of an address that a destination must not have. It does not show it, see reason.
type refusedAddress struct{ problem string }

func (e *refusedAddress) Error() string { return e.problem }

// checkAddress returns an error if a destination must not have this address.
func checkAddress(address netip.Addr, allowPrivate bool) error {
	plain := address.WithZone("").Unmap()
	if !plain.IsValid() {
		return &refusedAddress{"the destination has no valid address"}
	}
	for _, one := range unwrap(plain) {
		if inAny(one, metadata) {
			return &refusedAddress{"the destination's address is a metadata or link-local address"}
		}
	}
	if nat64.Contains(plain) {
		raw := plain.As16()
		plain = netip.AddrFrom4([4]byte(raw[12:]))
	}
	if !allowPrivate && !isPublic(plain) {
		return &refusedAddress{"the destination's address is not public; if that is intended, run " +
			"`dozen-app destination add` again with --allow-private"}
	}
	return nil
}

func isPublic(address netip.Addr) bool {
	return address.IsGlobalUnicast() && !address.IsPrivate() && !inAny(address, notPublic) &&
		(address.Is4() || global.Contains(address))
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
			return &refusedAddress{"the destination has no valid address"}
		}
		return checkAddress(endpoint.Addr(), allowPrivate)
	}
}
