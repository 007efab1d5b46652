package command

import (
	"brood/jobs"
	"brood/runner/control"
	"brood/runner/proc"
	"brood/runner/remote"
	"brood/runner/remote/carry"
	"brood/runner/remote/ssh"
	"brood/runner/remote/token"
	"brood/runner/spec"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
)

// network is how machines reach each other, see Connect.
var network *remote.Network

// Connect hands over how machines reach each other. Without it no run can have other machines.
func Connect(n *remote.Network) { network = n }

// ElsewhereVariable is set for a process that needs the network, which others are spared: see package program/local.
const ElsewhereVariable = "BROOD_ELSEWHERE"

// connect has this process begin anew as one that has the network, if it has none. Nothing has happened yet that would matter.
func connect() error {
	if network != nil || os.Getenv(ElsewhereVariable) != "" {
		return nil
	}
	path, err := proc.SelfExe()
	if err != nil {
		return fmt.Errorf("find this executable: %w", err)
	}
	return fmt.Errorf("begin anew: %w", syscall.Exec(path, os.Args, append(os.Environ(), ElsewhereVariable+"=1")))
}

const groupMachines = "Several machines"

// machineFlags are for a run that has workers on other machines.
func machineFlags() []cli.Flag {
	return append(sshFlags(), []cli.Flag{
		&cli.StringFlag{Name: "listen", Usage: "let other machines join at `ADDRESS`, such as :7177 (see brood join); with -j 0 this one has no workers", Category: groupMachines},
		&cli.StringFlag{Name: "nats", Usage: "let them join at a NATS cluster that is there: `URL`[,URL]", Category: groupMachines},
		&cli.StringFlag{Name: "nats-creds", Usage: "the credentials for it are in `FILE`", Category: groupMachines},
		natsPasswordFlag(groupMachines),
		&cli.StringFlag{Name: "machine-lease", Usage: "what a machine has in hand that is silent for `TIME` is decided without it", DefaultText: remote.DefaultLease.String(), Category: groupMachines},
		&cli.StringFlag{Name: "lost-after", Usage: "a machine looks for this run for `TIME` when it has gone, and then gives up", DefaultText: remote.DefaultLostAfter.String(), Category: groupMachines},
	}...)
}

// notOnMachines are jobs whose workers must be where the run is, and why.
var notOnMachines = map[string]string{
	"billing": "a charge is made by the machine that has the plan, its signature and the register of what was charged",
	"refund":  "a refund is made by the machine that has the register of what was charged",
}

// chooseMachines takes the machines that a run may have beside this one.
func (e *env) chooseMachines(c *cli.Context, cfg *spec.Config) error {
	given := slices.ContainsFunc([]string{"listen", "nats", "nats-creds", natsFileFlag, sshFlag, sshFileFlag}, c.IsSet)
	if cfg.Machines == nil {
		if !given {
			for _, name := range append([]string{"machine-lease", "lost-after"}, sshOnly...) {
				if c.IsSet(name) {
					return usage("For example: --listen :7177, or --ssh host1,host2", "--%s is for a run that other machines work on", name)
				}
			}
			return nil
		}
		cfg.Machines = &spec.Machines{}
	}
	m := cfg.Machines
	if why := notOnMachines[cfg.Job]; why != "" {
		return usage("Leave out --listen and --nats.", "%s runs on one machine: %s", cfg.Job, why)
	}
	if c.IsSet("listen") {
		m.Listen = c.String("listen")
	}
	if err := chooseNATS(c, m); err != nil {
		return err
	}
	if m.Listen != "" && m.NATS != "" {
		return usage("", "--listen and --nats are two ways for machines to join: choose one")
	}
	if m.Listen != "" {
		if _, _, err := net.SplitHostPort(m.Listen); err != nil {
			return usage("Such as :7177, or 10.0.0.1:7177.", "--listen %q: %w", m.Listen, err)
		}
	}
	for flag, to := range map[string]*time.Duration{"machine-lease": &m.Lease, "lost-after": &m.LostAfter} {
		if !c.IsSet(flag) {
			continue
		}
		d, err := parseTime(flag, c.String(flag))
		if err != nil {
			return err
		}
		if d < time.Second {
			return usage("", "--%s %s is too short: a second at least", flag, c.String(flag))
		}
		*to = d
	}
	m.Away = m.Away && !c.IsSet("jobs") || c.IsSet("jobs") && c.String("jobs") == "0"
	if err := chooseHosts(c, m); err != nil {
		return err
	}
	if err := connect(); err != nil {
		return err
	}
	hideNATSPassword()
	return nil
}

// hubPath is the directory of a run's machines: who may join it, and by what keys.
func hubPath(state, run string) string { return filepath.Join(state, "hubs", run) }

// identity is who a run's coordinator is for machines. It is made when it is needed first.
func identity(state, run string) (*token.Identity, error) {
	path := hubPath(state, run)
	id, err := token.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, &spec.WriteError{Err: err}
		}
		id, err = token.Create(path, run)
	}
	return id, err
}

// machines brings other machines to a run.
type machines struct {
	e     *env
	state string
	hub   remote.Hub
	hosts *hosts // nil: there are none over ssh
	logf  func(string, ...any)
}

