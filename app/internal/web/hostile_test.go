package web

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/inbox"
)

// hostile are values that have broken something somewhere: PostgreSQL refuses some as text, HTTP some as headers.
var hostile = []string{
	"\x00", "a\x00b", "\xff", "\xe9", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\u202e", "\ufeff", "\x7f", "\x01", "\t",
	"%", "%0", "%zz", "%00", "%ff", "%c0%80", ";", "&", "=", "..", "../..", "//", "\\", "'", `"`, "$1", "{}", "-1", "0",
	"99999999999", "9999999999999999999999", "1e9", "NaN", "00000000-0000-0000-0000-000000000000", "*", "", " ",
	strings.Repeat("x", 3000), strings.Repeat("é", 1500), strings.Repeat("%ff", 1000),
}

// raw sends bytes that no HTTP client would send, and returns the status, or 0 if the connection was closed.
func (s *site) raw(t *testing.T, request string) int {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.Write([]byte(request)); err != nil {
		return 0
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// inputs are all places in which a client can write something, as functions from a value to a whole request.
func inputs(cookie string) map[string]func(string) string {
	request := func(method, target, header, body string) string {
		return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s",
			method, target, header, len(body), body)
	}
	escaped := func(value string) string { // as a browser would write it, unless it is broken on purpose
		if strings.HasPrefix(value, "%") {
			return value
		}
		return url.QueryEscape(value)
	}
	all := map[string]func(string) string{
		"body, unsigned": func(v string) string { return request("POST", "/in/hmac", "", v) },
		"body, signed":   func(v string) string { return request("POST", "/in/hmac", "X-Signature: "+signed(v)+"\r\n", v) },
		"body, JSON": func(v string) string {
			return request("POST", "/in/hmac", "Content-Type: application/json\r\nX-Signature: "+signed(v)+"\r\n", v)
		},
		"id in the body": func(v string) string {
			body, now := `{"id":"`+v+`"}`, fmt.Sprint(time.Now().Unix())
			return request("POST", "/in/stripe", "Stripe-Signature: t="+now+",v1="+signed(now+"."+body)+"\r\n", body)
		},
		"id in the body, escaped": func(string) string {
			body, now := `{"id":"\u0000\ud800"}`, fmt.Sprint(time.Now().Unix())
			return request("POST", "/in/stripe", "Stripe-Signature: t="+now+",v1="+signed(now+"."+body)+"\r\n", body)
		},
		"method": func(v string) string { return request("X"+v, "/in/hmac", "", "") },
		"host":   func(v string) string { return "GET /login HTTP/1.1\r\nConnection: close\r\nHost: " + v + "\r\n\r\n" },
		"header's name": func(v string) string {
			return request("POST", "/in/hmac", "X-"+v+": x\r\nX-Signature: "+signed("x")+"\r\n", "x")
		},
		"multipart form": func(v string) string {
			form := "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n" + v + "\r\n--b--\r\n"
			return request("POST", "/login", "Content-Type: multipart/form-data; boundary=b\r\n", form)
		},
	}
	for _, path := range []string{"/", "/in/", "/events/", "/static/", "/static/../", "/login/"} {
		all["path "+path] = func(v string) string { return request("GET", path+strings.ReplaceAll(v, " ", "%20"), cookie, "") }
		all["posted path "+path] = func(v string) string { return request("POST", path+escaped(v), cookie, "") }
	}
	all["replayed path"] = func(v string) string { return request("POST", "/events/"+escaped(v)+"/replay", cookie, "") }
	for _, name := range []string{"q", "source", "state", "before", "started", "%00", ""} {
		all["query "+name] = func(v string) string { return request("GET", "/?"+name+"="+escaped(v), cookie, "") }
	}
	for page, fields := range map[string][]string{
		"/login": {"email", "password"}, "/logout": {"x"}, "/sources": {"name", "scheme", "secret", "rate"},
		"/destinations": {"name", "source", "url", "secret", "concurrency", "attempts"},
		"/events/00000000-0000-0000-0000-000000000000/replay": {"destination"},
	} {
		good := url.Values{"name": {"a"}, "scheme": {"hmac"}, "source": {"hmac"}, "url": {"http://x"}, "email": {"a@b.c"}}
		for _, field := range fields {
			all["form "+page+" "+field] = func(v string) string {
				form := url.Values{}
				for name := range good {
					form.Set(name, good.Get(name))
				}
				form.Del(field)
				head := cookie
				if page == "/login" || page == "/logout" {
					head = "" // the session is still needed
				}
				return request("POST", page, head+"Content-Type: application/x-www-form-urlencoded\r\n",
					form.Encode()+"&"+field+"="+escaped(v))
			}
		}
	}
	for _, name := range []string{"Content-Type", "Idempotency-Key", "X-Custom", "X-Forwarded-For", "Transfer", "Expect", "Range",
		"Accept-Encoding", "Origin", "Sec-Fetch-Site", "If-Modified-Since", "Traceparent"} {
		all["header "+name] = func(v string) string {
			return request("POST", "/in/hmac", name+": "+v+"\r\nX-Signature: "+signed("x")+"\r\n", "x")
		}
		all["page's header "+name] = func(v string) string {
			return request("GET", "/static/style.css", name+": "+v+"\r\n", "")
		}
	}
	for _, name := range []string{"X-Signature", "X-Hub-Signature-256", "Stripe-Signature", "X-Github-Delivery"} {
		for _, scheme := range inbox.Schemes {
			all["header "+name+" for "+scheme] = func(v string) string {
				return request("POST", "/in/"+scheme, name+": "+v+"\r\nX-Hub-Signature-256: sha256="+signed("x")+"\r\n", "x")
			}
		}
	}
	for _, name := range []string{"Cookie", "Origin", "Sec-Fetch-Site", "X-Forwarded-For"} {
		all["login's header "+name] = func(v string) string {
			return request("POST", "/login", name+": session="+v+"\r\nContent-Type: application/x-www-form-urlencoded\r\n", "email=a")
		}
	}
	return all
}

// An alarm counts 5xx, and a release that it sees is rolled back: eleven requests a minute with a byte that PostgreSQL
// refuses would veto every release. And a sender that gets 503 for a byte in a header repeats the event until it gives up.
func TestNoHostileByteIsAServerError(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	site, _ := url.Parse(s.URL)
	cookie := "Cookie: " + client.Jar.Cookies(site)[0].String() + "\r\n"
	codes := map[int]int{}
	for input, request := range inputs(cookie) {
		for _, value := range hostile {
			code := s.raw(t, request(value))
			codes[code]++
			if code >= 500 {
				t.Errorf("%s %.20q: %d", input, value, code)
			}
		}
	}
	t.Logf("answers by status: %v", codes)
	if codes[200]*codes[202]*codes[400]*codes[401]*codes[404] == 0 {
		t.Errorf("answers are %v: the requests do not reach what they should", codes)
	}
	if response, _ := s.ask(t, client, "GET", "/", nil); response.StatusCode != 200 {
		t.Errorf("afterwards the operator's page answers %d: the test had no session", response.StatusCode)
	}
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, "database refuses") {
			t.Errorf("a value went too far: %s", line)
		}
	}
}

