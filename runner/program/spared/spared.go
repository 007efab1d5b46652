// Package spared keeps from beginning what would go on by itself in a process that has no use for it.
//
// Package pse of the NATS server is how that knows its own load. As soon as it is initialised it reads /proc/self/stat, and again each second
// for as long as the process lives; and what it imports is initialised so early that neither a worker (package worker/early) nor a run on one
// machine (package program/local) has come to its own by then. It has no switch. So where no network will be used, it is said to have been
// initialised before its turn comes: this package needs nothing but the environment, and so is earlier.
//
// What is said so is the runtime's record of the package, two words by which it decides, see inittask.go of the linker and doInit1 of the
// runtime. If they do not look as they do with the Go that this was written for, nothing is touched. TestStartsEarly holds that it works.
package spared

// record is the runtime's of a package: how far its initialisation has come, and of how many functions it consists.
type record struct{ state, functions uint32 }

// What state can be.
const (
	initialised uint32 = 2
	untouched   uint32 = 0
)

// spare says that a package has been initialised, if it is one of a single function whose turn has not come.
func (r *record) spare() {
	if r.state == untouched && r.functions == 1 {
		r.state = initialised
	}
}
