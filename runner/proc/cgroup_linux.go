package proc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// cgroups makes a cgroup for each child: of version 2, see cgroup-v2.rst in the
// kernel's documentation, or where only that has the controller, one of version 1
// for the number of processes. (Version 1 cannot kill all that is in a cgroup
// which has too much memory, so that is not left to it.)
type cgroups struct {
	limits Confinement // those that are kept
	v2     string      // the directory in which children's are made; empty: none
	own    string      // to which this process has moved, or empty
	v1     string      // the same of version 1, for pids
	n      atomic.Int64
}

// cgroup is that of one child.
type cgroup struct {
	v2, v1 string   // directories, or empty
	fd     *os.File // of v2, until the child has started
	most   int      // tasks it may have; 0: as many as it likes
}

// Confine makes the kernel hold each child that is started from now on to its
// limits, as far as it can here. It returns those that it cannot, and why.
func (f *Family) Confine(c Confinement) (left Confinement, err error) {
	g := &cgroups{limits: c}
	if err = g.useV2(); err == nil {
		f.cgroups = g
		return Confinement{}, nil
	}
	if c.Processes > 0 {
		g = &cgroups{limits: Confinement{Processes: c.Processes}}
		if g.useV1() == nil {
			f.cgroups, c.Processes = g, 0
		}
	}
	if c.Mem == 0 && c.Processes == 0 {
		err = nil
	}
	return c, err
}

func (g *cgroups) useV2() error {
	var err error
	if g.v2, err = ownCgroup("", "cgroup2"); err != nil {
		return err
	}
	if err = g.enable(); err == nil {
		sweepCgroups(g.v2)
		err = g.try()
	}
	if err != nil {
		g.close()
	}
	return err
}

func (g *cgroups) useV1() error {
	var err error
	if g.v1, err = ownCgroup("pids", "cgroup"); err != nil {
		return err
	}
	sweepCgroups(g.v1)
	return g.try()
}

// try makes a cgroup and removes it, to see that all can be made.
func (g *cgroups) try() error {
	c, err := g.make()
	if err != nil {
		return err
	}
	c.started(0)
	c.end()
	return nil
}

// ownCgroup is the directory of this process's cgroup, for a controller of
// version 1, or without one of version 2.
func ownCgroup(controller, fileSystem string) (string, error) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	path, found := "", false
	for line := range strings.Lines(string(b)) { // number:controllers:path
		words := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(words) == 3 && slices.Contains(strings.Split(words[1], ","), controller) {
			path, found = words[2], true
		}
	}
	if !found {
		return "", fmt.Errorf("this system has no cgroups of type %s", fileSystem)
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer func() { _ = mounts.Close() }()
	for sc := bufio.NewScanner(mounts); sc.Scan(); {
		// The root and the mount point are fields four and five; the type, the
		// source and the controllers come after a dash.
		before, after, _ := strings.Cut(sc.Text(), " - ")
		words, options := strings.Fields(before), strings.Fields(after)
		if len(words) < 5 || len(options) < 3 || options[0] != fileSystem {
			continue
		}
		if controller == "" || slices.Contains(strings.Split(options[2], ","), controller) {
			below, err := filepath.Rel(words[3], path)
			if err != nil || strings.HasPrefix(below, "..") {
				continue // another part of the tree is mounted there
			}
			return filepath.Join(words[4], below), nil
		}
	}
	return "", fmt.Errorf("no file system of type %s is mounted", fileSystem)
}

// controllers are those that the limits take.
func (g *cgroups) controllers() []string {
	var out []string
	if g.limits.Mem > 0 {
		out = append(out, "memory")
	}
	if g.limits.Processes > 0 {
		out = append(out, "pids")
	}
	return out
}

// enable turns the controllers on for the cgroups that are made in dir. Where
// this process itself is in the way, as no process may be in a cgroup that has
// such, and no other is, it moves to one of its own.
func (g *cgroups) enable() error {
	missing, err := g.missing("cgroup.controllers")
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("the cgroup %s has no controller for %s", g.v2, strings.Join(missing, " and "))
	}
	if missing, err = g.missing("cgroup.subtree_control"); err != nil || len(missing) == 0 {
		return err
	}
	words := "+" + strings.Join(missing, " +")
	err = g.write(g.v2, "cgroup.subtree_control", words)
	if !errors.Is(err, syscall.EBUSY) {
		return err
	}
	procs, err := os.ReadFile(filepath.Join(g.v2, "cgroup.procs"))
	if err != nil {
		return err
	}
	if pid := strconv.Itoa(os.Getpid()); string(bytes.TrimSpace(procs)) != pid {
		return fmt.Errorf("other processes are in the cgroup %s; start brood in one of its own, as with: systemd-run --user --scope -p Delegate=yes brood", g.v2)
	}
	g.own = filepath.Join(g.v2, "brood-parent")
	if err := os.Mkdir(g.own, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := g.write(g.own, "cgroup.procs", strconv.Itoa(os.Getpid())); err != nil {
		return err
	}
	return g.write(g.v2, "cgroup.subtree_control", words)
}

// sweepCgroups removes those that a killed brood has left. They are empty, or
// cannot be removed.
func sweepCgroups(dir string) {
	names, _ := filepath.Glob(filepath.Join(dir, "brood-*-*")) // the pattern is right
	for _, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(name), "brood-"), "-")
		pid, err := strconv.Atoi(number)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.Remove(name)
		}
	}
}