// The event of a sender that names its file in Latin-1 is accepted, not refused until the sender gives up.
func TestEventWithABrokenHeaderIsAccepted(t *testing.T) {
	s := newSite(t, nil)
	header := map[string]string{"X-Signature": signed("x"), "Content-Type": "text/plain; name=\"caf\xe9\"", "X-Note": "\xff"}
	code, answer := s.send(t, "/in/hmac", "x", header)
	if code != 202 {
		t.Fatalf("%d %v", code, answer)
	}
	event, _, _, err := s.server.Inbox.Event(t.Context(), answer["id"].(string))
	if err != nil || event.ContentType != "text/plain; name=\"caf\uFFFD\"" || event.Headers["X-Note"] != "\uFFFD" {
		t.Errorf("stored with %q and %q, %v", event.ContentType, event.Headers, err)
	}
}

// If a check is forgotten, PostgreSQL's refusal is still no failure of the database.
func TestRefusedValueIsTheClientsProblem(t *testing.T) {
	s := newSite(t, nil)
	_, err := s.server.DB.Exec(t.Context(), "select $1::text", "\x00")
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if status, _ := s.server.blame(request, err); err == nil || status != 400 {
		t.Errorf("%v is answered with %d, want 400", err, status)
	}
	_, err = s.server.DB.Exec(t.Context(), "select * from missing")
	if status, _ := s.server.blame(request, err); status != 503 {
		t.Errorf("%v is answered with %d, want 503", err, status)
	}
}
