package local

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Prevents: a page on the internet reads the developer's app through the developer's browser, by a name that it lets
// point to 127.0.0.1.
func TestOnlyNamesOfThisMachineAreAnswered(t *testing.T) {
	server := httptest.NewServer(answerLocalNames(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			_, _ = io.WriteString(w, "the app")
			return
		}
		conn, both, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(conn, both)
	})))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	for name, status := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "LOCALHOST:1": 200, "localhost.": 200, "app.localhost:8080": 200, "a.b.localhost": 200,
		"127.0.0.1": 200, "127.0.0.1:8080": 200, "[::1]": 200, "[::1]:8080": 200,
		"evil.example": 421, "evil.example:8080": 421, "localhost.evil.example": 421, "evillocalhost": 421, "127.0.0.1.nip.io": 421,
		"192.0.2.1:8080": 421, "0.0.0.0:8080": 421, "[::]:8080": 421, "evil.example:localhost": 421,
	} {
		if got, body := ask(t, address, name); got != status || (status == 200) != (body == "the app") {
			t.Errorf("Host %s: %d %q, want %d", name, got, body, status)
		}
	}
	if _, body := ask(t, address, "evil.example"); !strings.Contains(body, "Host header") {
		t.Errorf("the refusal does not say what to do: %s", body)
	}
	conn := dial(t, address)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nping")
	answer, err := io.ReadAll(io.LimitReader(conn, int64(len("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nping"))))
	if err != nil || !strings.HasSuffix(string(answer), "ping") {
		t.Errorf("a websocket: %q, %v", answer, err)
	}
}

// dial connects with a deadline for everything that follows.
func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(10 * time.Second))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ask sends a request with exactly this Host header.
func ask(t *testing.T, address, name string) (status int, body string) {
	t.Helper()
	conn := dial(t, address)
	_, _ = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", name)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("Host %s: %v", name, err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("Host %s: %v", name, err)
	}
	return answer.StatusCode, string(text)
}

// Prevents: whoever sits in the same café opens the operator's pages of a developer, and an app that cannot be kept from
// it is not even mentioned.
func TestTasksListenOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		t.Skip("this machine does not list its sockets")
	}
	w := start(t, nil)
	address := strings.TrimPrefix(w.url, "http://")
	if status, _ := ask(t, address, "evil.example"); status != http.StatusMisdirectedRequest {
		t.Errorf("the environment answers to another name with %d", status)
	}
	if status, _ := ask(t, address, address); status == http.StatusMisdirectedRequest {
		t.Error("the environment does not answer to its own name")
	}
	web := w.tasks("web")[0].Address
	requireReach(t, web, false)
	requireReach(t, address, false)
	variables := environ(t, w.tasks("web")[0].PID)
	for _, text := range []string{variables["AWS_ENDPOINT_URL"], variables["REDIS_URL"], variables["DATABASE_URL"]} {
		if endpoint, err := url.Parse(text); err != nil || endpoint.Port() == "" {
			t.Errorf("%q has no port: %v", text, err)
		} else {
			requireReach(t, endpoint.Host, false)
		}
	}
	if strings.Contains(w.out.String(), "in your network") {
		t.Error("it warns of a task that listens on loopback only")
	}
	ignorant := changed(t, synthesized(t), func(context string) {
		text := "package main\n\nimport \"os\"\n\nfunc init() { _ = os.Unsetenv(\"BIND\") }\n"
		if err := os.WriteFile(filepath.Join(context, "ignorant.go"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if out, err := w.release(ignorant); err != nil {
		t.Fatal(err, out)
	}
	now := w.tasks("web")
	web = now[len(now)-1].Address
	requireReach(t, web, true)
	_, port, _ := net.SplitHostPort(web)
	if n := strings.Count(w.out.String(), ":"+port+": other machines in your network reach it"); n != 1 {
		t.Errorf("it warns %d times of web on port %s, want once", n, port)
	}
}

// requireReach fails unless a task can, or cannot, be reached by the addresses that other machines know.
func requireReach(t *testing.T, task string, want bool) {
	t.Helper()
	_, port, err := net.SplitHostPort(task)
	if err != nil {
		t.Fatal(err)
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		address, is := a.(*net.IPNet)
		if !is || address.IP.IsLoopback() || address.IP.IsLinkLocalUnicast() {
			continue
		}
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(address.IP.String(), port), 10*time.Second)
		if err == nil {
			_ = conn.Close()
		}
		if (err == nil) != want {
			t.Errorf("from %s, port %s is reached: %v, want %v", address.IP, port, err == nil, want)
		}
	}
}

// Prevents: a warning about the wrong socket, because the kernel writes addresses as they are in memory.
func TestSocketAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"0100007F:1F90": "127.0.0.1:8080", "00000000:0050": "0.0.0.0:80", "020200C0:C000": "192.0.2.2:49152",
		"00000000000000000000000001000000:1F90": "[::1]:8080", "00000000000000000000000000000000:1F90": "[::]:8080",
		"0000000000000000FFFF00000100007F:1F90": "127.0.0.1:8080",
		"local_address":                         "invalid AddrPort", "0100007F": "invalid AddrPort", "01:1F90": "invalid AddrPort",
	} {
		if got := socketAddress(text).String(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if _, is := exposedPorts()[listener.Addr().(*net.TCPAddr).Port]; !is {
		t.Error("a program that listens on every address is not found")
	}
}
