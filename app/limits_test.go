package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dozen/app/internal/testsuite"
)

// binary builds the program once, like the image, for tests that measure it.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(testsuite.Directory(), "dozen-app")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// startBinary starts the program itself instead of the test binary.
func startBinary(t testing.TB, env variables, args ...string) *instance {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return launch(t, path, env, args...)
}

// residentMB returns the resident memory of a process in MiB. It works on Linux only.
func (p *instance) residentMB() int {
	p.t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skip("memory is only measured on Linux")
	}
	_, after, _ := strings.Cut(string(content), "VmRSS:")
	kilobytes, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return kilobytes >> 10
}

// Many idle, slow and oversized clients must neither use up the task's memory nor keep web from serving others.
func TestBadClientsDoNotHurtOthers(t *testing.T) {
	w := newWorld(t)
	idle := 5000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil && limit.Max < uint64(idle+500) {
		t.Fatalf("this test opens %d connections, but the system allows %d open files: raise `ulimit -n`", idle, limit.Max)
	}
	web := startBinary(t, w.env.with("REQUEST_TIMEOUT_SECONDS", "2"), "web")
	web.until("/readyz", 200, 10*time.Second)
	address := fmt.Sprintf("127.0.0.1:%d", web.port)
	var open []net.Conn
	t.Cleanup(func() {
		for _, conn := range open {
			_ = conn.Close()
		}
	})
	dial := func(first string) net.Conn {
		t.Helper()
		conn, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
		if _, err := conn.Write([]byte(first)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	for range idle { // answered once, and idle since
		dial("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	slow := make([]net.Conn, 0, 100)
	for range cap(slow) { // headers that never end, and a body that never comes
		slow = append(slow, dial("POST /in/demo HTTP/1.1\r\nHost: x\r\nX-"),
			dial("POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{"),
			dial("GET /livez HTTP/1.1\r\nHost: x\r\n\r\nPOST /in/demo HTTP/1.1\r\nHost: x\r\nX-")) // the second request
	}
	client := newClient(t, 4)
	for range 50 {
		if _, err := post(client, web.url("/in/demo"), "", []byte(`{}`)); err != nil {
			t.Fatalf("an ordinary client among the bad ones: %v", err)
		}
	}
	if memory := web.residentMB(); memory > 200 {
		t.Errorf("web holds %d MiB with %d idle connections", memory, idle)
	} else {
		t.Logf("web holds %d MiB with %d idle and %d slow connections", memory, idle, len(slow))
	}
	for _, conn := range slow { // 408 or closed, but not open forever
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := bufio.NewReader(conn).ReadString(0); os.IsTimeout(err) {
			t.Fatal("a slow client still has its connection")
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.url("/in/demo"), strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Large", strings.Repeat("x", 64<<10))
	response, err := client.Do(request)
	if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Fatalf("oversized header: %v, %v; want 431", response, err)
	}
	_ = response.Body.Close()
	testsuite.Eventually(t, 5*time.Second, func() error {
		if code := web.status("/readyz"); code != http.StatusOK {
			return fmt.Errorf("readyz answers %d", code)
		}
		return nil
	})
}
