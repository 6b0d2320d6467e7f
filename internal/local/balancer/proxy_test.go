package balancer

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"dozen/internal/local/localtest"
)

// A balancer that repeats a request hides the failures that it must show, such as those of a web process that closes
// its idle connections first. Here the target reads the second request on a kept-alive connection and hangs up.
func TestBrokenConnectionsAreNotRetried(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"} {
		t.Run(method, func(t *testing.T) {
			var mu sync.Mutex
			seen := map[string]int{}
			address := rawBackend(t, func(r *http.Request, conn net.Conn) bool {
				mu.Lock()
				defer mu.Unlock()
				seen[r.URL.Path]++
				if r.URL.Path == "/breaks" {
					return false
				}
				_, err := io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
				return err == nil
			})
			b, url := serve(t, patient())
			await(t, b.Register(address), Healthy)
			if status, _ := get(t, url+"/works"); status != http.StatusNoContent {
				t.Fatalf("the first request: %d", status)
			}
			if status, _ := send(t, method, url+"/breaks", ""); status != http.StatusBadGateway {
				t.Errorf("the request on the broken connection: %d, want 502", status)
			}
			mu.Lock()
			defer mu.Unlock()
			if seen["/breaks"] != 1 {
				t.Errorf("the target got it %d times, want once", seen["/breaks"])
			}
		})
	}
}

// The same when the target closed the idle connection a moment before and the balancer may not know yet. The request
// fails or goes over a new connection, which is a race on AWS too, but it is never sent twice.
func TestClosedIdleConnectionsAreNotRetried(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	address := rawBackend(t, func(r *http.Request, conn net.Conn) bool {
		mu.Lock()
		defer mu.Unlock()
		seen[r.URL.Path]++
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		return false // closed without notice
	})
	b, url := serve(t, patient())
	await(t, b.Register(address), Healthy)
	for i := range 200 {
		path := fmt.Sprintf("/%d", i)
		status, _ := get(t, url+path)
		mu.Lock()
		if times := seen[path]; times > 1 || status == http.StatusNoContent && times != 1 {
			t.Errorf("request %d: status %d, and the target got it %d times", i, status, times)
		}
		mu.Unlock()
	}
}

func TestNoAnswer(t *testing.T) {
	s := patient()
	s.IdleTimeout = 100 * time.Millisecond
	b, url := serve(t, s)
	b.Register(refusing(t)) // fails open
	if status, _ := get(t, url); status != http.StatusBadGateway {
		t.Errorf("connection refused: %d, want 502", status)
	}
	await(t, b.Register(backend(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })), Healthy)
	if status, _ := get(t, url); status != http.StatusGatewayTimeout {
		t.Errorf("no answer within the idle timeout: %d, want 504", status)
	}
}

// A partial answer must not look complete.
func TestAnswerThatBreaksOff(t *testing.T) {
	b, url := serve(t, patient())
	await(t, b.Register(rawBackend(t, func(_ *http.Request, conn net.Conn) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		return false
	})), Healthy)
	response, err := http.Get(url)
	if err != nil {
		return // the connection broke before the client had the headers
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("the client read %q without an error", body)
	}
}

// The app's logs, trust decisions and redirects depend on these headers.
func TestRequestAsTheTargetSeesIt(t *testing.T) {
	type received struct {
		*http.Request
		body string
	}
	seen := make(chan received, 1)
	b, url := serve(t, patient())
	await(t, b.Register(backend(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- received{r, string(body)}
	})), Healthy)
	request, _ := http.NewRequest(http.MethodPost, url+"/a%2Fb?x=1;y=%zz", nil)
	request.Host = "example.com"
	request.Header = http.Header{
		"X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Port": {"443"}, "X_forged": {"1"},
		"X-Kept": {"a", "b"}, "User-Agent": {""}, "X-Forwarded-Host": {"evil"},
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got := localtest.Receive(t, "the request arrives", seen)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	for what, pair := range map[string][2]string{
		"host":                 {got.Host, "example.com"},
		"uri":                  {got.RequestURI, "/a%2Fb?x=1;y=%zz"},
		"X-Forwarded-For":      {got.Header.Get("X-Forwarded-For"), "192.0.2.1, 127.0.0.1"},
		"X-Forwarded-Proto":    {got.Header.Get("X-Forwarded-Proto"), "http"},
		"X-Forwarded-Port":     {strings.Join(got.Header["X-Forwarded-Port"], ","), port},
		"X-Forwarded-Host":     {got.Header.Get("X-Forwarded-Host"), "evil"},
		"X_forged":             {strings.Join(got.Header["X_forged"], ","), ""},
		"X-Kept":               {strings.Join(got.Header["X-Kept"], ","), "a,b"},
		"User-Agent":           {got.Header.Get("User-Agent"), ""},
		"Transfer-Encoding":    {strings.Join(got.TransferEncoding, ","), ""},
		"Accept-Encoding":      {got.Header.Get("Accept-Encoding"), "gzip"}, // the client's own
		"body of an empty one": {got.body, ""},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
		}
	}
}

// Uploads and event streams must pass through as they arrive.
func TestBodiesStreamBothWays(t *testing.T) {
	b, url := serve(t, patient())
	await(t, b.Register(backend(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			_, _ = io.WriteString(w, "echo "+lines.Text()+"\n")
			_ = http.NewResponseController(w).Flush()
		}
	})), Healthy)
	upload, write := io.Pipe()
	go func() { _, _ = io.WriteString(write, "one\n") }()
	response, err := http.Post(url, "text/plain", upload)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answers := bufio.NewReader(response.Body)
	for _, word := range []string{"one", "two", "three"} {
		if word != "one" {
			_, _ = io.WriteString(write, word+"\n")
		}
		if line, err := answers.ReadString('\n'); line != "echo "+word+"\n" {
			t.Fatalf("got %q (%v), want the echo of %q", line, err, word)
		}
	}
	_ = write.Close()
}

func TestUpgradesPassThroughUntilTheyAreCutOff(t *testing.T) {
	s := patient()
	s.DeregistrationDelay = 50 * time.Millisecond
	b, url := serve(t, s)
	target := b.Register(rawBackend(t, func(_ *http.Request, conn net.Conn) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(conn, conn)
		return false
	}))
	await(t, target, Healthy)
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", response, err)
	}
	_, _ = io.WriteString(conn, "hello\n")
	if line, _ := reader.ReadString('\n'); line != "hello\n" {
		t.Errorf("echo is %q", line)
	}
	target.Deregister()
	if rest, err := io.ReadAll(reader); err != nil || len(rest) > 0 {
		t.Errorf("after the cut: %q, %v", rest, err)
	}
}
