package command

import (
	"brood/runner/daemon"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// keepIgnored keeps what was ignored when brood started. A shell ignores INT and QUIT
// together, for a command in the background of a script; Go leaves the first ignored
// and takes the second, so that ^\ would kill the run.
func keepIgnored() {
	if signal.Ignored(syscall.SIGINT) {
		signal.Ignore(syscall.SIGQUIT)
	}
}

// takeService finds out who has started this process, before that is taken out of its environment.
func (e *env) takeService() *daemon.Service {
	if !e.served {
		e.served = true
		e.service = daemon.Of(os.LookupEnv, os.Getpid())
	}
	return e.service
}

// disinherit takes out of the environment what is for this process alone, or for
// another job than the one that is run: nothing that the run starts gets it, neither
// workers nor the program of --resolve-with.
func (e *env) disinherit(job string) {
	e.takeService()
	for _, name := range daemon.Variables {
		_ = os.Unsetenv(name) // fails for names that are none
	}
	var own []string
	if def, err := e.registry.Lookup(job); err == nil {
		own = def.Secrets
	}
	for _, d := range e.registry.All() {
		for _, name := range d.Secrets {
			if !slices.Contains(own, name) { // which two jobs may read
				_ = os.Unsetenv(name)
			}
		}
	}
}
