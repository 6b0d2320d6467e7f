//go:build !linux

package backing

import "syscall"

// attributes keep a server away from the terminal's Ctrl-C. If we are killed it goes on; stopLeftover ends it.
func attributes(user *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: user, Setpgid: true}
}
