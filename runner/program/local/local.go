// Package local makes a process all of brood before what only runs over several machines need is initialised.
//
// The NATS server within brood costs each process that initialises it 2 ms and 5 MiB, and a timer that goes on for ever. But the order is a
// promise of the language, as package worker/early tells: a package of ours is initialised as soon as what it imports is, and what the server
// imports comes late. So this package, which imports brood without the server, is where a process lives and ends that does not need it: the
// parent, its workers, all other commands. One that finds that it needs the server begins anew, told so by Variable, and comes as far as
// main. The tests of whole runs hold that the server is not initialised otherwise.
package local

import (
	"brood/runner/command"
	"brood/runner/program"
	"os"
)

func init() {
	if os.Getenv(command.ElsewhereVariable) != "" {
		return
	}
	// The goroutine that initialises is bound to the first thread until main begins. This one is bound to none.
	ended := make(chan int)
	go func() { ended <- program.Main(program.Jobs()...) }()
	os.Exit(<-ended) // main does not begin in this process: this is where it ends
}
