package proxy

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"net"
	"strings"
	"time"

	_ "golang.org/x/crypto/x509roots/fallback" // the image holds nothing but this program
)

// connectTimeout is how long a server may take to accept a connection and a login. A client that waits less closes its own.
const connectTimeout = 30 * time.Second

// rds.pem is https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem. RDS has authorities of its own; ElastiCache's
// certificates are public.
//
//go:embed rds.pem
var rdsRoots []byte

// upstream is a server, and what it takes to log in there.
type upstream struct {
	address string
	tls     *tls.Config // the server must prove that it is the one at the address
	logins  *logins
}

func newUpstream(s Server, roots *x509.CertPool, secrets Secrets) (upstream, error) {
	host, _, err := net.SplitHostPort(s.Address)
	if err == nil && roots == nil {
		roots, err = publicRoots()
	}
	if err != nil {
		return upstream{}, err
	}
	return upstream{
		address: s.Address,
		tls: &tls.Config{
			// A name from the DNS may end with a dot, and a certificate's does not.
			ServerName: strings.TrimSuffix(host, "."), RootCAs: roots, MinVersion: tls.VersionTLS12,
			ClientSessionCache: tls.NewLRUClientSessionCache(0),
		},
		logins: newLogins(secrets, s.SecretARN),
	}, nil
}

func publicRoots() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	pool.AppendCertsFromPEM(rdsRoots)
	return pool, nil
}
