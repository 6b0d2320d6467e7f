package backing

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that runs the servers: the user of this program, or nobody if that is root.
type account struct{ credential *syscall.Credential }

func serverAccount() (account, error) {
	if os.Getuid() != 0 {
		return account{}, nil
	}
	nobody, err := user.Lookup("nobody") // initdb insists on a user with a name
	if err != nil {
		return account{}, fmt.Errorf("PostgreSQL does not run as root, and user nobody does not exist: %w; "+
			"run this command as an ordinary user", err)
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("user nobody: %w", err)
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("user nobody: %w", err)
	}
	return account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// chown makes the account the owner of files and directories.
func (a account) chown(paths ...string) error {
	if a.credential == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// chownReachable makes the account the owner of a directory. It fails if the account cannot reach the directory.
func (a account) chownReachable(dir string) error {
	if a.credential == nil {
		return nil
	}
	if closed := closedParent(dir); closed != "" {
		return fmt.Errorf("user nobody, who runs root's servers, cannot reach %s: %s is closed to other users; "+
			"use /var/cache/dozen, or run this command as an ordinary user", dir, closed)
	}
	return a.chown(dir)
}

// write writes a file that only the account may read.
func (a account) write(path string, content []byte) error {
	if err := writeAtomically(path, content); err != nil {
		return err
	}
	return a.chown(path)
}

// closedParent returns the nearest directory above path that other users may not enter, or "".
func closedParent(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode()&0o001 == 0 {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}
