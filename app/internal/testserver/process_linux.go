package testserver

import "syscall"

// ownGroup starts a server as the given user and out of reach of the
// terminal's Ctrl-C; it dies with us, even if we are killed.
func ownGroup(user *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: user, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
}
