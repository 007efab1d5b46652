//go:build linux && (amd64 || arm64)

package vfork

import "unsafe"

// Limit is a struct rlimit64, see prlimit(2).
type Limit struct{ Cur, Max uint64 }

// Files is the RLIMIT_NOFILE that this process was started with.
var Files = files()

// files asks for the limit before anybody has raised it.
func files() (l Limit) {
	getFiles(&l)
	return l
}

// getFiles leaves l as it is if the kernel does not know.
//
//go:noescape
func getFiles(l *Limit)

// The flags of clone(2), as far as they are of use here.
const (
	cloneVM           = 0x100
	clonePidFD        = 0x1000
	cloneVfork        = 0x4000
	cloneClearSighand = 0x100000000
	sigChld           = 17
)

// cloneArgs is the first version of struct clone_args.
type cloneArgs struct {
	flags      uint64
	pidFD      *int64
	_          [2]uint64 // of threads
	exitSignal uint64
	_          [3]uint64 // the stack: the same; and of threads
}

// Command is what is started. It may be started again, also with other members. The assembly
// knows the places of all but those that Start has for itself.
type Command struct {
	clone cloneArgs // has to be first
	// Path, and the words of Argv and Env, end in a zero byte, Argv and Env in a nil.
	Path      *byte
	Argv, Env **byte
	// In, Out and Errs are its standard streams, by descriptors above 2; In may be -1: it has
	// that of this process.
	In, Out, Errs int64
	// Limit is its RLIMIT_NOFILE; nil: that of this process.
	Limit *Limit
	// errno is why it could not be executed.
	errno uint64
	pidFD int64
}

// Start starts the program and returns when it is being executed. If notCloned is not 0 there is
// no process, and it is the errno; if notExecuted is not 0 there is one, which has ended
// already and is to be waited for. The thread is held up meanwhile, and the scheduler does not
// know, as with syscall.RawSyscall.
func (c *Command) Start() (pid, pidFD int, notCloned, notExecuted uintptr) {
	c.clone = cloneArgs{flags: cloneVM | cloneVfork | clonePidFD | cloneClearSighand, pidFD: &c.pidFD, exitSignal: sigChld}
	c.errno, c.pidFD = 0, 0 // the kernel writes the lower half, and these processors keep it first
	r := start(c)
	if r < 0 {
		return 0, -1, uintptr(-r), 0
	}
	return int(r), int(c.pidFD), 0, uintptr(c.errno)
}

// start returns the process, or the errno of clone3(2), negative.
func start(c *Command) int64

// The size of struct clone_args, which the assembly gives the kernel, is what is meant.
var _ = [1]byte{}[unsafe.Sizeof(cloneArgs{})-64]
