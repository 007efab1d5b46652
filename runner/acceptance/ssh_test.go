package acceptance

import (
	"brood/jobs/jobtest/needs"
	"brood/runner/remote/ssh/sshtest"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// logins is a file of hosts, with two slots each.
func logins(t *testing.T, w *sshtest.World, names ...string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "2/%s %s\n", w.Program(), name)
	}
	path := filepath.Join(t.TempDir(), "logins")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSSHFiles works on two hosts over ssh: the files of each record go there and its results come back, and nothing is left there.
func TestSSHFiles(t *testing.T) {
	w := sshtest.New(t, "one", "two")
	dir, state := t.TempDir(), t.TempDir()
	var list strings.Builder
	const n = 20
	for i := range n {
		name := fmt.Sprintf("f%d", i)
		fmt.Fprintln(&list, name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte("what is in "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// One has no file to go with it, and fails for that alone.
	list.WriteString("missing\n")
	cmd := asBrood(t, "run", "exec", "--run", "files", "--ssh-login-file", logins(t, w, "one", "two"), "--transfer", "{}", "--return", "{}.up", "--cleanup",
		"--shell", "-o", "out.csv", "-", "--", "tr a-z A-Z < {} > {}.up; pwd")
	cmd.Dir, cmd.Env, cmd.Stdin = dir, append(os.Environ(), "BROOD_STATE="+state), strings.NewReader(list.String())
	said, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("it ended: %v\n%s", err, said)
	}
	for i := range n {
		text, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("f%d.up", i)))
		if want := strings.ToUpper(fmt.Sprintf("what is in f%d", i)); err != nil || string(text) != want {
			t.Errorf("file %d came back as %q, %v\n%s", i, text, err, said)
		}
	}
	out, err := os.ReadFile(filepath.Join(dir, "out.csv"))
	if err != nil || bytes.Count(out, []byte(",ok,")) != n || !bytes.Contains(out, []byte("missing")) {
		t.Errorf("results: %v\n%s\n%s", err, out, said)
	}
	for _, m := range w.Machines {
		home := m.Home
		waitFor(t, func() bool { return len(sshtest.Processes("HOME="+home)) == 0 }) // sshd takes its time to end a session's shell
		if left, _ := filepath.Glob(filepath.Join(home, "f*")); len(left) > 0 {
			t.Errorf("files left there: %v", left)
		}
	}
}

// TestSSHHostDies kills one of two hosts in the middle of a run of what must not be done twice: the other goes on, and of what the dead one
// had in hand nothing is done again.
func TestSSHHostDies(t *testing.T) {
	needs.Root(t, "as a host that is killed whole has process numbers of its own")
	w := sshtest.New(t, "one", "two")
	dir := t.TempDir()
	effects := filepath.Join(dir, "effects")
	var list strings.Builder
	const n = 120
	for i := range n {
		fmt.Fprintln(&list, i)
	}
	cmd := asBrood(t, "run", "exec", "--run", "dies", "--effect", "once", "--machine-lease", "3s", "--ssh-login-file", logins(t, w, "one", "two"),
		"--shell", "-o", "out.csv", "-", "--", "echo {} >> "+effects+"; sleep 0.1")
	var said bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), "BROOD_STATE="+t.TempDir()), strings.NewReader(list.String()), &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if text, _ := os.ReadFile(effects); bytes.Count(text, []byte("\n")) >= 20 && len(sshtest.Processes("HOME="+w.Machines[1].Home)) > 0 {
			break
		}
		if time.Now().After(end) {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			t.Fatalf("nothing is done\n%s", &said)
		}
	}
	w.Machines[1].Kill()
	_ = cmd.Wait()
	text, err := os.ReadFile(effects)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		seen[line]++
	}
	for line, times := range seen {
		if times > 1 {
			t.Errorf("record %s was done %d times", strings.TrimSpace(line), times)
		}
	}
	out, err := os.ReadFile(filepath.Join(dir, "out.csv"))
	ok, unknown := bytes.Count(out, []byte(",ok,")), bytes.Count(out, []byte(",unknown,"))
	if code := cmd.ProcessState.ExitCode(); err != nil || (code != 0 && code != 3) || ok+unknown != n || unknown > 2 {
		t.Errorf("status %d, %d ok, %d unknown of %d, %v\n%s", code, ok, unknown, n, err, &said)
	}
}
