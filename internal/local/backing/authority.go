package backing

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	validFor = 825 * 24 * time.Hour // the most that Apple's clients accept
	renewAt  = 60 * 24 * time.Hour  // before it expires; no run lasts that long
)

// Authority is a private certificate authority and the one server certificate that it has signed, for localhost,
// 127.0.0.1 and ::1. The authority's own key is discarded, so that nobody can sign anything else with it.
type Authority struct {
	// Bundle is a PEM file with the system's authorities and this one. It is the value of SSL_CERT_FILE for tasks.
	Bundle string

	root, certificate, key []byte // PEM
	pair                   tls.Certificate
}

// OpenAuthority reads the authority in dir. It makes a new one if dir has none or if the certificate expires within 60
// days.
func OpenAuthority(dir string) (*Authority, error) {
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	path := filepath.Join(dir, "authority.pem") // one file, so that its parts always match
	a := &Authority{Bundle: filepath.Join(dir, "bundle.pem")}
	if data, err := os.ReadFile(path); err != nil || !a.parse(data) {
		data, err := newAuthority()
		if err != nil {
			return nil, err
		}
		if err := writeAtomically(path, data); err != nil {
			return nil, err
		}
		if !a.parse(data) {
			return nil, fmt.Errorf("%s: cannot read the new certificate", path)
		}
	}
	if err := writeAtomically(a.Bundle, append(systemBundle(), a.root...)); err != nil {
		return nil, err
	}
	return a, os.Chmod(a.Bundle, 0o644) // public, and tasks may run as another user
}

// Pool returns a certificate pool with this authority only.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(a.root)
	return pool
}

// parse reads root, certificate and key from PEM data, and reports whether they are valid and do not expire soon.
func (a *Authority) parse(data []byte) bool {
	var parts [3][]byte
	for i := range parts {
		block, rest := pem.Decode(data)
		if block == nil {
			return false
		}
		parts[i], data = pem.EncodeToMemory(block), rest
	}
	a.root, a.certificate, a.key = parts[0], parts[1], parts[2]
	pair, err := tls.X509KeyPair(a.certificate, a.key)
	a.pair = pair
	if err != nil || time.Until(pair.Leaf.NotAfter) < renewAt {
		return false
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: "localhost"})
	return err == nil
}

// newAuthority returns a new root, certificate and key as PEM data.
func newAuthority() ([]byte, error) {
	from := time.Now().Add(-time.Hour) // a container's clock may lag behind
	root := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "dozen, private to this machine"},
		NotBefore: from, NotAfter: from.Add(validFor),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "localhost"},
		NotBefore: from, NotAfter: from.Add(validFor),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	var data bytes.Buffer
	for _, c := range []struct {
		template *x509.Certificate
		key      *ecdsa.PrivateKey
	}{{root, rootKey}, {leaf, leafKey}} {
		if c.template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
			return nil, err
		}
		der, err := x509.CreateCertificate(rand.Reader, c.template, root, &c.key.PublicKey, rootKey)
		if err != nil {
			return nil, err
		}
		_ = pem.Encode(&data, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // cannot fail: it writes to memory
	}
	der, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return nil, err
	}
	_ = pem.Encode(&data, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return data.Bytes(), nil
}

// systemBundle returns the authorities that programs on this system trust by default; SSL_CERT_FILE overrides that
// default.
func systemBundle() []byte {
	for _, path := range []string{
		os.Getenv("SSL_CERT_FILE"),
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/cert.pem",
	} {
		if data, err := os.ReadFile(path); err == nil {
			return append(data, '\n')
		}
	}
	return nil
}

// install writes the certificate and its key to dir, for a server that runs as owner.
func (a *Authority) install(owner account, dir string) (certificate, key string, err error) {
	certificate, key = filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
	if err := owner.write(certificate, a.certificate); err != nil {
		return "", "", err
	}
	return certificate, key, owner.write(key, a.key)
}
