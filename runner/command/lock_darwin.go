package command

import "syscall"

// diesWithParent would have a command killed when this process dies; Darwin
// cannot do that.
func diesWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
