package command

import (
	"brood/jobs"
	"brood/runner/home"
	"brood/runner/proc"
	"brood/runner/remote/carry"
	"brood/runner/remote/ssh"
	"brood/runner/remote/token"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
)

const (
	sshFlag      = "ssh"
	sshFileFlag  = "ssh-login-file"
	transferFlag = "transfer"
	returnFlag   = "return"
)

// sshFlags are for a run whose agents brood starts itself.
func sshFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: sshFlag, Usage: "work on these machines, over ssh: `HOST`[/N][,HOST…], user@host, or : for this one; N records at a time, or as many as -j says", Category: groupMachines},
		&cli.StringSliceFlag{Name: sshFileFlag, Usage: "the machines are in `FILE`, one a line, as GNU parallel's --sshloginfile has them", Category: groupMachines},
		&cli.StringSliceFlag{Name: "ssh-binary", Usage: "for machines of another kind, `OS/ARCH=FILE` is the same brood, as in linux/arm64=brood-arm64", Category: groupMachines},
		&cli.StringSliceFlag{Name: transferFlag, Usage: "with --ssh, bring a record's `FILE` there before it is worked on: {}, {column}.txt", Category: groupMachines},
		&cli.StringSliceFlag{Name: returnFlag, Usage: "with --ssh, bring a record's `FILE` back when it has been: {.}.png", Category: groupMachines},
		&cli.BoolFlag{Name: "cleanup", Usage: "with --transfer or --return, remove those files there", Category: groupMachines},
		&cli.StringFlag{Name: "workdir", Usage: "with --ssh, commands run in `DIR` there: from the home directory, absolute, or ... for one of the run's own", DefaultText: "the home directory", Category: groupMachines},
	}
}

// sshOnly are the flags that are for --ssh.
var sshOnly = []string{"ssh-binary", transferFlag, returnFlag, "cleanup", "workdir"}

// chooseHosts takes the machines on which agents are started over ssh.
func chooseHosts(c *cli.Context, m *spec.Machines) error {
	if c.IsSet(sshFlag) || c.IsSet(sshFileFlag) {
		m.SSH, m.SSHFiles = c.StringSlice(sshFlag), nil
		for _, path := range c.StringSlice(sshFileFlag) {
			abs, err := filepath.Abs(path)
			if err != nil {
				return err
			}
			m.SSHFiles = append(m.SSHFiles, abs)
		}
	}
	if len(m.SSH)+len(m.SSHFiles) == 0 {
		for _, name := range sshOnly {
			if c.IsSet(name) {
				return usage("For example: --ssh host1,user@host2", "--%s is for --ssh", name)
			}
		}
		return nil
	}
	hosts, err := hostsOf(m)
	if err != nil {
		return usage("As in --ssh host1,user@host2/16,:", "%w", err)
	}
	if m.NATS != "" {
		return usage("Start agents there with brood join --nats.", "--ssh brings its own way to this run, and --nats is another")
	}
	if m.Listen == "" {
		m.Listen = "127.0.0.1:0" // they come through their own connections
	}
	m.Away = !slices.ContainsFunc(hosts, func(h ssh.Host) bool { return h.Local })
	for _, h := range hosts {
		if h.Local && h.Slots > 0 && !c.IsSet("jobs") {
			if err := c.Set("jobs", strconv.Itoa(h.Slots)); err != nil {
				return err
			}
		}
	}
	if c.IsSet("jobs") && c.String("jobs") != "0" { // that is said of this machine
		if _, err := parseSlots(c.String("jobs")); err != nil {
			return err
		}
		m.EachSlots = c.String("jobs")
	}
	if c.IsSet("ssh-binary") {
		m.SSHBinaries = make(map[string]string)
		for _, s := range c.StringSlice("ssh-binary") {
			kind, path, ok := strings.Cut(s, "=")
			if !ok || strings.Count(kind, "/") != 1 {
				return usage("As in --ssh-binary linux/arm64=brood-arm64", "--ssh-binary %q names no system and file", s)
			}
			if m.SSHBinaries[kind], err = filepath.Abs(path); err != nil {
				return err
			}
		}
	}
	for name, to := range map[string]*[]string{transferFlag: &m.Transfer, returnFlag: &m.Return} {
		if c.IsSet(name) {
			*to = c.StringSlice(name)
		}
	}
	if c.IsSet("cleanup") {
		m.Cleanup = c.Bool("cleanup")
	}
	if c.IsSet("workdir") {
		m.WorkDir = c.String("workdir")
	}
	return nil
}

// hostsOf are the hosts of a run.
func hostsOf(m *spec.Machines) ([]ssh.Host, error) { return ssh.ReadHosts(m.SSH, m.SSHFiles) }

// hosts are the agents that a session has started.
type hosts struct {
	m      *machines
	cfg    *spec.Config
	mu     sync.Mutex
	agents map[string]*ssh.Agent // by the machine's name
	failed func(error)
	ended  int // agents that have ended for good
	plan   *carry.Plan
	carry  map[string]*carry.Host
}

