package command

import (
	"brood/runner/home"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// Exit statuses of brood lock for a command that cannot be run, as a shell has
// them.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

func (e *env) lockCommand() *cli.Command {
	return &cli.Command{
		Name:      "lock",
		Usage:     "run a command unless it is running already",
		ArgsUsage: "NAME -- COMMAND [ARG ...]",
		Description: `One command at a time has the lock NAME; another one ends with status 75 at once,
or waits with --wait. The lock ends with brood, by whatever kind of death, and
nothing has to be cleaned up. COMMAND does not inherit it, so what it leaves in
the background holds up nobody; if brood is killed, COMMAND is killed too. The
status is that of COMMAND.

Example, for a crontab:
   brood lock nightly -- sh -c 'date; sleep 1'
   brood lock nightly --wait=10m -- make report`,
		Flags:        []cli.Flag{stateFlag(), waitingFlag()},
		OnUsageError: usageError,
		Action:       e.lock,
	}
}

func (e *env) lock(c *cli.Context) error {
	const seeHelp = "For example: brood lock nightly -- make report"
	if c.NArg() != 1 || len(e.words) == 0 {
		return usage(seeHelp, "give a name for the lock, and a command after --")
	}
	name := c.Args().First()
	if err := home.CheckName(name); err != nil {
		return usage(seeHelp, "%w", err)
	}
	if err := checkWords(e.words, exec.LookPath, "put sh -c before it."); err != nil {
		return err
	}
	state, err := home.State(c.String("state"))
	if err != nil {
		return usage("", "%w", err)
	}
	wait, err := parseWait(c)
	if err != nil {
		return err
	}
	f, err := home.TakeLock(c.Context, state, name, strings.Join(e.words, " "), wait)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	e.code, err = e.runLocked()
	return err
}

// runLocked runs the command and returns its exit status. The signals to this
// process are passed on, except what the terminal sends to both.
func (e *env) runLocked() (int, error) {
	cmd := exec.Command(e.words[0], e.words[1:]...) //nolint:noctx // it ends when it ends
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.stdin, e.stdout.File(), e.stderr.File()
	cmd.SysProcAttr = diesWithParent()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	defer signal.Stop(signals)
	// The death of the thread that starts it counts as that of the parent.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		code := exitNotExecutable
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			code = exitNotFound
		}
		return 0, &cliError{code: code, err: err}
	}
	ended := make(chan struct{})
	atTerminal := term.IsTerminal(int(e.stdin.Fd()))
	go func() {
		for {
			select {
			case s := <-signals:
				if !atTerminal || (s != syscall.SIGINT && s != syscall.SIGQUIT) {
					_ = cmd.Process.Signal(s)
				}
			case <-ended:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(ended)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return exitSignal + int(ws.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}
