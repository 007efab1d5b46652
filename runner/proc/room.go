package proc

import (
	"brood/worker/threads"
	"fmt"
	"runtime"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"
)

// Go's runtime ends a process at once, with a trace of all goroutines, when the system
// refuses it a thread or memory; nothing can be done about it then. So it is looked before
// whether there is room, and the threads that this process may need are made before
// anything has begun: the runtime keeps them.
const (
	// ThreadsOfWorker is what a worker may need, with a program that it has started.
	ThreadsOfWorker = 16
	plenty          = 2048      // so many that nobody needs to look
	threadsOfParent = 10        // beside one for each processor it uses
	memoryOfParent  = 256 << 20 // of address space
)

// MakeRoom fails with an error that is EAGAIN or ENOMEM if this process could not work for
// want of threads or memory. Where there are few threads to be had it takes its own at
// once, and says so by scarce: then workers are to look before they are started, see
// ThreadRoom.
func MakeRoom() (scarce bool, err error) {
	if left, limit, limited := addressRoom(); limited && left < memoryOfParent {
		return false, fmt.Errorf("%s of address space are all this process may have, and it needs %s more: %w",
			humanize.IBytes(limit), humanize.IBytes(memoryOfParent-left), unix.ENOMEM)
	}
	left, limited := ThreadRoom()
	if !limited || left >= plenty {
		return false, nil
	}
	const processors = 2
	need := threadsOfParent + processors
	if left < need+ThreadsOfWorker {
		return true, fmt.Errorf("%d more processes and threads are all this user, or this container, may have, and brood needs %d: %w", left, need+ThreadsOfWorker, unix.EAGAIN)
	}
	runtime.GOMAXPROCS(min(processors, runtime.GOMAXPROCS(0)))
	threads.Reserve(need)
	return true, nil
}
