package storage

import (
	"bytes"
	"net/url"
	"testing"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
	"dozen/app/internal/testsuite"
)

// Both kinds of storage pass the same test: only the URL decides which one it is.
func TestPutAndGet(t *testing.T) {
	fake := testsuite.NewAWS(t)
	cfg, err := config.Load(func(name string) string { return fake.Variables()[name] })
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"file://" + t.TempDir(), "s3://bucket/some/prefix"} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		store := Open(u, awsapi.New(cfg.AWS))
		if _, err := store.Get(t.Context(), "a/b c+d.gz"); err == nil {
			t.Errorf("%s: found what was never stored", address)
		}
		for _, body := range []string{"first", "second"} {
			if u.Scheme == "s3" {
				fake.Fail(2) // temporary failures are retried
			}
			if err := store.Put(t.Context(), "a/b c+d.gz", []byte(body)); err != nil {
				t.Fatalf("%s: %v", address, err)
			}
			got, err := store.Get(t.Context(), "a/b c+d.gz")
			if err != nil || !bytes.Equal(got, []byte(body)) {
				t.Errorf("%s: got %q, %v; want %q", address, got, err, body)
			}
		}
	}
	if _, found := fake.Objects()["bucket/some/prefix/a/b c+d.gz"]; !found {
		t.Errorf("the prefix is not used: %v", fake.Objects())
	}
}

// A key from the command line must not point outside the directory.
func TestKeysStayInTheDirectory(t *testing.T) {
	store := Open(&url.URL{Scheme: "file", Path: t.TempDir()}, nil)
	for _, key := range []string{"../x", "/etc/passwd", "a/../../x", ""} {
		if store.Put(t.Context(), key, nil) == nil {
			t.Errorf("wrote to %q", key)
		}
	}
}
