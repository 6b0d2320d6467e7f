package database

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Encryption without verification protects from nobody who can answer in the database's place. RDS is verified whatever
// the mode says, because its roots are part of the program.
func TestRDSIsVerified(t *testing.T) {
	const rds, other = "db.abc123.eu-central-1.rds.amazonaws.com", "db.example.com"
	for _, c := range []struct {
		url      string
		verified bool
		roots    bool
	}{
		{"postgres://" + rds + ":5432/app?sslmode=require", true, true},
		{"postgres://" + rds + ":5432/app?sslmode=prefer", true, true},
		{"postgres://" + rds + "/app", true, true},
		{"postgres://db.cluster-abc.us-east-1.rds.amazonaws.com/app?sslmode=require", true, true}, // Aurora
		{"postgres://" + rds + "/app?sslmode=disable", false, false},
		{"postgres://db.abc123.xx-nowhere-1.rds.amazonaws.com/app?sslmode=require", false, true}, // a region without roots
		{"postgres://" + rds + ".example.com/app?sslmode=require", false, false},
		{"postgres://" + other + "/app?sslmode=require", false, false},
		{"postgres://" + other + "/app?sslmode=verify-full", true, false},
		{"postgres://localhost/app?sslmode=require", false, false},
	} {
		config, err := pgx.ParseConfig(verified(c.url))
		if err != nil {
			t.Fatal(err)
		}
		trustRDS(config)
		is := config.TLSConfig != nil && !config.TLSConfig.InsecureSkipVerify && config.TLSConfig.ServerName == config.Host
		if is != c.verified || len(config.Fallbacks) > 0 && c.verified {
			t.Errorf("%s: the server is verified: %t", c.url, is)
		}
		if has := config.TLSConfig != nil && config.TLSConfig.RootCAs != nil; has != c.roots {
			t.Errorf("%s: has RDS's roots: %t", c.url, has)
			continue
		}
		if !c.roots {
			continue
		}
		for _, root := range parseRoots(rdsRoots) {
			if _, err := root.Verify(x509.VerifyOptions{Roots: config.TLSConfig.RootCAs}); err != nil {
				t.Errorf("%s is not trusted: %v", root.Subject.CommonName, err)
			}
		}
	}
}

// An authority that somebody has named counts, and not ours.
func TestNamedAuthorityIsLeftAlone(t *testing.T) {
	const named = "postgres://db.abc123.eu-central-1.rds.amazonaws.com/app?sslmode=verify-ca&sslrootcert=/own.pem"
	if got := verified(named); got != named {
		t.Errorf("%s became %s", named, got)
	}
}

// A bundle that lost its end in a merge, or that is about to expire, must not be found out by production.
func TestRootsOfRDSAreComplete(t *testing.T) {
	roots := parseRoots(rdsRoots)
	for _, root := range roots {
		if !root.IsCA || time.Until(root.NotAfter) < 5*365*24*time.Hour {
			t.Errorf("%s: is an authority: %t, until %s", root.Subject.CommonName, root.IsCA, root.NotAfter)
		}
	}
	if len(roots) < 81 {
		t.Errorf("%d roots, want three for each of 27 regions", len(roots))
	}
}
