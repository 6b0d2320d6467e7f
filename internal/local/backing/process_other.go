//go:build !linux

package backing

import "syscall"

// processAttributes keep the terminal's Ctrl-C from a server. If this program is killed, the server runs until
// stopLeftover stops it.
func processAttributes(user *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: user, Setpgid: true}
}
