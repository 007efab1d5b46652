package proc

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestCensus: a child's use is that of its group and of what it has started in
// other ones.
func TestCensus(t *testing.T) {
	f := newFamily(t)
	a, b := start(t, f, "keep-two"), start(t, f, "linger")
	for a.line(t) != "ready" {
	}
	b.line(t)
	census := f.Census()
	if len(census) != 2 || census[a.PID].Processes != 3 || census[b.PID].Processes != 1 {
		t.Errorf("%+v", census)
	}
	if rss := census[a.PID].RSS; rss <= UsageOf(b.PID).RSS {
		t.Errorf("three processes have %d bytes", rss)
	}
	if tree := TreeUsage(a.PID); tree.Processes != 3 {
		t.Errorf("the tree of the first: %+v", tree)
	}
	f.SignalAll(syscall.SIGKILL)
	wait(t, b)
	if n := wait(t, a).Orphans + f.Sweep(); n != 2 {
		t.Errorf("%d reaped, want the two that the first has started", n)
	}
	if census := f.Census(); len(census) != 0 {
		t.Errorf("of nobody: %+v", census)
	}
	if u := UsageOf(b.PID); u != (Usage{}) {
		t.Errorf("of one that has gone: %+v", u)
	}
}

// TestStatOfOddName: a process may call itself what it likes.
func TestStatOfOddName(t *testing.T) {
	task := "self/task/" + strconv.Itoa(unix.Gettid())
	name := filepath.Join("/proc", task, "comm")
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	self, _ := readStat(strconv.Itoa(os.Getpid()), nil)
	if self.parent != os.Getppid() || self.group != unix.Getpgrp() || self.RSS <= 0 || self.Processes != 1 {
		t.Errorf("%+v", self)
	}
	main := filepath.Join("/proc/self/task", strconv.Itoa(os.Getpid()), "comm")
	if err := os.WriteFile(main, []byte(") R 1 (2 3"), 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.WriteFile(main, old, 0) }()
	odd, _ := readStat(strconv.Itoa(os.Getpid()), nil)
	if odd.parent != self.parent || odd.group != self.group || odd.RSS <= 0 {
		t.Errorf("%+v, want %+v", odd, self)
	}
}

// TestPeak: what wait4 says of a child counts what this process has had; a peak
// that was noted is the child's own.
func TestPeak(t *testing.T) {
	f := newFamily(t)
	held := make([]byte, 64<<20)
	for i := range held {
		held[i] = 1
	}
	before := peakOf("self")
	c := start(t, f, "", func(s *Spec) { s.Path, s.Args = "/bin/sleep", []string{"sleep", "60"} })
	c.NotePeak()
	c.Signal(syscall.SIGKILL)
	if e := wait(t, c); e.MaxRSS <= 0 || e.MaxRSS >= 64<<20 {
		t.Errorf("sleep has had %d bytes, this process %d", e.MaxRSS, before)
	}
	if held[0]+held[len(held)-1] != 2 || before < 64<<20 {
		t.Errorf("this process has had %d bytes", before)
	}
	if n := peakOf("0"); n != 0 {
		t.Errorf("nobody has had %d bytes", n)
	}
}

func TestGlance(t *testing.T) {
	if tasks, free := Glance(); tasks < 2 || free <= 0 {
		t.Errorf("%d tasks, %d bytes free", tasks, free)
	}
	if err := CanCount(); err != nil {
		t.Error(err)
	}
}

// cgroupDir makes a directory that looks like a cgroup.
func cgroupDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestCgroupControllers: a limit needs its controller, and only those that are not
// on yet are turned on.
func TestCgroupControllers(t *testing.T) {
	both := Confinement{Mem: 1, Processes: 1}
	for name, c := range map[string]struct {
		limits     Confinement
		there, on  string
		wrote, err string
	}{
		"both":           {both, "cpuset cpu memory pids", "", "+memory +pids", ""},
		"one is on":      {both, "memory pids\n", "memory", "+pids", ""},
		"both are on":    {both, "memory pids\n", "pids memory\n", "pids memory\n", ""},
		"none is needed": {Confinement{}, "", "", "", ""},
		"one is missing": {both, "memory hugepids", "", "", "no controller for pids"},
		"neither there":  {both, "", "", "", "no controller for memory and pids"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &cgroups{limits: c.limits, v2: cgroupDir(t, map[string]string{"cgroup.controllers": c.there, "cgroup.subtree_control": c.on})}
			err := g.enable()
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v", err)
			}
			b, err := os.ReadFile(filepath.Join(g.v2, "cgroup.subtree_control"))
			if string(b) != c.wrote || err != nil {
				t.Errorf("it holds %q, %v; want %q", b, err, c.wrote)
			}
		})
	}
}

// TestSweepCgroups: those of a brood that has gone are removed, and no others.
func TestSweepCgroups(t *testing.T) {
	f := newFamily(t)
	c := start(t, f, "exit-3")
	wait(t, c)
	dir, me, dead := t.TempDir(), strconv.Itoa(os.Getpid()), strconv.Itoa(c.PID)
	for _, name := range []string{"brood-" + dead + "-1", "brood-" + dead + "-2", "brood-" + me + "-1", "brood-x-1", "brood-parent", dead} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sweepCgroups(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := []string{dead, "brood-" + me + "-1", "brood-parent", "brood-x-1"}
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
}

func TestCgroupEvent(t *testing.T) {
	dir := cgroupDir(t, map[string]string{"no": "low 0\noom 0\noom_kill 3\n", "yes": "oom_group_kill 0\noom 12\n", "other": "xoom 1\n"})
	for name, want := range map[string]bool{"no": false, "yes": true, "other": false, "none": false} {
		if got := event(filepath.Join(dir, name), "oom"); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
