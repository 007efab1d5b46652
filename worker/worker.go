// Package worker is the child: it shakes hands, works on one record at a time,
// and leaves when its work pipe ends.
//
// It promises that everything a job opens is opened here, after the start, and
// that none of its own descriptors reaches a program the job runs. It never
// touches the dataset, the outputs, the ledger or the terminal. The protocol
// is specified in package wire.
package worker

import (
	"brood/jobs"
	"brood/jobs/elsewhere"
	"brood/jobs/quickio"
	"brood/worker/threads"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Command is the hidden subcommand that starts a worker.
const Command = wire.Command

// Exit statuses of a worker.
const (
	exitDone    = 0
	exitByHand  = 2  // not started by brood
	exitBroken  = 70 // EX_SOFTWARE: the protocol or the job broke
	exitRefused = 78 // EX_CONFIG: the job did not open
)

// Main is a worker from start to end. It returns the exit status.
func Main(registry *jobs.Registry) int {
	if !Started() {
		fmt.Fprintln(os.Stderr, "brood: 'brood worker' is what brood starts for itself; it cannot be used by hand.")
		fmt.Fprintln(os.Stderr, "Start a run with 'brood run JOB', see 'brood run --help'.")
		return exitByHand
	}
	// First of all, before anything could be started.
	for fd := wire.WorkFD; fd <= wire.LockFD; fd++ {
		unix.CloseOnExec(fd)
	}
	wire.RestoreEnviron()
	// As many workers as are wanted use as many processors as there are; one that uses a second
	// pays for the hand-overs between the two.
	runtime.GOMAXPROCS(1) // as the environment has it, which its parent made
	// Taken, not ignored: a program the job starts gets the default again. If
	// the parent dies, what the job prints must not kill it mid-record.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGXFSZ)
	// What was ignored when brood started is so for the commands of a job. Go takes
	// QUIT away from whoever has ignored it, and leaves INT, which goes with it.
	if signal.Ignored(syscall.SIGINT) {
		signal.Ignore(syscall.SIGQUIT)
	}

	if err := run(registry); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		if errors.Is(err, errRefused) {
			return exitRefused
		}
		return exitBroken
	}
	return exitDone
}

// Started tells a worker started by brood from one started by hand. It is true until Main.
func Started() bool {
	if os.Getenv(wire.EnvMark) == "" {
		return false
	}
	for _, fd := range []int{wire.WorkFD, wire.AnswersFD} {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
			return false
		}
	}
	return true
}

// mostThreads bounds what a worker is asked to make ahead.
const mostThreads = 64

var errRefused = errors.New("refused")

func run(registry *jobs.Registry) error {
	work, err := quickio.New(wire.WorkFD, "work")
	if err != nil {
		return err
	}
	out, err := quickio.New(wire.AnswersFD, "answers")
	if err != nil {
		return err
	}
	in := wire.NewReader(work)
	hello, err := readHello(in)
	if err != nil {
		return err
	}
	if hello.Threads > 0 {
		threads.Reserve(min(hello.Threads, mostThreads))
	}
	hello.Places = min(max(hello.Places, 1), wire.MaxPlaces)
	page, err := wire.OpenPage(os.NewFile(wire.PageFD, "page"), hello.Places)
	if err != nil {
		return err
	}
	notes := wire.NewNotes(page, [2]*os.File{os.NewFile(wire.Notes0FD, "notes 0"), os.NewFile(wire.Notes1FD, "notes 1")})
	s := newServer(in, out, page, notes, hello)
	if err = confine(&hello.Confine); err == nil {
		s.job, err = open(registry, hello)
	}
	if err != nil {
		frame, encErr := wire.AppendJSON(nil, wire.TypeRefuse, wire.Refuse{Error: err.Error()})
		if encErr == nil {
			_, encErr = s.out.Write(frame)
		}
		return errors.Join(fmt.Errorf("%w: %w", errRefused, err), encErr)
	}
	ready, err := wire.AppendJSON(nil, wire.TypeReady, wire.Ready{Version: wire.Version, PID: os.Getpid()})
	if err != nil {
		return err
	}
	if _, err := s.out.Write(ready); err != nil {
		return fmt.Errorf("answer the handshake: %w", err)
	}
	if hello.Stoppable {
		s.obeyTerm()
	}
	go s.watchParent()
	if hello.Places > 1 {
		return s.serveMany(work)
	}
	err = s.serve()
	return errors.Join(err, s.job.Close())
}

func readHello(in *wire.Reader) (*wire.Hello, error) {
	t, p, err := in.Next()
	if err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	if t != wire.TypeHello {
		return nil, fmt.Errorf("handshake: %w: type %d instead of Hello", wire.ErrFrame, t)
	}
	var h wire.Hello
	if err := wire.ParseJSON(p, &h); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	if h.Version != wire.Version {
		return nil, fmt.Errorf("handshake: the parent speaks version %d of the protocol, this worker %d", h.Version, wire.Version)
	}
	return &h, nil
}

func open(registry *jobs.Registry, h *wire.Hello) (jobs.Runner, error) {
	def, err := registry.Lookup(h.Job)
	if err != nil {
		return nil, err
	}
	if len(h.Files)+len(h.Held) > 0 {
		elsewhere.Set(&elsewhere.Files{Local: h.Files, Held: h.Held})
	}
	return def.Open(context.Background(), jobs.Setup{
		Config: h.Config, Shape: &h.Shape, Run: h.Run, Dir: h.Dir, State: h.State, Slot: h.Slot, Key: h.Key,
		Text: h.Text, Printed: h.Printed, MaxOutput: h.MaxOutput, MaxDepth: h.MaxDepth,
	})
}
