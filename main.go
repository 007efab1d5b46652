// Command brood is a parallel batch job runner for the terminal.
//
// The same executable is the parent, which reads a dataset and owns all I/O,
// and the workers that it starts of itself: see packages runner and worker.
package main

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
	_ "brood/runner/command/front" // brood --help does not come as far as main
	"brood/worker"
	_ "brood/worker/early/echo" // workers of these jobs do not come as far as main
	_ "brood/worker/early/exec"
	_ "brood/worker/early/pipe"
	"os"
)

func main() {
	registry := jobs.NewRegistry(billing.Definition(), billing.RefundDefinition(), echo.Definition(), email.Definition(), exec.Definition(), geocode.Definition(), http.Definition(), pipe.Definition())
	if len(os.Args) > 1 && os.Args[1] == worker.Command {
		os.Exit(worker.Main(registry))
	}
	os.Exit(command.Main(registry, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
