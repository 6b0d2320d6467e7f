package rollout

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"dozen/internal/local/balancer"
	"dozen/internal/local/localtest"
)

// A test that waits for an answer fails instead of hanging.
func init() { http.DefaultClient.Timeout = time.Minute }

// site is a web process that still accepts requests for a while after SIGTERM, and finishes them.
type site struct {
	server *httptest.Server
	once   sync.Once
	done   chan struct{}
}

func newSite(context.Context, string, string) (Task, error) {
	s := &site{done: make(chan struct{})}
	s.server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Millisecond) }))
	return s, nil
}

func (s *site) Address() string       { return s.server.Listener.Addr().String() }
func (s *site) Done() <-chan struct{} { return s.done }
func (s *site) Exit() (int, string)   { return 0, "" }
func (s *site) Stop() {
	s.once.Do(func() {
		time.AfterFunc(500*time.Millisecond, func() {
			_ = s.server.Config.Shutdown(context.Background())
			close(s.done)
		})
	})
}

// The purpose of all of this: requests keep coming during releases and none fails, whatever the stop order.
func TestReleasesDropNoRequest(t *testing.T) {
	for order := DeregisterFirst; order <= Together; order++ {
		t.Run(order.String(), func(t *testing.T) {
			b, err := balancer.New(balancer.Settings{
				HealthPath: "/", HealthInterval: 3 * time.Second, HealthTimeout: 2 * time.Second, HealthyThreshold: 2,
				UnhealthyThreshold: 2, Matcher: "200", DeregistrationDelay: 300 * time.Millisecond,
				RoutingLag: 50 * time.Millisecond, IdleTimeout: time.Minute,
			}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			settings := worker()
			settings.StopOrder, settings.HealthGrace = order, 10*time.Second
			service, err := New(settings, newSite, b, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			front := httptest.NewServer(b)
			defer front.Close()
			deploy := func(release string) {
				if err := service.Deploy(localtest.Bounded(t), release); err != nil {
					t.Error(err)
				}
			}
			deploy("r0")
			stop, sent := make(chan struct{}), make(chan int)
			go func() { sent <- load(t, front.URL, stop) }()
			for _, release := range []string{"r1", "r2"} {
				deploy(release)
			}
			close(stop)
			if n := localtest.Receive(t, "the load ends", sent); n < 10 {
				t.Errorf("only %d requests were sent", n)
			}
			if err := service.Stop(localtest.Bounded(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// load sends requests until stop is closed and counts them.
func load(t *testing.T, url string, stop chan struct{}) (sent int) {
	for ; ; sent++ {
		select {
		case <-stop:
			return sent
		default:
		}
		response, err := http.Get(url)
		if err != nil {
			t.Error(err)
			return sent
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("request %d: %d", sent, response.StatusCode)
		}
	}
}
