package gatetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// startProxy starts a proxy that leads every host of AWS to the fake, by TLS with a certificate of its own. So the program
// under test answers at CloudFormation's real address, and has no other way for tests.
func (a *AWS) startProxy(t testing.TB) {
	certificate := newCertificate(t)
	a.Certificate = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if err := os.WriteFile(a.Certificate, block, 0o600); err != nil {
		t.Fatal(err)
	}
	hosts := httptest.NewUnstartedServer(http.HandlerFunc(a.serve))
	hosts.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	hosts.StartTLS()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tunnel(w, r, hosts.Listener.Addr().String())
	}))
	a.Proxy = proxy.URL
	t.Cleanup(func() {
		hosts.CloseClientConnections() // which ends the tunnels
		hosts.Close()
		proxy.Close()
	})
}

// tunnel connects a client that asks for any host to the address, until one of the two closes the connection.
func tunnel(w http.ResponseWriter, r *http.Request, address string) {
	if r.Method != http.MethodConnect {
		http.Error(w, "this proxy has only tunnels", http.StatusMethodNotAllowed)
		return
	}
	server, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = server.Close() }()
	client, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	ended := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(server, buffered) // how a connection ends does not matter
		ended <- struct{}{}
	}()
	go func() {
		_, _ = io.Copy(client, server)
		ended <- struct{}{}
	}()
	<-ended
}

// newCertificate returns a certificate for every form of S3's addresses of one bucket in eu-west-1.
func newCertificate(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{
			"*.s3.amazonaws.com", "*.s3.eu-west-1.amazonaws.com", "*.s3-eu-west-1.amazonaws.com",
			"*.s3.dualstack.eu-west-1.amazonaws.com", "*.s3.cn-north-1.amazonaws.com.cn",
		},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
