// Package elsewhere says where the files of a run's machine are on another machine, for its workers there. It imports next to nothing, as each
// worker has it; package jobs/files opens files by it.
package elsewhere

import "sync/atomic"

// Files are the files that were sent, by the path that the configuration of the job has.
type Files struct {
	// Local are paths of this machine.
	Local map[string]string
	// Held are the contents of files that are on no disk of this machine.
	Held map[string][]byte
}

var now atomic.Pointer[Files]

// Set says it for all of this process, before a job opens anything; nil: a path is what it says. A worker of the run's own machine does not
// set any.
func Set(f *Files) { now.Store(f) }

// Now are those that were set, or nil.
func Now() *Files { return now.Load() }
