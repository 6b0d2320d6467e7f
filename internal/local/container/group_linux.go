package container

import "syscall"

// ownGroup starts a process out of reach of the terminal's Ctrl-C; it dies with us, even if we are killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
