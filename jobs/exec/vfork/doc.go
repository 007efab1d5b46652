// Package vfork starts a program with as few system calls as there can be: one clone3(2) that
// shares the memory, as vfork(2) does, and in the child two dup3(2) and the execve(2).
//
// What Go's own syscall.ForkExec does beside that is left to the kernel, or not needed. It takes
// every signal handler away by a call of its own, some sixty of them, as a handler must not
// run in the child, whose memory is the parent's: CLONE_CLEAR_SIGHAND (Linux 5.5) does that, and
// leaves alone what is ignored. It has a pipe for the child to say why it could not execute: here
// the child writes that into the memory they share.
//
// The child is written in assembly, as it must not touch the stack, which is its parent's.
//
// The package promises that nothing else of the parent changes, and that the program has the
// limit of descriptors that this process was started with. It imports nothing, so that it is
// initialized before package syscall raises that limit: the specification of Go, "Program
// initialization", has packages whose imports are initialized in the order of their paths.
// Pipes, waiting, and what to do where the kernel has none of this, are left to the caller.
package vfork
