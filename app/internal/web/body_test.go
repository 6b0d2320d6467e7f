package web

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"dozen/app/internal/testsuite"
)

// Nobody needs a signature to post a body that is read: their sum is limited, and the answer beyond it is no 5xx.
func TestBodiesUnderWayAreLimited(t *testing.T) {
	s := newSite(t, map[string]string{"REQUEST_TIMEOUT_SECONDS": "20"})
	if maxBodies != 32<<20 {
		t.Errorf("%d bytes may be under way, in a task that may have 512 MiB", maxBodies)
	}
	part := strings.Repeat("x", maxBody-1)
	var open []net.Conn
	hold := func(body string) {
		t.Helper()
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		open = append(open, conn)
		go func() {
			_, _ = fmt.Fprintf(conn, "POST /in/hmac HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", maxBody, body)
		}()
	}
	for range 2 * maxBodies / maxBody {
		hold(part)
	}
	testsuite.Eventually(t, 10*time.Second, func() error {
		if used := s.server.bodies.used.Load(); used < maxBodies*9/10 {
			return fmt.Errorf("%d bytes under way", used)
		}
		return nil
	})
	large := strings.Repeat("x", maxBody/2)
	header := map[string]string{"X-Signature": signed(large)}
	testsuite.Eventually(t, 10*time.Second, func() error {
		if used := s.server.bodies.used.Load(); used > maxBodies {
			t.Errorf("%d bytes under way", used)
		}
		code, _ := s.send(t, "/in/hmac", large, header)
		if code != 429 { // those that were refused have left some room
			hold(part[:maxBody/8])
			return fmt.Errorf("one more body: %d, want 429", code)
		}
		return nil
	})
	for _, conn := range open {
		_ = conn.Close()
	}
	testsuite.Eventually(t, 10*time.Second, func() error {
		if used := s.server.bodies.used.Load(); used != 0 {
			return fmt.Errorf("%d bytes are never given back", used)
		}
		return nil
	})
	if code, _ := s.send(t, "/in/hmac", large, header); code != 202 {
		t.Errorf("afterwards: %d, want 202", code)
	}
}

// A form that never comes used up the time for the cache and the database, and looked like their failure.
func TestSlowAndLargeFormsAreTheClientsProblem(t *testing.T) {
	s := newSite(t, map[string]string{"REQUEST_TIMEOUT_SECONDS": "5"})
	var all sync.WaitGroup
	for _, path := range []string{"/login", "/logout", "/sources", "/in/hmac"} {
		request := "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
			"Content-Length: 100\r\n\r\nemail=a"
		all.Go(func() {
			if code := s.raw(t, request); code != 408 {
				t.Errorf("POST %s that stops in the middle: %d, want 408", path, code)
			}
		})
	}
	all.Wait()
	for size, want := range map[int]int{64<<10 + 1: 413, 64<<10 - 100: 401} {
		response, _ := s.ask(t, s.browser(t), "POST", "/login", url.Values{"email": {strings.Repeat("x", size-len("email="))}})
		if response.StatusCode != want {
			t.Errorf("a form of %d bytes: %d, want %d", size, response.StatusCode, want)
		}
	}
	if strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Error("a client's problem is logged as an error")
	}
}

// A client that closes its connection used to count as a failure of the cache, and switched off the limit of all
// sources for a second. It is no error of ours either.
func TestAbortedRequestIsNobodysFailure(t *testing.T) {
	s := newSite(t, nil)
	if _, err := s.server.DB.Exec(t.Context(), "update source set rate_per_minute = 5 where name = 'hmac'"); err != nil {
		t.Fatal(err)
	}
	client := s.loggedIn(t)
	site, _ := url.Parse(s.URL)
	cookie := client.Jar.Cookies(site)[0].String()
	abort := func(method, path string) {
		request, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Signature", signed("x"))
		request.Header.Set("Cookie", cookie)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.server.Handler().ServeHTTP(httptest.NewRecorder(), request.WithContext(ctx))
	}
	codes := map[int]int{}
	for range 20 {
		abort("POST", "/in/hmac")
		abort("GET", "/")
		abort("POST", "/login")
		abort("POST", "/logout")
		code, _ := s.send(t, "/in/hmac", "x", map[string]string{"X-Signature": signed("x")})
		codes[code]++
	}
	if codes[202] > 10 || codes[202]+codes[429] != 20 {
		t.Errorf("answers %v, want 5 accepted in a minute and 429 for the others", codes)
	}
	for _, wrong := range []string{"cache failed", "no rate limit", `"level":"ERROR"`} {
		if strings.Contains(s.log.String(), wrong) {
			t.Errorf("an aborted request is logged as %q", wrong)
		}
	}
}

