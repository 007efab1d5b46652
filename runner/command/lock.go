package command

import (
	"brood/runner/home"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
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
		Description: `One command at a time has the lock NAME; another one ends with status 75 at once
(or that of -E), or waits with --wait. The lock ends with brood, by whatever kind
of death, and nothing has to be cleaned up. COMMAND does not inherit it, so what it
leaves in the background holds up nobody; if brood is killed, COMMAND is killed too.

The status is that of COMMAND; give -E one that COMMAND never has, to tell the two
apart. Who has the lock is said on standard error, unless the status is 0: with -E 0
a second one is nothing to speak of. Flags are those of flock(1).

Example, for a crontab:
   brood lock -n -E 0 nightly -- sh -c 'date; sleep 1'
   brood lock -w 600 nightly -- make report`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.BoolFlag{Name: "nonblock", Aliases: []string{"n", "nb"}, Usage: "do not wait for the lock, as without --wait", Category: groupEngine},
			&cli.StringFlag{Name: waitFlag, Aliases: []string{"w", "timeout"}, Usage: "wait for the lock, at most `TIME` if one is given as in --wait=30s or -w 30, and then end as if it had not waited", Category: groupEngine},
			&cli.StringFlag{Name: "conflict-exit-code", Aliases: []string{"E"}, Usage: "end with `STATUS` if another has the lock; 0 says nothing", Value: strconv.Itoa(exitLocked), Category: groupEngine},
		},
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
	wait, conflict, err := lockFlags(c)
	if err != nil {
		return err
	}
	f, err := home.TakeLock(c.Context, state, name, strings.Join(e.words, " "), wait)
	var locked *home.LockedError
	if errors.As(err, &locked) {
		if conflict == exitOK {
			return nil
		}
		_, hint := classify(err)
		return &cliError{code: conflict, err: err, hint: hint}
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	e.code, err = e.runLocked()
	return err
}

// lockFlags reads how long to wait for the lock, and the status if it cannot be had.
func lockFlags(c *cli.Context) (wait home.Wait, conflict int, err error) {
	if wait, err = parseWait(c); err != nil {
		return 0, 0, err
	}
	if c.Bool("nonblock") && wait != 0 {
		return 0, 0, usage("Leave out one of them.", "-n does not wait for the lock, and --wait does")
	}
	text := c.String("conflict-exit-code")
	if conflict, err = strconv.Atoi(text); err != nil || conflict < 0 || conflict > 255 {
		return 0, 0, usage("", "--conflict-exit-code %s: a status is a number from 0 to 255", text)
	}
	return wait, conflict, nil
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