// launch starts an agent on each host. One that cannot be is said; that none can is an error.
func (h *hosts) launch(ctx context.Context, family *proc.Family, runID string, shape *jobs.Shape, logf func(string, ...any)) error {
	all, err := hostsOf(h.cfg.Machines)
	if err != nil {
		return usage("", "%w", err)
	}
	set := h.cfg.Machines
	if len(set.Transfer)+len(set.Return) > 0 {
		if h.plan, err = carry.NewPlan(set.Transfer, set.Return, set.Cleanup, shape); err != nil {
			return usage("", "%w", err)
		}
	}
	binaries := &ssh.Binaries{Paths: set.SSHBinaries}
	var wg sync.WaitGroup
	var last error
	started, away := 0, 0
	for i := range all {
		host := &all[i]
		if host.Local {
			continue
		}
		away++
		wg.Go(func() {
			err := h.start(ctx, host, family, runID, binaries, logf)
			h.mu.Lock()
			defer h.mu.Unlock()
			if err != nil {
				last = fmt.Errorf("%s: %w", host.Name, err)
				logf("%v", last)
				return
			}
			started++
		})
	}
	wg.Wait()
	for _, a := range h.agents {
		go h.watch(a, logf)
	}
	if away > 0 && started == 0 {
		return usage("", "no agent could be started: %w", last)
	}
	return ctx.Err()
}

// watch waits until an agent has ended for good. If all have, and this machine has no workers, nobody is left.
func (h *hosts) watch(a *ssh.Agent, logf func(string, ...any)) {
	<-a.Ended()
	err := a.Err()
	if err == nil {
		return // as it was told to
	}
	logf("%s: %v", a.Host().Name, err)
	h.mu.Lock()
	h.ended++
	all := h.ended == len(h.agents)
	h.mu.Unlock()
	if all && h.cfg.Machines.Away {
		h.failed(fmt.Errorf("no machine is left to work: the last was %s: %w", a.Host().Name, err))
	}
}

func (h *hosts) start(ctx context.Context, host *ssh.Host, family *proc.Family, runID string, binaries *ssh.Binaries, logf func(string, ...any)) error {
	set := h.cfg.Machines
	name := machineName(host.ID())
	text, err := keptToken(h.m.state, h.cfg.Name, name)
	if err != nil {
		return err
	}
	slots := set.EachSlots
	if host.Slots > 0 {
		slots = strconv.Itoa(host.Slots)
	}
	addr := h.m.hub.Addr()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	o := ssh.Options{
		Family: family, Run: plainName(h.cfg.Name) + "-" + runID, Target: net.JoinHostPort("127.0.0.1", port), Socket: true, Binaries: binaries, Token: []byte(text),
		Workdir: set.WorkDir, Cleanup: set.Cleanup,
		Command: func(addr, state string) []string {
			args := []string{"join", addr, "--token-file", "/dev/stdin", "--state", state, "--workdir", "."}
			if slots != "" {
				args = append(args, "-j", slots)
			}
			return args
		},
		Say:   func(host *ssh.Host, line string) { logf("%s: %s", host.Name, line) },
		Heard: func(host *ssh.Host, line string) { logf("%s: %s", host.Name, strings.TrimPrefix(line, "brood: ")) },
	}
	a, err := ssh.Launch(ctx, host, o)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.agents[name] = a
	if h.plan != nil {
		h.carry[name] = carry.NewHost(host.Name, h.plan, func(ctx context.Context) (io.ReadWriteCloser, error) { return a.Session(ctx, "carry") })
	}
	return nil
}

// plainName makes letters, digits and dashes of a run's name.
func plainName(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, name)
}

// keptToken is the token of a machine that is started from here: the same in each session, so that one that has lived on is let in.
func keptToken(state, run, machine string) (string, error) {
	id, err := identity(state, run)
	if err != nil {
		return "", err
	}
	path := filepath.Join(id.Dir(), "ssh-"+machine+".token")
	all, err := id.List()
	if err != nil {
		return "", err
	}
	known := slices.ContainsFunc(all, func(m token.Machine) bool { return m.Name == machine })
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if t, err := token.Parse(strings.TrimSpace(string(text))); err == nil && known && t.Machine == machine {
		return t.Text(), nil
	}
	if known {
		if err := id.Revoke(machine); err != nil {
			return "", err
		}
	}
	t, err := id.Issue(machine)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(t.Text()+"\n"), 0o600); err != nil {
		return "", &spec.WriteError{Err: err}
	}
	return t.Text(), home.SyncDir(id.Dir())
}

// stopTime is how long agents may take to leave when their run has ended.
const stopTime = 5 * time.Second

// end ends the agents, which have been told to leave.
func (h *hosts) end(logf func(string, ...any)) {
	var wg sync.WaitGroup
	for name, a := range h.agents {
		wg.Go(func() {
			if c := h.carry[name]; c != nil {
				c.Close()
			}
			ctx, cancel := context.WithTimeout(context.Background(), stopTime)
			defer cancel()
			if err := a.Stop(ctx); err != nil {
				logf("%s: %v", a.Host().Name, err)
			}
		})
	}
	wg.Wait()
}

// carryCommand is started on other machines, by --transfer and --return.
func (e *env) carryCommand() *cli.Command {
	return &cli.Command{
		Name: "carry", Usage: "take and give files of records, for --transfer and --return", Hidden: true,
		Description:  "Example:\n   brood carry < /dev/null",
		OnUsageError: usageError,
		Action: func(*cli.Context) error {
			return carry.Serve(e.stdin, e.stdout)
		},
	}
}
