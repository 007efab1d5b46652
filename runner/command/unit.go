package command

import (
	"brood/runner/daemon"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/spec"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// The flags of brood unit: for whom it is written.
const (
	forSystemd     = "systemd"
	forSupervisord = "supervisord"
	forCron        = "cron"
)

func (e *env) unitCommand() *cli.Command {
	return &cli.Command{
		Name: "unit", Usage: "print what systemd, supervisord or cron need to run a run", ArgsUsage: "[NAME] --systemd|--supervisord|--cron",
		Description: `The run goes on when it is started so, and begins anew only where there is none of
that name. Secrets are not in it: it says in which file they are looked for. The line for
cron begins a piece of work each hour, which ends before the next.

Example:
   brood unit demo --systemd
   brood unit demo --cron`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.BoolFlag{Name: forSystemd, Usage: "a unit, for /etc/systemd/system/brood-NAME.service"},
			&cli.BoolFlag{Name: forSupervisord, Usage: "a program, for /etc/supervisor/conf.d/NAME.conf"},
			&cli.BoolFlag{Name: forCron, Usage: "a line of a crontab"},
			&cli.BoolFlag{Name: "user", Usage: "for systemd --user, or your own crontab: it runs as you, and secrets are in ~/.config/brood"},
		},
		OnUsageError: usageError,
		Action:       e.unit,
	}
}

func (e *env) unit(c *cli.Context) error {
	kind := ""
	for _, k := range []string{forSystemd, forSupervisord, forCron} {
		if c.Bool(k) {
			if kind != "" {
				return usage("", "--%s and --%s: one at a time", kind, k)
			}
			kind = k
		}
	}
	if kind == "" {
		return usage("For example: brood unit demo --systemd", "say for whom, by --systemd, --supervisord or --cron")
	}
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return err
	}
	cfg, err := configOf(c, state, name)
	if err != nil {
		return err
	}
	u, err := e.unitOf(c, state, cfg, kind)
	if err != nil {
		return err
	}
	var text string
	switch kind {
	case forSystemd:
		text, err = u.Systemd()
	case forSupervisord:
		text, err = u.Supervisord()
	default:
		if text, err = u.Cron(); err == nil {
			text = "0 * * * *  " + text + "\n"
		}
	}
	if err != nil {
		return usage("", "run %s: %w", name, err)
	}
	_, err = fmt.Fprint(e.stdout, text)
	return err
}

// configOf is the configuration of a run, as its ledger has it.
func configOf(c *cli.Context, state, name string) (*spec.Config, error) {
	l, err := ledger.OpenReader(c.Context, home.LedgerPath(state, name))
	if errors.Is(err, ledger.ErrNotBegun) {
		return nil, usage("Start it again with brood run.", "run %s was cut off before it began", name)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	cfg, _, err := desk.ReadConfig(c.Context, l)
	return cfg, err
}

// unitOf is a run as it is to be started.
func (e *env) unitOf(c *cli.Context, state string, cfg *spec.Config, kind string) (*daemon.Unit, error) {
	program, err := programPath()
	if err != nil {
		return nil, err
	}
	if state, err = filepath.Abs(state); err != nil {
		return nil, err
	}
	u := &daemon.Unit{Name: cfg.Name, Program: program, Dir: cfg.WorkDir, Drain: cfg.DrainTimeout.Within(cfg.Timeout, cfg.KillAfter), OfUser: c.Bool("user")}
	if me, err := user.Current(); err == nil && me.Uid != "0" {
		u.User = me.Username
	}
	u.Args = e.argsAgain(state, cfg, kind)
	if len(cfg.Args) > 0 && kind == forSystemd {
		u.Reload = []string{"reload", cfg.Name, "--state", state}
	}
	for _, s := range cfg.Limits.Secrets {
		if !strings.Contains(s, "=") {
			u.Secrets = append(u.Secrets, s)
		}
	}
	if def, err := e.registry.Lookup(cfg.Job); err == nil {
		for _, name := range def.Secrets {
			if _, set := os.LookupEnv(name); set {
				u.Secrets = append(u.Secrets, name)
			}
		}
	}
	return u, nil
}

// programPath is the absolute path of brood by the name that it was called by, which stays when
// what a link leads to is replaced; or of the executable, if that is another.
func programPath() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this executable: %w", err)
	}
	called, err := exec.LookPath(os.Args[0])
	if err == nil {
		called, err = filepath.Abs(called)
	}
	if err != nil || !sameFile(called, exe) {
		return exe, nil //nolint:nilerr // it has been moved since, say
	}
	return called, nil
}

