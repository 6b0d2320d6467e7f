package proxy_test

import (
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dozen/internal/proxy"
)

// roundTrip is the network between a task and its database: a query takes half a millisecond longer in an Availability Zone and about
// a millisecond between two of them.
const roundTrip = 500 * time.Microsecond

// Prevents: a proxy that costs more than it is worth. Both sides query in turn, in the same run: one over TLS by itself, one through the
// proxy.
func TestOverhead(t *testing.T) {
	if os.Getenv("DOZEN_LONG") == "" {
		t.Skip("DOZEN_LONG is not set")
	}
	server := fmt.Sprintf("127.0.0.1:%d", database.Port)
	far := delayed(t, server)
	a := start(t, newSecrets(), func(s *proxy.Settings) { s.Database.Address = far })
	direct := fmt.Sprintf("postgres://app:%s@%s/app?sslmode=verify-full&sslrootcert=%s", password, far, authority.Bundle)
	const clients, rounds, each = 4, 12, 1500 * time.Millisecond
	var without, with sample
	for round := range rounds {
		sides := []func(){
			func() { without.add(measure(t, direct, clients, each)) },
			func() { with.add(measure(t, a.url(), clients, each)) },
		}
		if round%2 == 1 {
			slices.Reverse(sides)
		}
		for _, side := range sides {
			side()
		}
	}
	rate := with.rate() / without.rate()
	more := with.p99() - without.p99()
	t.Logf("queries a second: %.0f with the proxy, %.0f without, ratio %.3f; p99: %s with, %s without, %s more", with.rate(), without.rate(), rate, with.p99(), without.p99(), more)
	if rate < 0.95 {
		t.Errorf("the proxy costs %.1f %% of the queries a second, want at most 5 %%", 100*(1-rate))
	}
	if more > 300*time.Microsecond {
		t.Errorf("the proxy costs %s at p99, want at most 0.3 ms", more)
	}
}

// sample is what rounds of queries have measured.
type sample struct {
	rates []float64
	p99s  []time.Duration
}

func (s *sample) add(took []time.Duration, lasted time.Duration) {
	slices.Sort(took)
	s.rates = append(s.rates, float64(len(took))/lasted.Seconds())
	s.p99s = append(s.p99s, took[len(took)*99/100])
}

// rate and p99 are medians of the rounds.
func (s *sample) rate() float64      { slices.Sort(s.rates); return s.rates[len(s.rates)/2] }
func (s *sample) p99() time.Duration { slices.Sort(s.p99s); return s.p99s[len(s.p99s)/2] }

// measure queries one row after another, in as many connections as there are clients.
func measure(t *testing.T, url string, clients int, lasting time.Duration) (took []time.Duration, lasted time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	conns := make([]*pgx.Conn, clients)
	for n := range conns {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		conns[n] = conn
	}
	began := time.Now()
	for _, conn := range conns {
		all.Go(func() {
			var own []time.Duration
			for time.Since(began) < lasting {
				asked := time.Now()
				if err := one(conn.QueryRow(t.Context(), "select relname from pg_class where oid = $1", 1259)); err != nil {
					t.Error(err)
					break
				}
				own = append(own, time.Since(asked))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
		})
	}
	all.Wait()
	return took, time.Since(began)
}

// delayed is a wire on which every byte takes half a round trip.
func delayed(t *testing.T, to string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			go late(far, near)
			go late(near, far)
		}
	}()
	return listener.Addr().String()
}

func late(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	type packet struct {
		data []byte
		at   time.Time
	}
	packets := make(chan packet, 1024)
	go func() {
		defer close(packets)
		for {
			data := make([]byte, 16<<10)
			n, err := from.Read(data)
			if n > 0 {
				packets <- packet{data[:n], time.Now().Add(roundTrip / 2)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range packets {
		time.Sleep(time.Until(p.at))
		if _, err := to.Write(p.data); err != nil {
			_ = from.Close()
		}
	}
}
