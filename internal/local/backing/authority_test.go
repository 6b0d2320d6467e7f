package backing_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"dozen/internal/local/backing"
)

// Prevents: an authority that changes with each start, which breaks every running task.
func TestAuthorityIsKeptAndPrivate(t *testing.T) {
	dir := directory(t)
	system := filepath.Join(dir, "system.pem")
	must(t, os.WriteFile(system, []byte("# the system's\n"), 0o644))
	t.Setenv("SSL_CERT_FILE", system)
	first, again := authority(t, dir), authority(t, dir)
	if !first.Pool().Equal(again.Pool()) {
		t.Error("a second authority was made")
	}
	bundle, err := os.ReadFile(again.Bundle)
	if err != nil || !bytes.HasPrefix(bundle, []byte("# the system's")) || bytes.Count(bundle, []byte("BEGIN CERTIFICATE")) != 1 || bytes.Contains(bundle, []byte("PRIVATE")) {
		t.Errorf("bundle: %v\n%s", err, bundle)
	}
	kept := filepath.Join(dir, "authority/authority.pem")
	if info, err := os.Stat(kept); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("other users can read the key: %v", err)
	}
	must(t, os.WriteFile(kept, []byte("half a fi"), 0o600))
	repaired, err := backing.OpenAuthority(filepath.Join(dir, "authority"))
	if err != nil || repaired.Pool().Equal(first.Pool()) {
		t.Errorf("after a broken file: %v", err)
	}
}
