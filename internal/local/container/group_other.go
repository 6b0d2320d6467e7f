//go:build !linux

package container

import "syscall"

// ownGroup starts a process out of reach of the terminal's Ctrl-C. If we are killed it stays until the ledger is cleaned.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
