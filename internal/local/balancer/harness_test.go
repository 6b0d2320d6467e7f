package balancer

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dozen/internal/local/localtest"
)

// A test that waits for an answer fails instead of hanging.
func init() { http.DefaultClient.Timeout = time.Minute }

// quick returns settings with frequent checks; all other times are long.
func quick() Settings {
	return Settings{
		HealthPath: "/livez", HealthInterval: 20 * time.Millisecond, HealthTimeout: 19 * time.Millisecond,
		HealthyThreshold: 2, UnhealthyThreshold: 2, Matcher: "200",
		DeregistrationDelay: time.Minute, IdleTimeout: time.Minute,
	}
}

// patient returns settings whose health checks also pass on a busy machine.
func patient() Settings {
	s := quick()
	s.HealthInterval, s.HealthTimeout = 3*time.Second, 2*time.Second
	return s
}

// serve runs a balancer until the test ends.
func serve(t *testing.T, s Settings) (b *Balancer, url string) {
	t.Helper()
	return serveLogging(t, s, slog.DiscardHandler)
}

// serveLogging is serve with the balancer's log.
func serveLogging(t *testing.T, s Settings, log slog.Handler) (b *Balancer, url string) {
	t.Helper()
	b, err := New(s, slog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(b)
	front.Config = b.Server()
	front.Start()
	t.Cleanup(func() { b.Close(); front.CloseClientConnections(); front.Close() })
	return b, front.URL
}

// backend runs a target whose health checks pass.
func backend(t *testing.T, handle http.HandlerFunc) (address string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/", handle)
	server := httptest.NewServer(mux)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.Listener.Addr().String()
}

// rawBackend answers health checks and passes all other requests to answer, which reports whether to keep the
// connection open.
func rawBackend(t *testing.T, answer func(*http.Request, net.Conn) bool) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	serve := func(conn net.Conn) {
		defer conn.Close()
		for reader := bufio.NewReader(conn); ; {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			if request.URL.Path == "/livez" {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			} else if !answer(request, conn) {
				return
			}
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener.Addr().String()
}

// refusing returns an address that refuses connections.
func refusing(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func stateOf(target *Target) State {
	state, _ := target.Watch()
	return state
}

func await(t *testing.T, target *Target, wanted State) {
	t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		state, changed := target.Watch()
		if state == wanted {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("target is %s, want %s", state, wanted)
		}
	}
}

// client waits for an answer with a bound.
var client = &http.Client{Timeout: localtest.Patience}

// get sends a request on its own connection and returns the status and the body.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	return send(t, http.MethodGet, url, "")
}

func send(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
