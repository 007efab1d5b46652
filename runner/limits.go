package runner

import (
	"brood/jobs"
	"brood/runner/proc"
	"brood/runner/spec"
	"brood/worker/wire"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"
)

// CheckLimits refuses limits that cannot be kept here, before anything is started.
func CheckLimits(l *spec.Limits) error {
	if l.Mem > 0 || l.CPU > 0 || l.Procs > 0 {
		if err := proc.CanCount(); err != nil {
			return fmt.Errorf("--limit-mem, --limit-cpu-time, --limit-procs: %w", err)
		}
	}
	if l.Sandbox || len(l.Connect) > 0 {
		if err := proc.CanSandbox(len(l.Connect) > 0); err != nil {
			return fmt.Errorf("--sandbox: %w", err)
		}
	}
	for _, path := range l.Write {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("--allow-write: %w", err)
		}
	}
	if len(l.Write) > 0 && !l.Sandbox {
		return errors.New("--allow-write is an exception from --sandbox, which was not asked for")
	}
	if l.Nice < 0 && os.Geteuid() != 0 {
		return fmt.Errorf("--nice %d: only root may be less nice than 0", l.Nice)
	}
	if l.Nice < 0 && l.User != "" {
		return fmt.Errorf("--nice %d: a worker that is another user (--user) may not be less nice than 0", l.Nice)
	}
	_, err := credential(l)
	return err
}

// confine is the part that a worker applies to itself.
func confine(l *spec.Limits) wire.Confine {
	return wire.Confine{Files: l.Files, Nice: l.Nice, Sandbox: l.Sandbox, Write: l.Write, Connect: l.Connect, Untrusted: untrusted(l)}
}

// untrusted reports whether workers are to be kept from this process and from each other.
func untrusted(l *spec.Limits) bool { return l.User != "" || l.Sandbox || len(l.Connect) > 0 }

// provisions are what the workers of a run are started with.
type provisions struct {
	env     []string
	user    *syscall.Credential
	keptBy  string           // says who keeps the limits of memory and processes
	watched proc.Confinement // of these, what the watch has to keep
}

// keepLimits sees to it that the limits of memory and processes are kept: by
// the kernel where it can, and otherwise by the watch.
func (r *session) keepLimits() error {
	l := &r.cfg.Limits
	if untrusted(l) {
		if err := proc.Hide(); err != nil {
			return err
		}
	}
	id, err := credential(l)
	if err != nil {
		return err
	}
	if id != nil {
		r.user = id.credential
	}
	var secrets []string
	if r.env, secrets, err = environment(l, id); err != nil {
		return err
	}
	r.mask.Store(jobs.NewMask(secrets))
	r.reloads.secrets = secrets
	if l.Mem == 0 && l.Procs == 0 {
		return nil
	}
	all := proc.Confinement{Mem: l.Mem, Processes: l.Procs}
	left, why := r.family.Confine(all)
	r.watched = left
	kept := proc.Confinement{Mem: all.Mem - left.Mem, Processes: all.Processes - left.Processes}
	var said []string
	if kept != (proc.Confinement{}) {
		said = append(said, words(kept)+": kept by the kernel, in a cgroup for each worker")
	}
	if left != (proc.Confinement{}) {
		said = append(said, fmt.Sprintf("%s: watched, every %s, as it cannot be left to the kernel: %v", words(left), censusEvery, why))
	}
	r.keptBy = strings.Join(said, "; ")
	r.Term.Logf("limit of a worker: %s", r.keptBy)
	return nil
}

// words names the limits.
func words(c proc.Confinement) string {
	var out []string
	if c.Mem > 0 {
		out = append(out, humanize.IBytes(uint64(c.Mem)))
	}
	if c.Processes > 0 {
		out = append(out, strconv.Itoa(c.Processes)+" processes")
	}
	return strings.Join(out, " and ")
}
