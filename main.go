// Command brood is a parallel batch job runner for the terminal.
//
// The same executable is the parent, which reads a dataset and owns all I/O,
// and the workers that it starts of itself: see packages runner and worker. What it
// consists of is in package program, which other programs use with jobs of their own.
package main

import (
	"brood/runner/command"
	_ "brood/runner/command/front" // brood --help does not come as far as main
	"brood/runner/program"
	_ "brood/runner/program/local"  // what needs no other machine does not come as far as main
	_ "brood/runner/program/spared" // nor does what would go on by itself
	"brood/runner/remote/link"
	_ "brood/worker/early/echo" // workers of these jobs do not come as far as main
	_ "brood/worker/early/exec"
	_ "brood/worker/early/pipe"
	"os"
)

func main() {
	_ = os.Unsetenv(command.ElsewhereVariable) // it was for this process
	program.Connect(link.Network())
	os.Exit(program.Main(program.Jobs()...))
}
