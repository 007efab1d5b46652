package runner

import (
	"os"
	"runtime/debug"
)

// By how much of what is in use the heap of the parent may grow before garbage is collected.
const (
	// thriftPercent is half of what Go takes: the parent has a few MiB of buffers, which the
	// collector does not look into, and makes little garbage but where many records fail.
	thriftPercent = 50
	// generousPercent lets a run that is over soon end without a collection: that was a fifteenth of
	// what a run of one record takes.
	generousPercent = 400
)

// BeginGenerous is for the beginning of a process, unless the user has said otherwise.
func BeginGenerous() { growHeap(generousPercent) }

// beThrifty keeps the memory of the parent small, when there is more than a little to be done.
func beThrifty() { growHeap(thriftPercent) }

func growHeap(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
