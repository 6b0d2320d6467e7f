package storage

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
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
			// An archive that overwrites its objects loses events.
			got, err := store.Get(t.Context(), "a/b c+d.gz")
			if err != nil || !bytes.Equal(got, []byte("first")) {
				t.Errorf("%s: after Put of %q got %q, %v; want the first", address, body, got, err)
			}
		}
	}
	if _, found := fake.Objects()["bucket/some/prefix/a/b c+d.gz"]; !found {
		t.Errorf("the prefix is not used: %v", fake.Objects())
	}
}

// A key from the command line must not point outside the prefix or the directory.
func TestKeysStayInTheStorage(t *testing.T) {
	fake := testsuite.NewAWS(t)
	cfg, err := config.Load(func(name string) string { return fake.Variables()[name] })
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "x"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	outside := Open(&url.URL{Scheme: "s3", Host: "bucket"}, awsapi.New(cfg.AWS))
	if err := outside.Put(t.Context(), "x", []byte("secret")); err != nil {
		t.Fatal(err)
	}
	for _, u := range []*url.URL{{Scheme: "file", Path: root + "/inside"}, {Scheme: "s3", Host: "bucket", Path: "/inside"}} {
		store := Open(u, awsapi.New(cfg.AWS))
		for _, key := range []string{"../x", "/etc/passwd", "a/../../x", ""} {
			if store.Put(t.Context(), key, nil) == nil {
				t.Errorf("%s: wrote to %q", u, key)
			}
			if got, err := store.Get(t.Context(), key); err == nil || !strings.Contains(err.Error(), "outside") {
				t.Errorf("%s: read %q from %q, %v", u, got, key, err)
			}
		}
	}
	if found, _ := filepath.Glob(root + "/*"); len(found) != 1 || len(fake.Objects()) != 1 {
		t.Errorf("the storage has %v and %v", found, fake.Objects())
	}
}

// A process that is killed while it writes leaves nothing under the key, and two that write at once leave one object.
func TestNothingIsLeftNextToAnObject(t *testing.T) {
	root := t.TempDir()
	store := Open(&url.URL{Scheme: "file", Path: root}, nil)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := store.Put(t.Context(), "key", bytes.Repeat([]byte("x"), 1<<20)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if found, _ := os.ReadDir(root); len(found) != 1 || found[0].Name() != "key" {
		t.Errorf("the directory has %v", found)
	}
}

// Half an object under its key would be read as a whole one, and never be replaced.
func TestHalfAnObject(t *testing.T) {
	root := t.TempDir()
	store := Open(&url.URL{Scheme: "file", Path: root}, nil)
	body, done := bytes.Repeat([]byte("x"), 32<<20), make(chan error, 1)
	go func() { done <- store.Put(t.Context(), "key", body) }()
	for looked := 0; ; looked++ {
		select {
		case err := <-done:
			if got, readErr := store.Get(t.Context(), "key"); err != nil || readErr != nil || len(got) != len(body) || looked == 0 {
				t.Errorf("after %d looks: %d bytes, %v, %v", looked, len(got), err, readErr)
			}
			return
		default:
			if info, err := os.Stat(filepath.Join(root, "key")); err == nil && info.Size() < int64(len(body)) {
				t.Errorf("%d bytes are under the key", info.Size())
				<-done
				return
			}
		}
	}
}

// The objects are the bodies of customers' events.
func TestOthersCannotRead(t *testing.T) {
	root := t.TempDir()
	store := Open(&url.URL{Scheme: "file", Path: root}, nil)
	if err := store.Put(t.Context(), "events/key", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"events", "events/key"} {
		if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}
