package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dozen/app/internal/operator"
	"dozen/app/internal/testsuite"
)

// pieces are what random requests are made of: what the app understands, and what breaks programs.
var pieces = []string{
	"/", "/in/", "demo", "/login", "/events/", "/replay", "/routes", "/sources", "/destinations", "/static/", "style.css",
	"/livez", "/readyz", "..", "%2e%2e", "%00", "%ff", "%c0%80", "%zz", "?", "q=", "source=", "state=dead", "before=", "started=1",
	"&", ";", "=", "email=", "password=", "name=", "rate=", "url=http://x", "secret=", "concurrency=", "attempts=", "scheme=hmac",
	"\x00", "\xff", "\xe9", "\xed\xa0\x80", "\u202e", "\t", " ", "'", `"`, "\\", "{", "}", "[", `{"id":"`, "99999999999", "-1",
	"00000000-0000-0000-0000-000000000000", "text/plain", "application/json", "application/x-www-form-urlencoded",
	"multipart/form-data; boundary=x", "sha256=", "t=1,v1=00", "gzip", "close", "100-continue", "bytes=0-", "null", "*", "x",
}

// doors are the paths behind which the app does something.
var doors = []string{"/in/demo", "/in/demo", "/", "/?", "/login", "/routes", "/sources", "/destinations", "/livez", "/readyz",
	"/events/00000000-0000-0000-0000-000000000000", "/events/00000000-0000-0000-0000-000000000000/replay", "/static/style.css"}

func some(random *rand.Rand, most int) string {
	var text strings.Builder
	for range random.IntN(most + 1) {
		text.WriteString(pieces[random.IntN(len(pieces))])
	}
	return text.String()
}

// randomRequest returns a request that is HTTP at least in its outline. Its host is always the same, and its body has
// the length that it announces: what is not HTTP at all is answered by net/http, not by the app.
func randomRequest(random *rand.Rand, cookie string) []byte {
	headers := []string{"Content-Type", "Idempotency-Key", "X-Signature", "X-Custom", "X-Forwarded-For", "Range", "Origin",
		"Sec-Fetch-Site", "Accept-Encoding", "If-Modified-Since", "Expect", "Cookie", "Traceparent"}
	body := some(random, 6)
	target := doors[random.IntN(len(doors))]
	if random.IntN(2) == 0 {
		target += strings.NewReplacer(" ", "%20", "\t", "%09", "\x00", "%00").Replace(some(random, 5))
	}
	var request bytes.Buffer
	method := []string{"GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "X"}[random.IntN(8)]
	fmt.Fprintf(&request, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n", method, target, len(body))
	if random.IntN(2) == 0 {
		request.WriteString("Content-Type: application/x-www-form-urlencoded\r\n")
	}
	for range random.IntN(3) {
		fmt.Fprintf(&request, "%s: %s\r\n", headers[random.IntN(len(headers))], some(random, 3))
	}
	if random.IntN(2) == 0 {
		request.WriteString("X-Signature: " + sign([]byte(body)) + "\r\n")
	}
	if random.IntN(8) > 0 {
		request.WriteString("Cookie: " + cookie + "\r\n")
	}
	return append(request.Bytes(), "\r\n"+body...)
}

// No request that anybody can send is a 5xx, which an alarm counts and a release is rolled back for.
func TestNoRandomRequestIsAServerError(t *testing.T) {
	requests, patience := 20_000, 2*time.Minute
	if long() {
		requests, patience = 1_000_000, 40*time.Minute
	}
	w := newWorld(t)
	if err := operator.Add(t.Context(), w.db, "ada@example.com", "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	web := startBinary(t, w.env.with("CACHE_URL", testsuite.Valkey(t).URL()).with("LOG_LEVEL", "error"), "web")
	web.until("/readyz", 200, 10*time.Second)
	cookie := logIn(t, web).String()
	cookie, _, _ = strings.Cut(cookie, ";")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var answers [600]atomic.Int64
	var all sync.WaitGroup
	const crowd = 16
	deadline := time.Now().Add(patience)
	for number := range uint64(crowd) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, number))
			conn := &reconnecting{address: fmt.Sprintf("127.0.0.1:%d", web.port)}
			defer conn.close()
			for range requests / crowd {
				if time.Now().After(deadline) {
					t.Errorf("%d requests take longer than %s", requests, patience)
					return
				}
				request := randomRequest(random, cookie)
				status := conn.exchange(request)
				answers[status].Add(1)
				if status >= 500 {
					t.Errorf("%d for %q", status, request)
				}
			}
		})
	}
	all.Wait()
	count := map[int]int64{}
	for status := range answers {
		if n := answers[status].Load(); n > 0 {
			count[status] = n
		}
	}
	t.Logf("answers by status: %v; web holds %d MiB", count, web.residentMB())
	if count[200]*count[202]*count[400]*count[401]*count[404]*count[422] == 0 || count[0] > int64(requests/100) {
		t.Errorf("answers are %v: the requests do not reach what they should", count)
	}
	if lines := web.lines(`"level":"ERROR"`); len(lines) > 0 {
		t.Errorf("%d errors are logged, such as %s", len(lines), lines[0])
	}
	if memory := web.residentMB(); memory > 200 {
		t.Errorf("web holds %d MiB", memory)
	}
}

