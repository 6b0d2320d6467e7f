package container

import "syscall"

// ownGroup starts a process in its own group, where the terminal's Ctrl-C does not reach it. The kernel kills the
// process when this program ends, even if this program is killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
