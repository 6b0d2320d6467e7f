package backing

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"dozen/internal/proxy"
)

// ProxySettings are the sidecar of a task definition that logs the app in at its database and its cache.
type ProxySettings struct {
	Dir       string            // absolute; holds the ports
	Variables map[string]string // of the sidecar's container
	Secrets   []Secret          // that the variables name
	Authority *Authority        // has signed the servers' certificates
}

// Proxy is the running sidecar. One serves all tasks: they share this machine's loopback.
type Proxy struct {
	Database, Cache string // 127.0.0.1:port
	proxy           *proxy.Proxy
}

// StartProxy starts the sidecar in this process.
func StartProxy(s ProxySettings) (*Proxy, error) {
	settings, err := proxy.LoadSettings(func(name string) string { return s.Variables[name] })
	if err != nil {
		return nil, err
	}
	settings.Roots = s.Authority.Pool()
	for name, server := range map[string]*proxy.Server{"database": &settings.Database, "cache": &settings.Cache} {
		if server.Listen == "" {
			continue // the environment has no such server
		}
		dir := filepath.Join(s.Dir, name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		listener, port, err := listen(dir)
		if err != nil {
			return nil, err
		}
		server.Listener, server.Listen = listener, address(port)
	}
	running, err := proxy.Start(settings, s.read, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return &Proxy{settings.Database.Listen, settings.Cache.Listen, running}, nil
}

// read answers for Secrets Manager, in which no rotation is under way here.
func (s ProxySettings) read(_ context.Context, arn, stage string) (string, error) {
	for _, secret := range s.Secrets {
		if secret.ARN == arn && stage == "AWSCURRENT" {
			return secret.Value, nil
		}
	}
	return "", errors.New("ResourceNotFoundException: there is no secret " + arn)
}

// Stop closes all connections. The tasks have ended before.
func (p *Proxy) Stop() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p.proxy.Stop(ctx)
}