// missing are the controllers that a file of dir does not list.
func (g *cgroups) missing(file string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(g.v2, file))
	if err != nil {
		return nil, err
	}
	there := " " + strings.TrimSpace(string(b)) + " "
	var out []string
	for _, c := range g.controllers() {
		if !strings.Contains(there, " "+c+" ") {
			out = append(out, c)
		}
	}
	return out, nil
}

func (g *cgroups) write(dir, file, text string) error {
	return os.WriteFile(filepath.Join(dir, file), []byte(text), 0)
}

// make makes the cgroup of the next child, with its limits.
func (g *cgroups) make() (*cgroup, error) {
	if g == nil {
		return nil, nil
	}
	dir, err := g.newDir()
	if err != nil {
		return nil, err
	}
	c := &cgroup{}
	if g.limits.Processes > 0 {
		c.most = g.limits.Processes + workerThreads
	}
	if g.v1 != "" {
		c.v1 = dir
		if err := g.limitProcesses(dir); err != nil {
			return nil, errors.Join(err, os.Remove(dir))
		}
		return c, nil
	}
	c.v2 = dir
	err = g.limit(c.v2)
	if err == nil {
		c.fd, err = os.Open(c.v2)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(c.v2))
	}
	return c, nil
}

// newDir makes the directory of a cgroup. A brood of the same number, before this
// one, may have left some.
func (g *cgroups) newDir() (string, error) {
	for {
		dir := filepath.Join(g.v2+g.v1, fmt.Sprintf("brood-%d-%d", os.Getpid(), g.n.Add(1)))
		if err := os.Mkdir(dir, 0o755); !errors.Is(err, os.ErrExist) {
			return dir, err
		}
	}
}

func (g *cgroups) limit(dir string) error {
	if g.limits.Mem > 0 {
		if err := g.write(dir, "memory.max", strconv.FormatInt(g.limits.Mem, 10)); err != nil {
			return err
		}
		// All of it goes, or none: half a worker is no use.
		if err := g.write(dir, "memory.oom.group", "1"); err != nil {
			return err
		}
		// Without swap there is no such file.
		if err := g.write(dir, "memory.swap.max", "0"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if g.limits.Processes == 0 {
		return nil
	}
	return g.limitProcesses(dir)
}

// limitProcesses has the same name in both versions. Threads count as well, and a
// worker has some.
func (g *cgroups) limitProcesses(dir string) error {
	return g.write(dir, "pids.max", strconv.Itoa(g.limits.Processes+workerThreads))
}

// workerThreads is how many threads a worker may have: the Go runtime takes
// about ten, and breaks where it cannot have one.
const workerThreads = 16

// use makes a child start in the cgroup.
func (c *cgroup) use(attr *syscall.SysProcAttr) {
	if c != nil && c.fd != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, int(c.fd.Fd())
	}
}

// started is called when the child has started, or, with 0, could not. In version
// 1 it joins its cgroup now: it has started nothing yet, as it has not been told
// what it is for.
func (c *cgroup) started(pid int) {
	if c == nil {
		return
	}
	if c.fd != nil {
		_ = c.fd.Close()
	}
	if c.v1 != "" && pid != 0 {
		_ = os.WriteFile(filepath.Join(c.v1, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0) // it may have died
	}
}

// Refusals is the file in which the kernel counts, behind the word max, how often
// it has refused the child, or what that has started, a process, and how many
// tasks there may be; empty if there is no limit of them.
func (c *Child) Refusals() (file string, most int) {
	if c.cgroup == nil || c.cgroup.most == 0 {
		return "", 0
	}
	return filepath.Join(c.cgroup.dir(), "pids.events"), c.cgroup.most
}

func (c *cgroup) dir() string { return c.v2 + c.v1 }

// end kills whatever is left in the cgroup and removes it. It reports whether
// the kernel has killed the child as it had no more memory. The child has been
// reaped.
func (c *cgroup) end() (outOfMemory bool) {
	if c == nil {
		return false
	}
	dir := c.dir()
	if c.v2 != "" {
		// Its own limit, and not that of the machine, or of a cgroup above.
		outOfMemory = event(filepath.Join(dir, "memory.events.local"), "oom")
		_ = os.WriteFile(filepath.Join(dir, "cgroup.kill"), []byte("1"), 0)
	}
	for range 100 { // what was killed may take a moment to go
		if c.v1 != "" {
			killAll(dir)
		}
		err := os.Remove(dir)
		if err == nil || errors.Is(err, os.ErrNotExist) {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	return outOfMemory
}

// killAll kills what is in a cgroup of version 1.
func killAll(dir string) {
	b, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs")) // gone: nothing is
	for _, word := range bytes.Fields(b) {
		if pid, err := strconv.Atoi(string(word)); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// event reports whether something has happened at least once.
func event(file, name string) bool {
	b, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if n, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(n) != "0"
		}
	}
	return false
}

// close moves this process back to where it was.
func (g *cgroups) close() {
	if g == nil || g.own == "" {
		return
	}
	// Not while controllers are on for what is below.
	var words []string
	for _, c := range g.controllers() {
		words = append(words, "-"+c)
	}
	_ = g.write(g.v2, "cgroup.subtree_control", strings.Join(words, " "))
	_ = g.write(g.v2, "cgroup.procs", strconv.Itoa(os.Getpid()))
	_ = os.Remove(g.own)
}
