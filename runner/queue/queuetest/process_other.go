//go:build !linux

package queuetest

import "syscall"

// attributes are those of a server's process.
func attributes(account string) (*syscall.SysProcAttr, error) {
	a := &syscall.SysProcAttr{Setpgid: true}
	uid, gid, err := ids(account)
	if err == nil && uid >= 0 {
		a.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // they were read as such
	}
	return a, err
}

// children are not known here: PostgreSQL's end by themselves when it has gone.
func children(int) []int { return nil }
