package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"
)

// A load balancer may open a connection before it needs it. The connection must live as long as an idle one, or the
// load balancer answers 502. And its first request must have its full time, or the load balancer answers 408.
func TestAnEarlyConnectionIsAsGoodAsANewOne(t *testing.T) {
	w := newWorld(t)
	web := startBinary(t, w.env.with("REQUEST_TIMEOUT_SECONDS", "1"), "web")
	web.until("/readyz", 200, 10*time.Second)
	var early [2]net.Conn
	for i := range early {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", web.port))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		early[i] = conn
	}
	time.Sleep(1500 * time.Millisecond) // longer than a request may take
	talk := func(conn net.Conn, parts ...string) int {
		t.Helper()
		for i, part := range parts {
			if i > 0 {
				time.Sleep(600 * time.Millisecond)
			}
			if _, err := conn.Write([]byte(part)); err != nil {
				t.Fatalf("the early connection is closed: %v", err)
			}
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("the early connection is closed: %v", err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if code := talk(early[0], "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"); code != http.StatusOK {
		t.Errorf("its first request: %d", code)
	}
	header := "POST /in/demo HTTP/1.1\r\nHost: x\r\nIdempotency-Key: early\r\n" +
		"X-Signature: " + sign([]byte("{}")) + "\r\nContent-Length: 2\r\n\r\n"
	if code := talk(early[1], header, "{}"); code != http.StatusAccepted {
		t.Errorf("its first request, with a slow body: %d", code)
	}
}
