package runner

import (
	"brood/runner/proc"
	"brood/runner/spec"
	"brood/worker/wire"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"
)

// expected is what is kept of the environment in any case.
var expected = []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "TERM", "LANG", "LC_ALL", "LC_CTYPE"}

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
	return wire.Confine{Files: l.Files, Nice: l.Nice, Sandbox: l.Sandbox, Write: l.Write, Connect: l.Connect}
}

// identity is a user whose rights a worker gets.
type identity struct {
	credential *syscall.Credential
	user       *user.User
}

// credential looks the user up; nil if there is none to become.
func credential(l *spec.Limits) (*identity, error) {
	if l.User == "" {
		return nil, nil
	}
	name, group, withGroup := strings.Cut(l.User, ":")
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("--user: there is no user %s", name)
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("--user %s: only root may become another user", l.User)
	}
	id := &identity{user: u, credential: &syscall.Credential{}}
	gids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("--user: %w", err)
	}
	gid := u.Gid
	if withGroup {
		g, err := user.LookupGroup(group)
		if err != nil {
			return nil, fmt.Errorf("--user: %w", err)
		}
		gid, gids = g.Gid, []string{g.Gid}
	}
	for _, n := range append([]string{u.Uid, gid}, gids...) {
		v, err := strconv.ParseUint(n, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("--user %s: its number is %q", l.User, n)
		}
		id.credential.Groups = append(id.credential.Groups, uint32(v))
	}
	id.credential.Uid, id.credential.Gid = id.credential.Groups[0], id.credential.Groups[1]
	id.credential.Groups = id.credential.Groups[2:]
	return id, nil
}

// environment is that of the workers, and the values in it that are secret.
func environment(l *spec.Limits, id *identity) (env, secrets []string, err error) {
	env = os.Environ()
	if len(l.Env) > 0 {
		env = nil
		for _, name := range expected {
			env = appendVar(env, name)
		}
		for _, e := range l.Env {
			if name, value, given := strings.Cut(e, "="); given {
				env = setVar(env, name, value)
			} else {
				env = appendVar(env, e)
			}
		}
	}
	if id != nil {
		env = setVar(env, "HOME", id.user.HomeDir)
		env = setVar(env, "USER", id.user.Username)
		env = setVar(env, "LOGNAME", id.user.Username)
	}
	for _, s := range l.Secrets {
		name, file, inFile := strings.Cut(s, "=")
		value, ok := os.LookupEnv(name)
		if inFile {
			b, err := os.ReadFile(file)
			if err != nil {
				return nil, nil, fmt.Errorf("--secret %s: %w", name, err)
			}
			value, ok = strings.TrimRight(string(b), "\r\n"), true
		}
		if !ok {
			return nil, nil, fmt.Errorf("--secret %s: there is no such variable in the environment, and no file was named", name)
		}
		env, secrets = setVar(env, name, value), append(secrets, value)
	}
	return env, secrets, nil
}

func appendVar(env []string, name string) []string {
	if v, ok := os.LookupEnv(name); ok {
		env = setVar(env, name, v)
	}
	return env
}

// setVar sets a variable, which may be there already.
func setVar(env []string, name, value string) []string {
	env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	return append(env, name+"="+value)
}

// shortestSecret is the shortest value that is looked for in what is logged: a
// shorter one would be found everywhere.
const shortestSecret = 4

// newMask makes what takes secrets out of a text; nil if there are none. Logs are
// written by the line, and errors quote what they are about.
func newMask(values []string) *strings.Replacer {
	var pairs, secrets []string
	for _, v := range values {
		for _, s := range append(strings.FieldsFunc(v, func(c rune) bool { return c == '\n' || c == '\r' }), v) {
			quoted := strconv.Quote(s)
			secrets = append(secrets, s, quoted[1:len(quoted)-1])
		}
	}
	// The longest first, as one may be the beginning of another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			pairs = append(pairs, s, "***")
		}
	}
	if pairs == nil {
		return nil
	}
	return strings.NewReplacer(pairs...)
}

// hide takes the secrets of the run out of a text.
func (s *settler) hide(text string) string {
	if s.mask == nil {
		return text
	}
	return s.mask.Replace(text)
}

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
	r.mask = newMask(secrets)
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
