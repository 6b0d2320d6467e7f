package deliver

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/testserver"
)

// The address of a destination may be all that it takes to post to it, as with Slack's. So it must not be in an error,
// which goes to the log and to the event's page.
func TestErrorsDoNotShowTheAddress(t *testing.T) {
	serve := func(answer func(net.Conn)) string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 1000))
				answer(conn)
				_ = conn.Close()
			}
		}()
		return "http://" + listener.Addr().String()
	}
	free, err := testserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	cases := map[string]struct{ url, want string }{
		"nobody listens":      {fmt.Sprintf("http://127.0.0.1:%d", free), "connection refused"},
		"unknown host":        {"http://secret-host.invalid", "host name"},
		"untrusted":           {secure.URL, "certificate is not trusted"},
		"no answer":           {serve(func(net.Conn) {}), "without an answer"},
		"reset":               {serve(func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }), "connection"},
		"not HTTP":            {serve(func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-x\r\n\r\n")) }), "not HTTP"},
		"a header is missing": {serve(func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n")) }), "without an answer"},
		"hangs":               {serve(func(net.Conn) { <-hold }), "in time"},
		"not a URL":           {"http://[::1", "not HTTP"},
		"a space in the host": {"http://secret host", "not HTTP"},
		"metadata":            {"http://169.254.169.254", "metadata"},
	}
	s := newSender()
	s.private.Timeout = 2 * time.Second
	for what, c := range cases {
		parcel := inbox.Parcel{Destination: inbox.Destination{URL: c.url + "/services/T000/SLACKTOKEN?token=QUERYSECRET", AllowPrivate: true}}
		out := s.send(t.Context(), parcel, 1)
		if !strings.Contains(out.Error, c.want) || out.Status != 0 {
			t.Errorf("%s: %q, want %q", what, out.Error, c.want)
		}
		for _, hidden := range []string{"SLACKTOKEN", "QUERYSECRET", "secret", "127.0.0.1", "169.254", "http:"} {
			if strings.Contains(out.Error, hidden) {
				t.Errorf("%s: %q shows %q", what, out.Error, hidden)
			}
		}
	}
}

// A proxy of the environment would connect for us, to addresses that the guard refuses.
func TestNoProxyIsUsed(t *testing.T) {
	s := newSender()
	for _, client := range []*http.Client{s.public, s.private} {
		if client.Transport.(*http.Transport).Proxy != nil {
			t.Error("a client uses a proxy")
		}
	}
}