// ofPieces are flags of a run that works in pieces, as under cron, and that ends for other reasons
// than it should as a service.
var ofPieces = []string{"drain-queue", "max-time"}

// argsAgain are the arguments by which a run goes on, or begins if there is none.
func (e *env) argsAgain(state string, cfg *spec.Config, kind string) []string {
	words := []string{"--state", state}
	if len(cfg.Args) == 0 { // they are not kept, or it was begun before they were
		return append([]string{"resume", cfg.Name}, words...)
	}
	app := e.app()
	run := find(app.Commands, "run")
	job := find(run.Subcommands, cfg.Job)
	before, behind, hasWords := cutWords(cfg.Args)
	before, lists := cutMarked(before)
	own := before[min(2, len(before)):] // behind run and the job
	drop := []string{"run", "resume", "state", "dry-run"}
	if kind != forCron {
		drop = append(drop, ofPieces...)
	}
	out := append([]string{"run", cfg.Job, "--run", cfg.Name, "--resume"}, words...)
	if kind == forCron {
		out = append(out, e.pieces(job, own)...)
	}
	flags, operands := split(job, own)
	out = append(out, withoutFlags(job, flags, drop)...)
	out = append(append(out, operands...), lists...)
	if hasWords {
		out = append(append(out, "--"), behind...)
	}
	return out
}

// cutMarked takes the lists off that stand at the end of a command line.
func cutMarked(args []string) (before, lists []string) {
	i := slices.IndexFunc(args, func(a string) bool { return slices.Contains(marks, a) })
	if i < 0 {
		return args, nil
	}
	return args[:i], args[i:]
}

// pieces are the flags that make a run one of pieces, as far as they are not given and there are
// such flags.
func (e *env) pieces(job *cli.Command, given []string) []string {
	flags, operands := split(job, given)
	queue := slices.ContainsFunc(operands, func(o string) bool { return strings.Contains(o, "://") || strings.HasPrefix(o, "sqlite:") })
	var out []string
	for _, f := range []struct {
		name, value string
		only        bool
	}{{"quiet", "", true}, {"drain-queue", "", queue}, {"max-time", "55m", queue}} {
		_, known := takesValue(job, f.name)
		if f.only && known && !hasFlagNamed(job, flags, f.name) {
			out = append(out, "--"+f.name)
			if f.value != "" {
				out = append(out, f.value)
			}
		}
	}
	return out
}

// flagName is the first name of the flag that an argument is.
func flagName(cmd *cli.Command, arg string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			return f.Names()[0]
		}
	}
	return name
}

// eachFlag goes through flags as split returns them, with their values.
func eachFlag(cmd *cli.Command, flags []string, do func(name string, words []string)) {
	for i := 0; i < len(flags); i++ {
		name, _, joined := strings.Cut(strings.TrimLeft(flags[i], "-"), "=")
		n := 1
		if takes, _ := takesValue(cmd, name); takes && !joined && i+1 < len(flags) {
			n = 2
		}
		do(flagName(cmd, flags[i]), flags[i:i+n])
		i += n - 1
	}
}

func hasFlagNamed(cmd *cli.Command, flags []string, name string) (has bool) {
	eachFlag(cmd, flags, func(n string, _ []string) { has = has || n == name })
	return has
}

// withoutFlags leaves some flags out, with their values.
func withoutFlags(cmd *cli.Command, flags, names []string) (left []string) {
	eachFlag(cmd, flags, func(n string, words []string) {
		if !slices.Contains(names, n) {
			left = append(left, words...)
		}
	})
	return left
}
