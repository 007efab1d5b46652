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
	// busyPercent is for a run that works off a queue, while jobs come: each leaves garbage, as it stands in the spool, and is looked up,
	// owed and answered. It gives memory back when none come.
	busyPercent = 200
	// generousPercent lets a run that is over soon end without a collection: that was a fifteenth of
	// what a run of one record takes.
	generousPercent = 400
)

// BeginGenerous is for the beginning of a process, unless the user has said otherwise.
func BeginGenerous() { growHeap(generousPercent) }

// beThrifty keeps the memory of the parent small, when there is more than a little to be done.
func beThrifty() { growHeap(thriftPercent) }

// beBusy is for a run that works off a queue, while jobs come.
func beBusy() { growHeap(busyPercent) }

func growHeap(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
