package worker

import "golang.org/x/sys/unix"

// ioctlPending asks a pipe how many bytes stand in it (FIONREAD by its other name).
const ioctlPending = unix.TIOCINQ
