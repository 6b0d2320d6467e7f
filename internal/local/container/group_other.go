//go:build !linux

package container

import "syscall"

// ownGroup starts a process in its own group, where the terminal's Ctrl-C does not reach it. If this program is killed,
// the process runs until the ledger is cleaned.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
