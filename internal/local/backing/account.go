package backing

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that servers run as: ourselves, or nobody if we are root.
type account struct{ credential *syscall.Credential }

func serverAccount() (account, error) {
	if os.Getuid() != 0 {
		return account{}, nil
	}
	nobody, err := user.Lookup("nobody") // initdb insists on a user with a name
	if err != nil {
		return account{}, fmt.Errorf("PostgreSQL does not run as root: %w: run this as an ordinary user", err)
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

// own gives files and directories to the account.
func (a account) own(paths ...string) error {
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

// settle gives the account a directory to keep its data in, if it can get there.
func (a account) settle(dir string) error {
	if a.credential == nil {
		return nil
	}
	if closed := closedParent(dir); closed != "" {
		return fmt.Errorf("root runs servers as user nobody, who cannot reach %s: %s is closed to others; use /var/cache/dozen, or run this as an ordinary user", dir, closed)
	}
	return a.own(dir)
}

// write writes a file that only the account may read.
func (a account) write(path string, content []byte) error {
	if err := replace(path, content); err != nil {
		return err
	}
	return a.own(path)
}

// closedParent is the nearest directory above path that other users may not pass, or "".
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
