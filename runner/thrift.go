package runner

import (
	"os"
	"runtime/debug"
)

// thriftPercent is by how much of what is in use the heap may grow before garbage is
// collected. Half of what Go takes: the parent has a few MiB of buffers, which the collector
// does not look into, and makes little garbage but where many records fail.
const thriftPercent = 50

// beThrifty keeps the memory of the parent small, unless the user has said otherwise.
func beThrifty() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(thriftPercent)
	}
}
