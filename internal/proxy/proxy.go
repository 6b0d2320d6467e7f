package proxy

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"
)

// Grace is how long connections may stay open after the proxy has been told to stop. ECS stops the app first, so that nothing is
// open any more; whoever stops both at once gets the longest time that an app may take to drain.
const Grace = 2 * time.Minute

// Proxy forwards the connections of one task.
type Proxy struct {
	log       *slog.Logger
	listeners []net.Listener
	serving   sync.WaitGroup

	ctx    context.Context // ends when the last connections are closed
	cancel context.CancelFunc

	mu      sync.Mutex
	clients map[net.Conn]bool
	gone    *sync.Cond // signals that a client has gone
}

// backing is the handshake of one protocol. It answers a client, and returns a connection of the server that is ready to be relayed,
// or nil if there is nothing to relay.
type backing interface {
	connect(ctx context.Context, client net.Conn) (net.Conn, error)
}

// Start listens, and serves until Stop is called.
func Start(s Settings, secrets Secrets, log *slog.Logger) (*Proxy, error) {
	p := &Proxy{log: log, clients: map[net.Conn]bool{}}
	p.gone = sync.NewCond(&p.mu)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	err := errors.Join(
		p.open(s.Database, s.Roots, secrets, func(up upstream) backing { return &postgres{up, s.DatabaseName} }),
		p.open(s.Cache, s.Roots, secrets, func(up upstream) backing { return &redis{up} }),
	)
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// Stop waits until the clients have closed their connections, for Grace or until ctx ends, and closes the rest.
func (p *Proxy) Stop(ctx context.Context) {
	ctx, done := context.WithTimeout(ctx, Grace)
	defer done()
	defer context.AfterFunc(ctx, p.hangUp)()
	p.mu.Lock()
	for len(p.clients) > 0 {
		p.gone.Wait()
	}
	p.mu.Unlock()
	p.close()
}

// hangUp closes every connection, and those to come.
func (p *Proxy) hangUp() {
	p.cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	for client := range p.clients {
		_ = client.Close()
	}
}

func (p *Proxy) close() {
	for _, listener := range p.listeners {
		_ = listener.Close()
	}
	p.hangUp()
	p.serving.Wait()
}

// open listens for the clients of a server, if there is one.
func (p *Proxy) open(s Server, roots *x509.CertPool, secrets Secrets, protocol func(upstream) backing) error {
	if !s.forwarded() {
		return nil
	}
	up, err := newUpstream(s, roots, secrets)
	if err != nil {
		return err
	}
	listener := s.Listener
	if listener == nil {
		if listener, err = net.Listen("tcp", s.Listen); err != nil {
			return err
		}
	}
	p.listeners = append(p.listeners, listener)
	p.serving.Go(func() { p.accept(listener, protocol(up), p.log.With("server", s.Address)) })
	return nil
}

func (p *Proxy) accept(listener net.Listener, to backing, log *slog.Logger) {
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too many open files: others will be closed
			log.Error("cannot accept a connection", "error", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		p.serving.Go(func() { p.forward(client, to, log) })
	}
}

// forward serves one client. A panic ends this connection and no other.
func (p *Proxy) forward(client net.Conn, to backing, log *slog.Logger) {
	if !p.arrives(client) {
		return
	}
	defer func() {
		if problem := recover(); problem != nil {
			log.Error("the proxy has a bug", "problem", problem, "stack", string(debug.Stack()))
		}
		p.leaves(client)
	}()
	server, err := to.connect(p.ctx, client)
	if err != nil && !isEnd(err) {
		log.Warn("a client gets no connection", "error", err)
	}
	if server != nil {
		relay(client, server)
	}
}

// arrives notes a client. It reports false, and closes the connection, if the proxy has ended.
func (p *Proxy) arrives(client net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		_ = client.Close()
		return false
	}
	p.clients[client] = true
	return true
}

func (p *Proxy) leaves(client net.Conn) {
	_ = client.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.clients, client)
	p.gone.Broadcast()
}
