package command

import (
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

// forService are variables by which a service manager speaks with the process it has
// started, and with no other: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).
var forService = []string{"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}

// disinherit takes out of the environment what is for this process alone, or for
// another job than the one that is run: nothing that the run starts gets it, neither
// workers nor the program of --resolve-with.
func (e *env) disinherit(job string) {
	for _, name := range forService {
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
