package local

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// bind is the address on which tasks are told to listen. The default of most servers, every address, would show a
// developer's tasks to everybody in the same network, without the load balancer in front.
const bind = "127.0.0.1"

// answerLocalNames passes on the requests for a name of this machine, and refuses all others. Otherwise a page on the
// internet could let its own name point to 127.0.0.1 and then read what the app answers to the developer's browser (DNS
// rebinding).
func answerLocalNames(app http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !localName(r.Host) {
			http.Error(w, "`dozen up` answers only to localhost, names that end in .localhost, 127.0.0.1 and [::1]. "+
				"A tunnel has to send one of them as the Host header.", http.StatusMisdirectedRequest)
			return
		}
		app.ServeHTTP(w, r)
	})
}

// localName reports whether a Host header, with or without a port, can only mean this machine. A browser looks up no
// name that ends in .localhost (RFC 6761, section 6.3).
func localName(hostHeader string) bool {
	name := hostHeader
	if withoutPort, _, err := net.SplitHostPort(hostHeader); err == nil {
		name = withoutPort
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	switch name {
	case "localhost", "127.0.0.1", "::1", "[::1]":
		return true
	}
	return strings.HasSuffix(name, ".localhost")
}

// warnOfExposed says once for each release that a task listens for the whole network.
func (e *environment) warnOfExposed() {
	exposed := exposedPorts()
	for _, t := range e.status().Tasks {
		_, text, _ := net.SplitHostPort(t.Address)
		port, _ := strconv.Atoi(text)
		if address, is := exposed[port]; is && t.PID != 0 {
			e.out.printf("%s listens on %s: other machines in your network reach it, past the load balancer. "+
				"Let it listen on the address in the variable BIND, which is %s here", t.Name, address, bind)
			return
		}
	}
}

// exposedPorts returns the ports on which a program listens on an address that is not loopback, with that address. Only
// Linux lists its sockets; elsewhere no port is known.
func exposedPorts() map[int]netip.AddrPort {
	exposed := map[int]netip.AddrPort{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table)
		for line := range strings.Lines(string(text)) {
			const listening = "0A"
			fields := strings.Fields(line) // sl, local_address, rem_address, st, ...
			if len(fields) < 4 || fields[3] != listening {
				continue
			}
			if address := socketAddress(fields[1]); address.IsValid() && !address.Addr().IsLoopback() {
				exposed[int(address.Port())] = address
			}
		}
	}
	return exposed
}

// socketAddress reads an address of /proc/net/tcp, such as 0100007F:1F90: words of 32 bits as they are in memory, and
// the port.
func socketAddress(text string) netip.AddrPort {
	words, portText, _ := strings.Cut(text, ":")
	address, err := hex.DecodeString(words)
	port, portErr := strconv.ParseUint(portText, 16, 16)
	if err != nil || portErr != nil || len(address)%4 != 0 {
		return netip.AddrPort{}
	}
	for i := 0; i < len(address); i += 4 {
		binary.NativeEndian.PutUint32(address[i:], binary.BigEndian.Uint32(address[i:]))
	}
	ip, _ := netip.AddrFromSlice(address)
	return netip.AddrPortFrom(ip.Unmap(), uint16(port))
}
