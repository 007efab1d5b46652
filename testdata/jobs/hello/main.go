package main

import (
	"brood/runner/program"
	// Workers of these jobs begin before the rest of brood is initialised: some milliseconds each.
	_ "brood/worker/early/exec"
	_ "brood/worker/early/pipe"
	"os"
)

func main() {
	os.Exit(program.Main(append(program.Jobs(), Definition())...))
}
