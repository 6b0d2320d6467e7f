package local

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load is an open loop: each request begins at its time, however long the requests before it take. A closed loop would
// slow down with the server and miss the requests that fail.
type load struct {
	url    string
	client *http.Client
	run    string // distinguishes the events of this load from others

	all      sync.WaitGroup
	sent     atomic.Int64
	accepted atomic.Int64 // events
	slow     atomic.Int64 // requests that took almost as long as the app allows

	mu       sync.Mutex
	failures []string
}

// longestRequest is REQUEST_TIMEOUT_SECONDS: the app refuses a body that takes longer.
const longestRequest = 5 * time.Second

// slowRequest is how long the requests take that are in flight when a task must stop: almost as long as the app allows. The
// ordinary run leaves a second for a machine that does other work at the same time, the long one 0.3 s.
func slowRequest() time.Duration {
	if os.Getenv("DOZEN_LONG") != "" {
		return longestRequest - 300*time.Millisecond
	}
	return longestRequest - time.Second
}

// startLoad sends rate requests per second, or fewer if the machine does not carry them, until stop is called and at least
// least requests were sent. Stop returns when the last request is answered.
func startLoad(t *testing.T, url string, rate int, least int64) (l *load, stop func()) {
	t.Helper()
	l = &load{url: url, run: fmt.Sprintf("%s-%d", t.Name(), time.Now().UnixNano()), client: &http.Client{
		Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 1000, IdleConnTimeout: time.Minute},
	}}
	rate = l.carried(t, rate)
	ctx, cancel := context.WithCancel(context.Background())
	began := time.Now()
	var pacing sync.WaitGroup
	pacing.Go(func() {
		for number := int64(0); ctx.Err() == nil || number < least; number++ {
			time.Sleep(time.Until(began.Add(time.Duration(number) * time.Second / time.Duration(rate))))
			l.all.Go(func() { l.short("", number) })
		}
	})
	pacing.Go(func() {
		for number := 0; ctx.Err() == nil; number++ {
			time.Sleep(time.Until(began.Add(time.Duration(number) * 400 * time.Millisecond)))
			l.all.Go(func() { l.long(number) })
		}
	})
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			pacing.Wait()
			l.all.Wait()
			l.client.CloseIdleConnections()
		})
	}
	t.Cleanup(stop)
	return l, stop
}

// carried returns the rate that was asked for, or a quarter of what the environment carries at the moment if that is less.
// A machine that has other work loses requests to its own deadlines: that says nothing about releases, and an open loop on
// such a machine never recovers. No failure is excused for it.
func (l *load) carried(t *testing.T, asked int) int {
	t.Helper()
	const measured, clients = time.Second, 8
	var answered atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range clients {
		all.Go(func() {
			for time.Since(began) < measured {
				l.short("-measured", answered.Add(1))
			}
		})
	}
	all.Wait()
	most := int(float64(answered.Load()) / time.Since(began).Seconds())
	rate := max(1, min(asked, most/4))
	t.Logf("offers %d requests per second; the environment carried %d", rate, most)
	return rate
}

// short posts an event every fourth time, gets the login page every eighth time, and otherwise a file.
func (l *load) short(prefix string, number int64) {
	switch {
	case number%4 == 0:
		l.post(fmt.Sprintf("%s%s-%d", l.run, prefix, number), 0)
	case number%8 == 1:
		l.get("/login", http.StatusOK)
	default:
		l.get("/static/style.css", http.StatusOK)
	}
}

// long posts an event whose body takes as long as the app allows.
func (l *load) long(number int) {
	l.post(fmt.Sprintf("%s-long-%d", l.run, number), slowRequest())
}

func (l *load) get(path string, want int) {
	l.sent.Add(1)
	response, err := l.client.Get(l.url + path)
	l.check("GET "+path, response, err, want)
}

func (l *load) post(id string, lasting time.Duration) {
	l.sent.Add(1)
	body := []byte(fmt.Sprintf(`{"event":%q}`, id))
	drip := &dripping{body: body, began: time.Now(), lasting: lasting}
	request, err := http.NewRequest(http.MethodPost, l.url+"/in/proof", drip)
	if err != nil {
		panic(err)
	}
	request.ContentLength = int64(len(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", id)
	request.Header.Set("X-Signature", "sha256="+sign(body))
	response, err := l.client.Do(request)
	if err == nil && response.StatusCode == http.StatusRequestTimeout && time.Since(drip.began) > longestRequest {
		_ = response.Body.Close()
		return // this machine was too busy to send the body in time, and the app was right to refuse it
	}
	if lasting > 0 {
		l.slow.Add(1)
	}
	if l.check("POST /in/proof "+id, response, err, http.StatusAccepted) {
		l.accepted.Add(1)
	}
}

const proofSecret = "secret-of-the-proof"

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(proofSecret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func (l *load) check(what string, response *http.Response, err error, want int) bool {
	failure := ""
	if err != nil {
		failure = err.Error()
	} else {
		body, readErr := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if readErr != nil || response.StatusCode != want {
			failure = fmt.Sprintf("%s %v %s", response.Status, readErr, bytes.TrimSpace(body))
		}
	}
	if failure == "" {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures = append(l.failures, fmt.Sprintf("%s %s: %s", time.Now().Format("15:04:05.000"), what, failure))
	return false
}

// dripping is a body that arrives byte by byte over a given time.
type dripping struct {
	body    []byte
	sent    int
	began   time.Time
	lasting time.Duration
}

func (d *dripping) Read(into []byte) (int, error) {
	if d.sent == len(d.body) {
		return 0, io.EOF
	}
	count := len(d.body) - d.sent
	if d.lasting > 0 {
		count = 1
		time.Sleep(time.Until(d.began.Add(d.lasting * time.Duration(d.sent+1) / time.Duration(len(d.body)))))
	}
	count = copy(into, d.body[d.sent:d.sent+count])
	d.sent += count
	return count, nil
}
