package database

import (
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"net/url"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
)

//go:embed rds.pem
var rdsRoots []byte

// rdsHost matches the endpoints of RDS and Aurora, and finds their region.
var rdsHost = regexp.MustCompile(`\.([a-z0-9-]+)\.rds\.amazonaws\.com$`)

// verified returns the database's URL with sslmode=verify-full if its server is RDS and its region's roots are part of
// the program: anything less is encrypted, but to nobody knows whom. It leaves sslmode=disable alone, and all servers
// elsewhere: who wants to verify one sets verify-full, and SSL_CERT_FILE to the certificate of its authority.
func verified(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	region := rdsHost.FindStringSubmatch(u.Hostname())
	query := u.Query()
	if region == nil || query.Get("sslmode") == "disable" || query.Has("sslrootcert") ||
		!slices.ContainsFunc(parseRoots(rdsRoots), rootOf(region[1])) {
		return address
	}
	query.Set("sslmode", "verify-full")
	u.RawQuery = query.Encode()
	return u.String()
}

// rootOf returns a function that reports whether a certificate is a root of the region.
func rootOf(region string) func(*x509.Certificate) bool {
	name := regexp.MustCompile(`^Amazon RDS ` + regexp.QuoteMeta(region) + ` Root CA`)
	return func(root *x509.Certificate) bool { return name.MatchString(root.Subject.CommonName) }
}

func parseRoots(data []byte) (roots []*x509.Certificate) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if root, err := x509.ParseCertificate(block.Bytes); err == nil {
			roots = append(roots, root)
		}
	}
	return roots
}

// trustRDS adds RDS's roots to those of the system, for connections that verify the server.
func trustRDS(config *pgx.ConnConfig) {
	if config.TLSConfig == nil || config.TLSConfig.RootCAs != nil || !rdsHost.MatchString(config.Host) {
		return
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, root := range parseRoots(rdsRoots) {
		pool.AddCert(root)
	}
	config.TLSConfig.RootCAs = pool
}
