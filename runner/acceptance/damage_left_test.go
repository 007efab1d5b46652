package acceptance

import (
	"brood/runner/proc"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// make has two sessions, the second of which ends as the plan says, and copies what there
// is in between and at the end.
func (p *damagePlan) make(t *testing.T) *leftRun {
	t.Helper()
	dir := t.TempDir()
	l := &leftRun{damagePlan: p, input: filepath.Join(dir, "in.csv"), exe: filepath.Join(dir, "broodtest")}
	for to, name := range map[*string]string{&l.place: "place", &l.final: "final", &l.mid: "mid", &l.before: "before"} {
		*to = filepath.Join(dir, name)
	}
	exe, err := os.Executable()
	if err == nil {
		err = os.Symlink(exe, l.exe)
	}
	if err == nil {
		err = os.Mkdir(l.place, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.writeInput(t)
	args := []string{
		"run", "effect", l.input, "--format", "csv", "--run", "d", "-o", l.at("out.csv"), "--key", "id",
		"-j", strconv.Itoa(damageSlots), "--effect", l.effect, "--backoff", "1ms..20ms", "--max-crashes", "1000",
	}
	if l.from != fromFile {
		args[2] = "-"
	}
	if l.from == fromStdin {
		args = append(args, "--once-per", "camp")
	}
	first := l.begin(t, args...)
	first.waitForEffects(t, damageRecords/5)
	first.stop(t, leftTerm)
	replace(t, l.place, l.before)
	second := l.begin(t, "resume", "d")
	second.waitForEffects(t, damageRecords/2)
	replace(t, l.place, l.mid)
	second.waitForEffects(t, damageRecords*3/4)
	second.stop(t, l.state)
	replace(t, l.place, l.final)
	if l.state == leftDone {
		l.todo = make(map[string]bool)
		for _, row := range readCSV(t, l.at("out.csv")) {
			if s := row["_status"]; s == "failed" || s == "unknown" {
				l.todo[row["id"]] = true
			}
		}
	}
	return l
}

func (l *leftRun) writeInput(t *testing.T) {
	t.Helper()
	var data strings.Builder
	data.WriteString("id\n")
	for i := range damageRecords {
		fmt.Fprintf(&data, "r%d\n", i)
	}
	if err := os.WriteFile(l.input, []byte(data.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (l *leftRun) environment(more ...string) []string {
	return append(append(os.Environ(), "BROOD_STATE="+l.at("state"), "BROOD_TEST_EFFECTS="+l.at("effects")), more...)
}

// damageSession is a session that is to be stopped.
type damageSession struct {
	*leftRun
	cmd    *exec.Cmd
	stderr bytes.Buffer
	stdin  *os.File // that is kept open; nil: it is the dataset
	done   chan struct{}
}

// begin starts a session in which records take their time.
func (l *leftRun) begin(t *testing.T, args ...string) *damageSession {
	t.Helper()
	s := &damageSession{leftRun: l, cmd: exec.Command(l.exe, args...), done: make(chan struct{})}
	s.cmd.Env, s.cmd.Stderr = l.environment("BROOD_TEST_EFFECT_PAUSE=8ms"), &s.stderr
	var err error
	var in *os.File
	if l.from == fromPipe {
		if in, s.stdin, err = os.Pipe(); err == nil {
			var b []byte
			if b, err = os.ReadFile(l.input); err == nil {
				_, err = s.stdin.Write(b)
			}
		}
	} else {
		in, err = os.Open(l.input)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdin = in
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	go func() { _ = s.cmd.Wait(); close(s.done) }()
	return s
}

// waitForEffects waits until so many records have had their effect.
func (s *damageSession) waitForEffects(t *testing.T, n int) {
	t.Helper()
	waitFor(t, func() bool {
		b, _ := os.ReadFile(s.at("effects"))
		select {
		case <-s.done:
			t.Fatalf("%v ended with status %d\n%s", s.cmd.Args[1:], s.cmd.ProcessState.ExitCode(), &s.stderr)
		default:
		}
		return bytes.Count(b, []byte("\n")) >= n
	})
}

// stop has the session end in a state, and waits for its workers as well.
func (s *damageSession) stop(t *testing.T, state string) {
	t.Helper()
	pid, want := s.cmd.Process.Pid, -1
	switch state {
	case leftParent:
		_ = syscall.Kill(pid, syscall.SIGKILL)
	case leftTree:
		killTree(pid)
	case leftTerm:
		want = 128 + int(syscall.SIGTERM)
		_ = syscall.Kill(pid, syscall.SIGTERM)
	case leftDone:
		want = 1 // some are refused
	}
	<-s.done
	if s.stdin != nil {
		_ = s.stdin.Close()
	}
	if code := s.cmd.ProcessState.ExitCode(); code != want {
		t.Fatalf("%v ended with status %d, want %d\n%s", s.cmd.Args[1:], code, want, &s.stderr)
	}
	f, err := proc.OpenLock(s.at(damageRun + "workers.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	waitFor(t, func() bool { return proc.TryLock(f) == nil })
}
