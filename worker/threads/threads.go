// Package threads makes the threads of a process ahead. Go's runtime ends a process at once
// when it needs another thread and the system refuses it, and makes one whenever too many
// goroutines are in system calls; those that it has it keeps.
package threads

import (
	"runtime"
	"sync"
)

// Reserve makes n threads, beside those that do something, which the runtime keeps for
// when it needs them. If the system refuses one, this is where the process ends.
func Reserve(n int) {
	var ready, done sync.WaitGroup
	release := make(chan struct{})
	ready.Add(n)
	for range n {
		done.Go(func() {
			runtime.LockOSThread() // so that each has one of its own
			defer runtime.UnlockOSThread()
			ready.Done()
			<-release
		})
	}
	ready.Wait()
	close(release)
	done.Wait()
}