// Launch starts agents on the hosts of --ssh.
func (m *machines) Launch(ctx context.Context, cfg *spec.Config, family *proc.Family, runID string, shape *jobs.Shape, failed func(error)) error {
	if len(cfg.Machines.SSH)+len(cfg.Machines.SSHFiles) == 0 {
		return nil
	}
	m.hosts = &hosts{m: m, cfg: cfg, failed: failed, agents: make(map[string]*ssh.Agent), carry: make(map[string]*carry.Host)}
	return m.hosts.launch(ctx, family, runID, shape, m.logf)
}

// Carrier carries the files of records to a machine; nil: none are.
func (m *machines) Carrier(machine string) carry.Carrier {
	if m.hosts == nil {
		return nil
	}
	m.hosts.mu.Lock()
	defer m.hosts.mu.Unlock()
	if c := m.hosts.carry[machine]; c != nil {
		return c
	}
	return nil
}

// Open lets machines in.
func (m *machines) Open(ctx context.Context, cfg *spec.Config, d *remote.Describe) (*remote.Desk, error) {
	if network == nil {
		return nil, errors.New("this brood was built without what machines reach each other by")
	}
	build, err := buildSum()
	if err != nil {
		return nil, err
	}
	d.Build = build
	if err := m.provide(cfg, d); err != nil {
		return nil, err
	}
	desk := remote.NewDesk(d)
	set := &remote.HubSetting{
		Run: cfg.Name, Epoch: d.Welcome.Epoch, Listen: cfg.Machines.Listen, URL: cfg.Machines.NATS, Creds: cfg.Machines.Creds, Login: loginOf(cfg.Machines),
		Lease: d.Welcome.Lease, Desk: desk, Logf: d.Logf, Lost: func(err error) { d.Logf("machines cannot reach this run any more: %v", err) },
	}
	if set.URL == "" {
		id, err := identity(m.state, cfg.Name)
		if err != nil {
			return nil, err
		}
		set.Identity = id.Dir()
	}
	if m.hub, err = network.Open(ctx, set); err != nil {
		if set.URL == "" {
			return nil, usage("Choose another address with --listen.", "--listen %s: %w", set.Listen, err)
		}
		return nil, usage("", "--nats: %w", err)
	}
	desk.SetPost(m.hub)
	m.logf = d.Logf
	if set.URL == "" && len(cfg.Machines.SSH)+len(cfg.Machines.SSHFiles) == 0 {
		d.Logf("machines join at %s: make a token here with: brood token %s -o FILE; and there: brood join HOST:%s --token-file FILE", m.hub.Addr(), cfg.Name, portOf(m.hub.Addr()))
	}
	return desk, nil
}

func (m *machines) Close() error {
	if m.hosts != nil {
		m.hosts.end(m.logf)
	}
	if m.hub == nil {
		return nil
	}
	return m.hub.Close()
}

func portOf(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return port
}

// buildSum is a hash of this executable: both ends of a run must be the same.
var buildSum = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	if p, err := os.Open("/proc/self/exe"); err == nil {
		defer func() { _ = p.Close() }()
		return sumOf(p)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	return sumOf(f)
})

func sumOf(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (e *env) machinesCommand() *cli.Command {
	return &cli.Command{
		Name: "machines", Usage: "show the machines that work on a run", ArgsUsage: "[NAME]",
		Description: `Example:
   brood machines fleet`,
		Flags:        []cli.Flag{stateFlag(), &cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		OnUsageError: usageError,
		Action:       e.machines,
	}
}

func (e *env) machines(c *cli.Context) error {
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return err
	}
	b, err := control.Ask(c.Context, state, name, control.AskStatus)
	if err != nil {
		return notRunning(name, err)
	}
	var live control.Live
	if err := json.Unmarshal(b, &live); err != nil {
		return err
	}
	if c.Bool("json") {
		if live.Machines == nil {
			live.Machines = []remote.View{}
		}
		text, err := json.MarshalIndent(live.Machines, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.stdout, string(text))
		return err
	}
	if len(live.Machines) == 0 {
		_, err := fmt.Fprintln(e.stdout, "no other machine works on run "+name)
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "MACHINE\tSTATE\tHOST\tSLOTS\tBUSY\tANSWERED\tLOAD\tSILENT")
	for _, m := range live.Machines {
		state := string(m.State)
		if m.Held != "" {
			state += " (" + m.Held + ")"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%.1f\t%s\n", e.stdout.Line(m.Name), state, e.stdout.Line(m.Host), m.Slots, m.Busy, humanize.Comma(int64(m.Answered)), m.Load, m.Silent.Round(100*time.Millisecond)) //nolint:gosec // nobody answers so many
	}
	return w.Flush()
}

// machinesInWords says in one line how it stands with machines.
func machinesInWords(all []remote.View) string {
	var out []string
	for i := range all {
		m := &all[i]
		out = append(out, fmt.Sprintf("%s %s, %d of %d at work", m.Name, m.State, m.Busy, m.Slots))
	}
	return strings.Join(out, "; ")
}
