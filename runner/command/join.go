package command

import (
	"brood/runner/home"
	"brood/runner/remote"
	"brood/runner/remote/agent"
	"brood/runner/remote/token"
	"brood/runner/spec"
	"context"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
)

func (e *env) joinCommand() *cli.Command {
	return &cli.Command{
		Name: "join", Usage: "work for a run of another machine", ArgsUsage: "HOST:PORT --token-file FILE",
		Description: `The run is one that was begun there with --listen, and the token what brood token
has printed there. Both machines need the same brood. Workers of this machine then do
the run's records until it is done; what they do is in the ledger there.

The first TERM or INT finishes what is in hand and leaves; a second one kills it.
What the workers have answered and the run has not heard is kept, and said when this
machine joins again.

Exit status: 0 the run is done, or has no more use for this machine; 2 it is not let
in; 75 the run was not to be found for --lost-after; 130, 143 stopped by a signal.

Example:
   brood join 10.0.0.1:7177 --token-file web2.token -j 8`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.StringFlag{Name: "token-file", Usage: "the token is in `FILE`", DefaultText: "in " + token.Variable},
			&cli.StringFlag{Name: "jobs", Aliases: []string{"j"}, Usage: "have `N` workers: a number, N% of the processors, +N or -N of them (default: one for each processor)"},
			&cli.StringFlag{Name: "workdir", Usage: "workers run in `DIR`", DefaultText: "where the run does, or at home if there is no such directory"},
			&cli.StringFlag{Name: "lost-after", Usage: "look for the run for `TIME` when it is not to be found", DefaultText: "as the run says, 10m"},
			&cli.StringFlag{Name: "nats", Usage: "the run's machines meet at a NATS cluster: `URL`[,URL]; then --run and --machine say who this is"},
			&cli.StringFlag{Name: "nats-creds", Usage: "the credentials for it are in `FILE`"},
			natsPasswordFlag(""),
			&cli.StringFlag{Name: "run", Usage: "with --nats, work for the run `NAME`"},
			&cli.StringFlag{Name: "machine", Usage: "with --nats, this is machine `NAME`", DefaultText: "what the host is called"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print nothing if all goes well, and everything that was to be said if it does not"},
			&cli.StringFlag{Name: "progress", Value: "never", Hidden: true}, // the run shows it
			&cli.StringFlag{Name: "log-format", Usage: "write log lines as `FORMAT`: text or json", Value: "text"},
			&cli.StringFlag{Name: logFileFlag, Usage: "add log lines to `FILE`, and not to standard error"},
		},
		OnUsageError: usageError,
		Action:       func(c *cli.Context) error { return e.withRoom(func() error { return e.join(c) }) },
	}
}

const joinExample = "For example: brood join 10.0.0.1:7177 --token-file web2.token"

