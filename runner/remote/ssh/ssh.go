// Package ssh starts brood's agents on other machines over the system's ssh, and ends them. It
// knows nothing of records, and nothing of what an agent says to its coordinator.
//
// It promises:
//   - What the user's ssh_config, ssh-agent and known_hosts say is so. Nothing is asked for, and no
//     host key is taken that is not known.
//   - Nothing has to be installed or opened there: brood's own binary is copied into the user's
//     cache, under the name of its SHA-256, where it is missing or differs; the coordinator's port
//     is forwarded through the connection.
//   - A token reaches an agent over its standard input, and is in no argument, environment or file.
//   - An agent outlives the loss of its connection, and of this process. The connection is made
//     again, after longer and longer pauses; an agent that has died meanwhile is started anew, in
//     the same folder; one that lives is left alone.
//   - After Stop nothing that was started there is left.
//
// There, an agent has a folder of its own, ${XDG_STATE_HOME:-~/.local/state}/brood/agents/RUN-HOST:
// pid is its process, since when it runs and in which boot; log is what it says on its standard
// error; status its exit status; socket leads to the coordinator; state is for itself.
//
// On this machine nothing is left when this process is killed: each ssh has a pipe of it as its
// standard input, and ends with it.
package ssh

import (
	"brood/runner/proc"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what is to be started.
type Options struct {
	// Family starts the programs of this machine.
	Family *proc.Family
	// Run is a name of the run that no other has, on any machine, and that stays the same when it
	// is resumed: letters, digits and dashes.
	Run string
	// Target is where the coordinator listens, for this machine: 127.0.0.1:7177.
	Target string
	// Socket says that the agent can be given unix:PATH as the coordinator's address. Its path stays
	// the same when a connection is made again, so an agent that has outlived the old one finds
	// back; with a port, it must be ended and started anew, unless it is the same by luck.
	Socket bool
	// Binaries are what is copied there.
	Binaries *Binaries
	// Command are the agent's arguments, behind the program's name. State is a folder that it may
	// use, and finds again.
	Command func(addr, state string) []string
	// Token is what the agent finds on its standard input.
	Token []byte
	// Workdir is the directory there in which commands run: empty for the home directory, a path
	// relative to that, an absolute one, or "..." for one of its own.
	Workdir string
	// Cleanup says that a directory of its own is removed at the end, whatever is in it.
	Cleanup bool
	// Grace is how long an agent may take to leave; 0: 10 seconds.
	Grace time.Duration
	// Pause is how long to wait before the nth try in a row, from 1; nil: Pause of this package.
	Pause func(try int) time.Duration
	// Say is told what becomes of the host, and Heard each line of the agent's standard error,
	// with what bytes it has. Both may be called at any time until Stop has returned.
	Say, Heard func(h *Host, line string)
}

// Pause is a second before the first try, then twice as long each time, up to a minute.
func Pause(try int) time.Duration { return min(time.Minute, time.Second<<min(try-1, 10)) }

// Agent is an agent of another machine.
type Agent struct {
	host    *Host
	options Options
	given   given

	mu      sync.Mutex
	binary  *binary
	link    *link         // nil: there is none at the moment
	changed chan struct{} // closed when link changes

	// Only one goroutine has these at a time: who launches, keep, who stops.
	port int    // that is forwarded there, if it is one
	addr string // how the coordinator is called there
	read int64  // bytes of its log that were heard
	left *link  // what keep has left

	leaving  atomic.Bool     // it is not started again
	stopping context.Context // ends when nobody is started any more
	stop     context.CancelFunc
	ended    chan struct{} // closed when there is nothing more to wait for
	why      error         // then: how the agent has ended for good; nil: as it was told to
	wg       sync.WaitGroup
}

// Launch connects to a host and starts the agent, or finds the one that an earlier session of the
// run has started. What is wrong with the host is its error; later than that, it is said, and tried
// again.
func Launch(ctx context.Context, h *Host, o Options) (*Agent, error) {
	switch {
	case h.Local:
		return nil, fmt.Errorf("%s is this machine, where no agent is started", h.Name)
	case o.Run == "" || strings.Trim(strings.ToLower(o.Run), "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return nil, fmt.Errorf("%q is no name of a run for other machines", o.Run)
	}
	if err := checkWorkdir(o.Workdir); err != nil {
		return nil, err
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.Pause == nil {
		o.Pause = Pause
	}
	if o.Binaries == nil {
		o.Binaries = new(Binaries)
	}
	a := &Agent{host: h, options: o, changed: make(chan struct{}), ended: make(chan struct{}), given: given{"name": o.Run + "-" + h.ID(), "workdir": o.Workdir}}
	a.stopping, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	l, err := a.connect(ctx)
	if err == nil {
		a.read = l.found.Log
		err = a.start(ctx, l)
	}
	if err != nil {
		if l != nil {
			l.close()
		}
		a.stop()
		return nil, err
	}
	a.setLink(l)
	a.wg.Go(func() { a.keep(l) })
	return a, nil
}

// checkWorkdir refuses a directory that makes no sense there.
func checkWorkdir(dir string) error {
	if strings.ContainsAny(dir, "\x00\n") || strings.HasPrefix(dir, "~") {
		return fmt.Errorf("--workdir %q: it is a path on the other machines, from the home directory there or absolute", dir)
	}
	return nil
}

// Host is where it is.
func (a *Agent) Host() *Host { return a.host }

// Ended is closed when the agent has ended for good; Err says why.
func (a *Agent) Ended() <-chan struct{} { return a.ended }

// Err says why the agent has ended for good; nil: as it should, or it has not.
func (a *Agent) Err() error {
	select {
	case <-a.ended:
		return a.why
	default:
		return nil
	}
}

// Session starts another of the binary's programs there, in the agent's working directory. If
// there is no connection, it waits for one, until ctx ends.
func (a *Agent) Session(ctx context.Context, args ...string) (*Session, error) {
	l, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	hash := a.binary.hash
	a.mu.Unlock()
	// It goes on when ctx has ended.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, end)
	p, err := l.session(life, callScript, given{"hash": hash}, args...)
	if err == nil && !stop() {
		p.end()
		err = context.Cause(ctx)
	}
	if err != nil {
		end()
		return nil, err
	}
	return &Session{p, l.host, end}, nil
}

// Session is a program of another machine, with its standard input and output.
type Session struct {
	p    *program
	host *Host
	end  context.CancelFunc
}

func (s *Session) Read(b []byte) (int, error)  { return s.p.Out.Read(b) }
func (s *Session) Write(b []byte) (int, error) { return s.p.In.Write(b) }

// Close ends it, and returns the last that it has said on its standard error. It may be called at
// any time, and again.
func (s *Session) Close() error {
	defer s.end()
	s.p.end()
	if said := s.p.said.String(); said != "" {
		return &LinkError{s.host.Name, said, ""}
	}
	return nil
}

// setLink says which connection there is.
func (a *Agent) setLink(l *link) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.link = l
	close(a.changed)
	a.changed = make(chan struct{})
}

// current is the connection, when there is one.
func (a *Agent) current(ctx context.Context) (*link, error) {
	for {
		a.mu.Lock()
		l, changed := a.link, a.changed
		a.mu.Unlock()
		if l != nil {
			return l, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-a.ended:
			return nil, &LinkError{a.host.Name, "its agent has ended", ""}
		case <-changed:
		}
	}
}
