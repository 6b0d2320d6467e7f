//go:build !linux

package testserver

import "syscall"

func ownGroup(user *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: user, Setpgid: true}
}