// The limit of unknown names: they are looked up together, and their number does not grow anything.
func TestUnknownNamesShareTheirQueries(t *testing.T) {
	s := newSite(t, nil)
	read := map[*sourceList]bool{}
	const crowd = 300
	codes := make(chan int, crowd)
	for i := range crowd {
		go func() {
			response, err := client.Post(s.URL+fmt.Sprintf("/in/nobody-%d", i), "text/plain", nil)
			if err != nil {
				codes <- 0
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			codes <- response.StatusCode
		}()
	}
	for range crowd {
		if code := <-codes; code != 404 {
			t.Fatalf("an unknown name: %d", code)
		}
		read[s.server.sources.current.Load()] = true
	}
	if len(read) > crowd/10 {
		t.Errorf("%d unknown names made %d queries", crowd, len(read))
	}
	if _, err := s.server.DB.Exec(t.Context(), "update source set name = 'renamed' where name = 'hmac'"); err != nil {
		t.Fatal(err)
	}
	if code, _ := s.send(t, "/in/renamed", "x", map[string]string{"X-Signature": signed("x")}); code != 202 {
		t.Errorf("a source that was added just now: %d", code)
	}
}

// A body may take all of the time that a request has. If it leaves too little for the database, that is not a failure of the
// database, and a stranger could otherwise roll a release back with slow bodies.
func TestLateBodyIsNotAFailureOfTheDatabase(t *testing.T) {
	s := newSite(t, map[string]string{"REQUEST_TIMEOUT_SECONDS": "5"})
	for left, want := range map[time.Duration]int{500 * time.Millisecond: 408, 2 * time.Second: 503} {
		deadline := time.Now().Add(-time.Second)
		ctx, done := context.WithDeadline(context.Background(), deadline)
		request := httptest.NewRequestWithContext(ctx, "POST", "/in/hmac", nil)
		request.Body = &bounded{from: http.NoBody, budget: &s.server.bodies, ended: deadline.Add(-left)}
		if status, _ := s.server.blame(request, ctx.Err()); status != want {
			t.Errorf("a body that left %s: %d, want %d", left, status, want)
		}
		done()
	}
}

// The database has its time when the body has come, however it came.
func TestABodyThatIsComeIsNotLate(t *testing.T) {
	s := newSite(t, nil)
	ctx, done := context.WithTimeout(t.Context(), 5*time.Second)
	defer done()
	request := httptest.NewRequestWithContext(ctx, "POST", "/in/hmac", nil)
	body := &bounded{from: io.NopCloser(strings.NewReader("x")), budget: &s.server.bodies}
	request.Body = body
	before := time.Now()
	if _, err := io.ReadAll(body); err != nil {
		t.Fatal(err)
	}
	if body.ended.Before(before) || body.ended.After(time.Now()) || late(request, 5*time.Second) {
		t.Errorf("a body that has come ended at %s", body.ended)
	}
	body.free()
	if body.free(); s.server.bodies.used.Load() != 0 {
		t.Errorf("%d bytes are under way afterwards", s.server.bodies.used.Load())
	}
}

// A form is a body too: anybody can post one to the login.
func TestFormsCountAsBodies(t *testing.T) {
	s := newSite(t, nil)
	s.server.bodies.used.Store(maxBodies)
	if response, _ := s.ask(t, s.browser(t), "POST", "/login", login(password)); response.StatusCode != 429 {
		t.Errorf("a form without room for it: %d, want 429", response.StatusCode)
	}
	s.server.bodies.used.Store(0)
	if response, _ := s.ask(t, s.browser(t), "POST", "/login", login(password)); response.StatusCode != 401 {
		t.Errorf("a form with room for it: %d, want 401", response.StatusCode)
	}
	testsuite.Eventually(t, 5*time.Second, func() error {
		if used := s.server.bodies.used.Load(); used != 0 {
			return fmt.Errorf("%d bytes of a form are never given back", used)
		}
		return nil
	})
}
