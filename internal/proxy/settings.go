package proxy

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
)

// Settings are what the proxy forwards, and where it listens. A server whose address is empty is not forwarded.
type Settings struct {
	Database Server
	Cache    Server
	// DatabaseName is the database of clients that name none.
	DatabaseName string
	// Roots are the authorities that the servers' certificates must come from; nil: the system's and RDS's.
	Roots *x509.CertPool
}

// Server is one backing service.
type Server struct {
	Listen    string       // host:port on the loopback
	Listener  net.Listener // what listens there already; nil: Start opens it
	Address   string       // host:port of the server
	SecretARN string       // secret with {"username": ..., "password": ...}
}

// LoadSettings reads the variables of the task definition. They are those that an app without the proxy gets, and in addition
// DATABASE_LISTEN and CACHE_LISTEN.
func LoadSettings(getenv func(string) string) (Settings, error) {
	s := Settings{
		DatabaseName: getenv("POSTGRES_NAME"),
		Database: Server{
			Listen:    getenv("DATABASE_LISTEN"),
			Address:   net.JoinHostPort(getenv("POSTGRES_SERVICE_HOST"), getenv("POSTGRES_PORT")),
			SecretARN: getenv("DATABASE_SECRET_ARN"),
		},
		Cache: Server{Listen: getenv("CACHE_LISTEN"), SecretARN: getenv("CACHE_SECRET_ARN")},
	}
	if cache := getenv("CACHE_URL"); cache != "" {
		u, err := url.Parse(cache)
		if err != nil || u.Host == "" {
			return Settings{}, errors.New("CACHE_URL: not a URL with a host") // without the URL, which may hold a password
		}
		s.Cache.Address = u.Host
	}
	return s, errors.Join(s.Database.check("DATABASE_LISTEN"), s.Cache.check("CACHE_LISTEN"))
}

func (s Server) forwarded() bool { return s.Listen != "" }

// check refuses an address that strangers reach: whoever connects is logged in.
func (s Server) check(variable string) error {
	if !s.forwarded() {
		return nil
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%s is %q: write a loopback address and a port, such as 127.0.0.1:5432", variable, s.Listen)
	}
	if _, _, err := net.SplitHostPort(s.Address); err != nil {
		return fmt.Errorf("%s is set, but the server's address %q is none: %w", variable, s.Address, err)
	}
	return nil
}
