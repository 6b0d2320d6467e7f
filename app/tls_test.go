package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/operator"
	"dozen/app/internal/testserver"
	"dozen/app/internal/testsuite"
)

// authority issues certificates that are trusted only in this test.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir(), cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}}
	a.key = a.issue(t, "ca", a.cert)
	return a
}

// issue writes NAME.pem and NAME.key. The first certificate is self-signed.
func (a *authority) issue(t *testing.T, name string, cert *x509.Certificate) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	signed, err := x509.CreateCertificate(rand.Reader, cert, a.cert, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{a.file(name + ".pem"): {Type: "CERTIFICATE", Bytes: signed},
		a.file(name + ".key"): {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// tlsValkey starts a server like ElastiCache's: with TLS only, the user app with the given password, and no default
// user.
func tlsValkey(t *testing.T, a *authority, password string) *testserver.Valkey {
	t.Helper()
	bin := testserver.FindValkey()
	if bin == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no valkey-server or redis-server found: install one of them")
		}
		fmt.Fprintln(os.Stderr, "NOTE: no valkey-server or redis-server found; the cache was not tested over TLS")
		t.Skip("no server")
	}
	server, err := testserver.NewValkey(bin, 0)
	if err != nil {
		t.Fatal(err)
	}
	a.issue(t, "server", &x509.Certificate{
		SerialNumber: big.NewInt(2),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	})
	server.Args = []string{"--port", "0", "--tls-port", strconv.Itoa(server.Port), "--tls-auth-clients", "no",
		"--tls-cert-file", a.file("server.pem"), "--tls-key-file", a.file("server.key"), "--tls-ca-cert-file", a.file("ca.pem"),
		"--user", "default", "off", "--user", "app", "on", ">" + password, "~*", "&*", "+@all"}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	return server
}

// In production the cache uses TLS, and has one user whose password is in a secret. Sessions must work there, a
// server with an untrusted certificate must not get the password, and the log must explain both this problem and a
// refused login.
func TestCacheOverTLSWithAUser(t *testing.T) {
	w := newWorld(t)
	const password = "a-cache-password-for-tests"
	ca, fake := newAuthority(t), testsuite.NewAWS(t)
	server := tlsValkey(t, ca, password)
	fake.SetLogin(awsapi.Current, awsapi.Login{Username: "app", Password: password})
	env := w.env.with("CACHE_URL", "rediss://127.0.0.1:"+strconv.Itoa(server.Port)).
		with("CACHE_SECRET_ARN", "arn:aws:secretsmanager:x").with("SSL_CERT_FILE", ca.file("ca.pem"))
	for name, value := range fake.Variables() {
		env = env.with(name, value)
	}
	if err := operator.Add(t.Context(), w.db, "ada@example.com", "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	web := start(t, env, "web")
	web.until("/readyz", 200, 10*time.Second)
	client := newClient(t, 1)
	testsuite.Eventually(t, 10*time.Second, func() error { return cacheIs(client, web, "ok") })
	logIn(t, web)
	accept := func(web *instance) {
		t.Helper()
		if _, err := post(client, web.url("/in/demo"), "", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	accept(web)
	if lines := web.lines("cache failed"); len(lines) > 0 {
		t.Errorf("the rate limit does not reach the cache: %s", lines)
	}

	// An event is worth more than its rate limit. On a busy machine, the first one may find a cache that is merely slow.
	says := func(web *instance, text string) {
		t.Helper()
		testsuite.Eventually(t, 20*time.Second, func() error {
			accept(web)
			if len(web.lines(text)) == 0 {
				return errors.New("no line says: " + text)
			}
			return nil
		})
	}
	stranger := start(t, env.with("SSL_CERT_FILE", newAuthority(t).file("ca.pem")), "web")
	stranger.until("/readyz", 200, 10*time.Second)
	says(stranger, "is not trusted; set SSL_CERT_FILE to the certificate of its authority")

	// A server that accepts connections but does not answer costs a moment, not the event.
	server.Freeze()
	fresh := start(t, env, "web")
	fresh.until("/livez", 200, 10*time.Second)
	says(fresh, "no rate limit for now")
	server.Kill()

	fake.SetLogin(awsapi.Current, awsapi.Login{Username: "app", Password: "another"})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	refused := start(t, env, "web")
	refused.until("/readyz", 200, 10*time.Second)
	says(refused, "check the username and password in CACHE_SECRET_ARN")
	for _, p := range []*instance{web, stranger, fresh, refused} {
		if lines := p.lines(password); len(lines) > 0 {
			t.Errorf("the password is in the log: %s", lines)
		}
	}
}

// A server that only encrypts may be anybody. With verify-full the app talks to one whose certificate is from the
// authority in SSL_CERT_FILE, which is how `dozen up` names its own, and is for the host's name.
func TestDatabaseIsVerified(t *testing.T) {
	ca := newAuthority(t)
	ca.issue(t, "database", &x509.Certificate{
		SerialNumber: big.NewInt(3),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"localhost"},
	})
	certificate, err := os.ReadFile(ca.file("database.pem"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(ca.file("database.key"))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "dozen-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	server, err := testserver.NewPostgres(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Secure(certificate, key); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	env := newVariables(t).with("POSTGRES_PORT", strconv.Itoa(server.Port)).with("POSTGRES_SSLMODE", "verify-full")
	delete(env, "DATABASE_URL")
	for _, c := range []struct{ what, host, authority, want string }{
		{"its own authority", "localhost", ca.file("ca.pem"), "1"},
		{"another authority", "localhost", newAuthority(t).file("ca.pem"), "certificate signed by unknown authority"},
		{"another name", "127.0.0.1", ca.file("ca.pem"), "cannot validate certificate for 127.0.0.1"},
	} {
		env := env.with("POSTGRES_SERVICE_HOST", c.host).with("SSL_CERT_FILE", c.authority)
		output, _ := runCommand(t, env, "select count(*) from pg_stat_ssl where ssl and pid = pg_backend_pid();\n", "console")
		if !strings.Contains(output, c.want) {
			t.Errorf("%s: want %q in:\n%s", c.what, c.want, output)
		}
	}
}