// reconnecting is a connection that is opened again when the server has closed it.
type reconnecting struct {
	address string
	conn    net.Conn
	reader  *bufio.Reader
}

// exchange sends a request and returns the status of its answer, or 0.
func (r *reconnecting) exchange(request []byte) int {
	if r.conn == nil {
		conn, err := net.DialTimeout("tcp", r.address, 5*time.Second)
		if err != nil {
			return 0
		}
		r.conn, r.reader = conn, bufio.NewReader(conn)
	}
	_ = r.conn.SetDeadline(time.Now().Add(20 * time.Second))
	method, _, _ := strings.Cut(string(request[:10]), " ")
	if _, err := r.conn.Write(request); err != nil {
		r.close()
		return 0
	}
	response, err := http.ReadResponse(r.reader, &http.Request{Method: method})
	for err == nil && response.StatusCode == http.StatusContinue {
		response, err = http.ReadResponse(r.reader, &http.Request{Method: method})
	}
	if err != nil {
		r.close()
		return 0
	}
	_, err = bytes.NewBuffer(nil).ReadFrom(response.Body)
	if err != nil || response.Close {
		r.close()
	}
	return response.StatusCode
}

func (r *reconnecting) close() {
	if r.conn != nil {
		_ = r.conn.Close()
		r.conn = nil
	}
}

// Nobody needs a secret to send bodies. Thousands of slow ones and hundreds of large ones must not use up the memory of
// the task, and its other clients get answers.
func TestBodiesDoNotUseUpTheMemory(t *testing.T) {
	const slow, large = 5000, 300
	w := newWorld(t)
	web := startBinary(t, w.env.with("LOG_LEVEL", "error"), "web")
	web.until("/readyz", 200, 10*time.Second)
	var all sync.WaitGroup
	var sent [600]atomic.Int64
	hold := func(body []byte) { // sends all but the last byte, and waits for an answer
		conn := &reconnecting{address: fmt.Sprintf("127.0.0.1:%d", web.port)}
		defer conn.close()
		head := fmt.Sprintf("POST /in/demo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", len(body)+1)
		sent[conn.exchange(append([]byte(head), body...))].Add(1)
	}
	small, big := bytes.Repeat([]byte("x"), 100), bytes.Repeat([]byte("x"), 1<<20-1)
	for range slow {
		all.Go(func() { hold(small) })
	}
	for range large {
		all.Go(func() { hold(big) })
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	client, most := newClient(t, 1), 0
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(50 * time.Millisecond):
			most = max(most, web.residentMB())
			// A new connection may be dropped while thousands are opened at once: then there is no answer.
			if code := web.status("/livez"); code != http.StatusOK && code != 0 {
				t.Errorf("another client gets %d", code)
			}
		}
	}
	if _, err := post(client, web.url("/in/demo"), "", []byte(`{}`)); err != nil {
		t.Errorf("an event afterwards: %v", err)
	}
	t.Logf("web held %d MiB at most; answers: %d x 408, %d x 429, %d x none", most, sent[408].Load(), sent[429].Load(), sent[0].Load())
	if most > 350 || sent[408].Load() == 0 || sent[429].Load() == 0 {
		t.Errorf("web held %d MiB, want at most 350 of the 512 that it has", most)
	}
	for status := 500; status < len(sent); status++ {
		if n := sent[status].Load(); n > 0 {
			t.Errorf("%d bodies are answered with %d", n, status)
		}
	}
}
