package backing

import "syscall"

// processAttributes keep the terminal's Ctrl-C from a server. If this program is killed, the kernel shuts the server
// down in order.
func processAttributes(user *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: user, Setpgid: true, Pdeathsig: syscall.SIGINT}
}
