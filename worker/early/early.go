// Package early makes a process a worker before the rest of brood is initialised.
//
// A worker is the same executable as its parent, and all packages of an executable are
// initialised before main begins: the database, mail, the live view, some 7 ms of CPU and
// 900 page faults, for each worker, of things that it never uses. But the order is a promise
// of the language: of the packages whose imports are initialised, the first by import path
// is next (the Go specification, "Program initialization"). Brood's come before those of others. So a
// package of ours that imports a job and this one is initialised as soon as what the job
// needs is; and if this process is to be a worker for that job, its initialisation is where
// the worker lives and ends. The packages beneath this one are that, one for each job.
//
// What a job imports, and package worker with what it imports, decides how early that is.
// Package regexp alone, say, comes after most of what other programs are made of, as its path
// stands far back. The tests of whole runs hold who must not be initialised before whom.
//
// Jobs that have no such package start their workers from main.
package early

import (
	"brood/jobs"
	"brood/worker"
	"os"
)

// Run is a worker from start to end, and does not return, if this process was started as one
// for the job that is defined. It is for the initialisation of a package.
func Run(define func() *jobs.Definition, name string) {
	if len(os.Args) != 3 || os.Args[1] != worker.Command || os.Args[2] != name || !worker.Started() {
		return
	}
	// The goroutine that initialises is bound to the first thread until main begins: each record
	// would be handed from the thread that waits for it to that one. This one is bound to none.
	ended := make(chan int)
	go func() { ended <- worker.Main(jobs.NewRegistry(define())) }()
	os.Exit(<-ended) //nolint:revive // main does not begin in this process: this is where it ends
}
