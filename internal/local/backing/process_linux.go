package backing

import "syscall"

// attributes keep a server away from the terminal's Ctrl-C, and end it in order when we are killed.
func attributes(user *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: user, Setpgid: true, Pdeathsig: syscall.SIGINT}
}
