package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dozen/internal/proxy"
)

// Prevents: after a failover the proxy goes on talking to the server that was.
func TestAnotherServerTakesOver(t *testing.T) {
	w := lay(t, "127.0.0.1", fmt.Sprintf("127.0.0.1:%d", database.Port))
	a := start(t, newSecrets(), func(s *proxy.Settings) { s.Database.Address = w.address })
	conn := a.query(t)
	w.lead(free(t))
	w.cut()
	if err := one(conn.QueryRow(t.Context(), "select 1")); err == nil || !conn.IsClosed() {
		t.Errorf("the connection is cut, and the client got %v", err)
	}
	if _, err := pgx.Connect(t.Context(), a.url()); code(err) != "57P03" {
		t.Errorf("no server listens, and the client got %v", err)
	}
	w.lead(fmt.Sprintf("127.0.0.1:%d", database.Port))
	if err := one(a.query(t).QueryRow(t.Context(), "select 1")); err != nil {
		t.Error(err)
	}
}

// Prevents: a server that accepts and never answers makes the app wait longer than it wants to, or holds up other clients.
func TestASilentServerHoldsNobodyUp(t *testing.T) {
	w := lay(t, "127.0.0.1", "")
	a := start(t, newSecrets(), func(s *proxy.Settings) { s.Database.Address = w.address })
	w.lead("")
	ctx, done := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer done()
	if _, err := pgx.Connect(ctx, a.url()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the client got %v, want its own timeout", err)
	}
	w.lead(fmt.Sprintf("127.0.0.1:%d", database.Port))
	if err := one(a.query(t).QueryRow(t.Context(), "select 1")); err != nil {
		t.Error(err)
	}
	w.cut()
}

// Prevents: one client or server that talks nonsense ends the sessions of others.
func TestNonsenseEndsItsOwnConnection(t *testing.T) {
	liar := lie(t)
	honest := start(t, newSecrets(), nil)
	lying := start(t, newSecrets(), func(s *proxy.Settings) { s.Database.Address, s.Cache.Address = liar, liar })
	conn, count, random := honest.query(t), 300, rand.New(rand.NewPCG(1, 2))
	if os.Getenv("DOZEN_LONG") != "" {
		count = 20_000
	}
	for range count {
		say(t, honest.database, nonsense(random))
		say(t, honest.cache, nonsense(random))
		say(t, lying.database, []byte("\x00\x00\x00\x12\x00\x03\x00\x00user\x00app\x00\x00"))
		say(t, lying.cache, []byte("PING\r\n"))
	}
	if err := one(conn.QueryRow(t.Context(), "select 1")); err != nil {
		t.Errorf("a session that was there before: %v", err)
	}
	if _, err := honest.dial(t).Do("PING"); err != nil {
		t.Error(err)
	}
}

// nonsense returns bytes that often begin as a startup message, so that more than the length is looked at.
func nonsense(random *rand.Rand) []byte {
	data := make([]byte, random.IntN(200))
	for n := range data {
		data[n] = byte(random.UintN(256))
	}
	if len(data) > 8 && random.IntN(2) == 0 {
		copy(data, []byte{0, 0, 0, byte(len(data)), 0, 3, 0, byte(random.IntN(4))})
	}
	return data
}

// lie starts a server that agrees to TLS and then talks nonsense, and returns its address.
func lie(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	random, ended := rand.New(rand.NewPCG(3, 4)), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write(append([]byte("S"), nonsense(random)...))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	return listener.Addr().String()
}

// say sends bytes, says that there are no more, and reads until the proxy closes the connection.
func say(t *testing.T, address string, data []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = conn.Write(data)
	_ = conn.(*net.TCPConn).CloseWrite()
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the proxy keeps a connection open that said %q", data)
	}
}

// Prevents: the proxy ends while the app still finishes its work, or waits forever for an app that is gone.
func TestStopWaitsForItsClients(t *testing.T) {
	s := proxy.Settings{DatabaseName: "app", Database: proxy.Server{
		Listen: free(t), Address: fmt.Sprintf("127.0.0.1:%d", database.Port), SecretARN: "database"}}
	p, err := proxy.Start(s, newSecrets().read, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a := addresses{database: s.Database.Listen}
	leaves, stays := a.query(t), a.query(t)
	ctx, timeIsUp := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() { p.Stop(ctx); close(stopped) }()
	if err := one(leaves.QueryRow(t.Context(), "select pg_sleep(0.2)")); err != nil {
		t.Errorf("a query while the proxy stops: %v", err)
	}
	if err := one(a.query(t).QueryRow(t.Context(), "select 1")); err != nil {
		t.Errorf("a new connection while the proxy stops: %v", err)
	}
	_ = leaves.Close(t.Context())
	select {
	case <-stopped:
		t.Fatal("the proxy has stopped before its last client")
	default:
	}
	timeIsUp()
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Fatal("the proxy never stops")
	}
	if err := one(stays.QueryRow(t.Context(), "select 1")); err == nil {
		t.Error("the connection is still there")
	}
}