// joining is what the flags of brood join come to.
func (e *env) joining(c *cli.Context) (*remote.PortSetting, *agent.Options, error) {
	port, o := &remote.PortSetting{}, &agent.Options{Version: Version(), WorkDir: c.String("workdir")}
	var err error
	if o.WorkDir != "" {
		if o.WorkDir, err = filepath.Abs(o.WorkDir); err != nil {
			return nil, nil, err
		}
	}
	if o.State, err = home.State(c.String("state")); err != nil {
		return nil, nil, usage("", "%w", err)
	}
	if o.Slots, err = parseSlots(c.String("jobs")); err != nil {
		return nil, nil, err
	}
	if c.IsSet("lost-after") {
		if o.LostAfter, err = parseTime("lost-after", c.String("lost-after")); err != nil {
			return nil, nil, err
		}
	}
	if o.Build, err = buildSum(); err != nil {
		return nil, nil, err
	}
	if c.IsSet("nats") {
		if c.NArg() > 0 || c.String("run") == "" {
			return nil, nil, usage("For example: brood join --nats nats://10.0.0.1:4222 --run fleet --machine web2", "with --nats, --run says for which run, and there is no HOST:PORT")
		}
		m := &spec.Machines{}
		if err := chooseNATS(c, m); err != nil {
			return nil, nil, err
		}
		hideNATSPassword()
		port.URL, port.Creds, port.Login, port.Run, port.Machine = m.NATS, m.Creds, loginOf(m), c.String("run"), c.String("machine")
		if port.Machine == "" {
			host, _ := os.Hostname()
			port.Machine = machineName(host)
		}
		if err := token.CheckMachine(port.Machine); err != nil {
			return nil, nil, usage("", "--machine: %w", err)
		}
		o.Clear = isClear(port.URL)
		o.Machine, o.Key = port.Machine, port.Run+"."+port.Machine
		return port, o, nil
	}
	if c.NArg() != 1 {
		return nil, nil, usage(joinExample, "say where the run is")
	}
	port.Addr = c.Args().First()
	if !isReachable(port.Addr) {
		return nil, nil, usage(joinExample, "%q is not HOST:PORT; the port is that of --listen where the run is", port.Addr)
	}
	t, err := token.Load(c.String("token-file"))
	if err != nil {
		return nil, nil, usage("Make one where the run is, with brood token.", "%w", err)
	}
	port.Token = t.Text()
	port.Machine = t.Machine
	o.Machine, o.Key = t.Machine, t.Run+"."+t.Machine+"."+hex.EncodeToString(t.CA[:4])
	return port, o, nil
}

// isReachable reports whether an address has the form of one: HOST:PORT, or unix:PATH, as an agent that was started
// over ssh is given.
func isReachable(address string) bool {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return path != ""
	}
	host, number, err := net.SplitHostPort(address)
	return err == nil && host != "" && number != ""
}

// machineName makes a name of a host's.
func machineName(host string) string {
	b := []byte(host)
	for i, c := range b {
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			b[i] = '-'
		}
	}
	return string(b[:min(len(b), 32)])
}

func (e *env) join(c *cli.Context) error {
	if err := connect(); err != nil { // before the token is read, which may come over standard input
		return err
	}
	port, o, err := e.joining(c)
	if err != nil {
		return err
	}
	if e.terminal, err = e.term(c); err != nil {
		return err
	}
	o.Term = e.terminal
	o.Dial = func(ctx context.Context, h *agent.Handlers) (remote.Port, error) {
		if network == nil {
			return nil, errors.New("this brood was built without what machines reach each other by")
		}
		port.Told, port.Up, port.Lost, port.Logf = h.Told, h.Up, h.Lost, e.terminal.Logf
		return network.Join(ctx, port)
	}
	ctx, kill := context.WithCancel(c.Context)
	defer kill()
	drain, stop := context.WithCancel(ctx)
	defer stop()
	signals := make(chan os.Signal, 4)
	var last os.Signal
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for {
			select {
			case s := <-signals:
				if last == nil {
					e.terminal.Logf("finishing the records in hand; once more to stop at once")
					stop()
				} else {
					kill()
				}
				last = s
			case <-done:
				return
			}
		}
	}()
	out, err := agent.Run(ctx, drain, o)
	signal.Stop(signals)
	close(done)
	<-heard
	return e.joined(out, err, last)
}

// joined says how it ended.
func (e *env) joined(out remote.Outcome, err error, by os.Signal) error {
	var lost *agent.LostError
	var refused *agent.RefusedError
	switch {
	case by != nil && (err == nil || errors.Is(err, context.Canceled)):
		if s, is := by.(syscall.Signal); is {
			e.code = exitSignal + int(s)
		}
		return nil
	case errors.As(err, &lost):
		return &cliError{code: exitLocked, err: err, hint: "Join again when the run is resumed: what was answered and not heard is kept."}
	case errors.As(err, &refused):
		return &cliError{code: exitUsage, err: err}
	case err != nil:
		return err
	}
	e.terminal.Logf("%s", out.Why)
	return nil
}
