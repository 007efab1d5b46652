// Package program is the whole of brood as one function, for a main of one's own: it has brood's
// jobs beside whatever others are registered, and whoever starts it starts brood.
//
//	func main() {
//		os.Exit(program.Main(append(program.Jobs(), hello.Definition())...))
//	}
//
// The parent and its workers are the same executable, so that the jobs of one are those of the others.
// How a job is written is told in package jobs.
//
// It promises to come back with the exit status, and never to end the process. What makes a worker
// start before the rest of brood is initialised is not its part: package main imports
// brood/worker/early/exec and the like for that, of the jobs that it has from [Jobs]; all others start
// in main, some milliseconds later.
package program

import (
	"brood/jobs"
	"brood/jobs/billing"
	"brood/jobs/echo"
	"brood/jobs/email"
	"brood/jobs/exec"
	"brood/jobs/geocode"
	"brood/jobs/http"
	"brood/jobs/pipe"
	"brood/runner/command"
	"brood/runner/remote"
	"brood/worker"
	"os"
)

// Jobs are the jobs that brood has by itself.
func Jobs() []*jobs.Definition {
	return []*jobs.Definition{
		billing.Definition(), billing.RefundDefinition(), echo.Definition(), email.Definition(), exec.Definition(), geocode.Definition(), http.Definition(), pipe.Definition(),
	}
}

// Main is brood with these jobs: the command line of this process, or a worker, if it was started as one.
// It returns the exit status. Two jobs of one name are a mistake of who wrote the program, and panic; so
// does what [Check] would have told, as soon as the job is asked for.
func Main(definitions ...*jobs.Definition) int {
	registry := jobs.NewRegistry(definitions...)
	if len(os.Args) > 1 && os.Args[1] == worker.Command {
		return worker.Main(registry)
	}
	return command.Main(registry, os.Args, os.Stdin, os.Stdout, os.Stderr)
}

// Connect hands over how machines reach each other, for runs over several of them: link.Network() of brood/runner/remote/link. Who does not
// need that should not have to load it.
func Connect(n *remote.Network) { command.Connect(n) }

// Check says what is wrong with a job before it is used: a name or a flag that cannot be, or a flag that brood
// run has for itself. It is for a test.
func Check(d *jobs.Definition) error { return command.CheckJob(d) }
