package testserver

import "syscall"

// ownGroup starts a server as the given user, in a process group that the terminal's Ctrl-C does not reach. The
// server stops with this process, even if this process is killed.
func ownGroup(user *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: user, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
}
