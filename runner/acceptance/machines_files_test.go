package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// hidden runs brood where nothing of a directory is to be seen: in a mount namespace of its own with an empty file system over it.
func hidden(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	flags := []string{"--mount"}
	if os.Geteuid() != 0 {
		flags = []string{"--user", "--map-root-user", "--mount"}
	}
	if out, err := exec.Command("unshare", append(flags, "true")...).CombinedOutput(); err != nil {
		needs.Missing(t, "no mount namespace may be made here: %v %s", err, out)
	}
	words := append(flags, "sh", "-c", `mount -t tmpfs none "$1" && shift && exec "$@"`, "sh", dir, binary)
	return exec.Command("unshare", append(words, args...)...)
}

// listening waits until a run says where machines join, and reads on what it says.
func listening(t *testing.T, cmd *exec.Cmd) (addr string, said func() string) {
	t.Helper()
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	found, done := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(done)
		at := regexp.MustCompile(`machines join at (\S+):`)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			all.WriteString(lines.Text() + "\n")
			if m := at.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case found <- m[1]:
				default:
				}
			}
		}
	}()
	said = func() string { <-done; return all.String() }
	select {
	case addr = <-found:
	case <-done:
		_ = cmd.Wait()
		t.Fatalf("the run has ended: %s", all.String())
	}
	return addr, said
}

// TestMachinesWithoutTheFiles: mails are made on a machine that has neither the template, nor the list of whom not to write to, nor the
// password; and the password comes to no disk of it.
func TestMachinesWithoutTheFiles(t *testing.T) {
	t.Parallel()
	const secret, records = "pass-word-of-the-run-4711", 40
	server, address := serveMail(t)
	server.password = secret
	m := newMailing(t, "ada@"+address)
	var list []string
	for i := range records {
		list = append(list, fmt.Sprintf("p%d@d%d.example", i, i))
	}
	m.list(list...)
	m.write("letter.txt", "From: me@x.example\nSubject: Hello {{.name}}\n\nThe text.\n")
	m.write("gone.txt", "p3@d3.example\nd5.example\n")
	m.write("password", secret+"\n")
	away := t.TempDir() // the other machine's
	m.out = m.path("out.csv")
	run := m.command("run", "email", "--run", "far", "--listen", "127.0.0.1:0", "-j", "0", "--tls", "never", "--transport", "smtp://"+m.server, "--template", m.path("letter.txt"),
		"--suppress", m.path("gone.txt"), "--password-file", m.path("password"), "--rate", "0", "-o", m.out, m.path("in.csv"))
	run.Env = append(os.Environ(), "BROOD_STATE="+m.path("state")) // without the password of other tests
	addr, said := listening(t, run)
	t.Cleanup(func() { _ = run.Process.Kill() }) // it has ended, if all is well
	token, err := m.command("token", "far", "web2").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(away, "token"), token, 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(away, "state")
	join := hidden(t, m.dir, "join", addr, "--token-file", filepath.Join(away, "token"), "-j", "2")
	join.Dir, join.Env = away, append(os.Environ(), "BROOD_STATE="+state)
	var agent bytes.Buffer
	join.Stdout, join.Stderr = &agent, &agent
	if err := join.Start(); err != nil {
		t.Fatal(err)
	}
	log := said()
	if err := run.Wait(); err != nil {
		_ = join.Process.Signal(syscall.SIGKILL)
		_ = join.Wait()
		t.Fatalf("%v\n%s\nthe agent: %s", err, log, agent.String())
	}
	if err := join.Wait(); err != nil {
		t.Fatalf("the agent: %v\n%s", err, agent.String())
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	for i, a := range list {
		if want := map[bool]int{true: 0, false: 1}[i == 3 || i == 5]; server.taken[a] != want {
			t.Errorf("%s got %d mails, want %d", a, server.taken[a], want)
		}
	}
	looked := 0
	err = filepath.WalkDir(state, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		looked++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("the password is in %s", path)
		}
		return err
	})
	if err != nil || looked == 0 {
		t.Errorf("looked at %d files, %v", looked, err)
	}
	if strings.Contains(log+agent.String(), secret) {
		t.Errorf("the password is told:\n%s\n%s", log, agent.String())
	}
}
