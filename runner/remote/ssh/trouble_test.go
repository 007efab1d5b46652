package ssh

import (
	"brood/jobs/jobtest/needs"
	"brood/runner/remote/ssh/sshtest"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestRefused: a host whose key is not known, or is another, and one that does not know us, are said to
// be so with what to do, and nothing is changed.
func TestRefused(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newSetup(t, "one")
	known, err := os.ReadFile(s.world.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := os.ReadFile(strings.TrimSuffix(s.world.Config, "ssh_config") + "id.pub")
	address, _, _ := strings.Cut(string(known), " ")
	tests := []struct {
		known string
		list  string
		want  []string
	}{
		{"", "one", []string{"one: its host key is not known here", "Connect once by hand", "ssh -F " + s.world.Config + " one"}},
		{address + " " + string(public), "one", []string{"one: its host key is not the one that is known"}},
		{string(known), "-i /dev/null -o IdentityFile=none one", []string{"Permission denied", "brood asks for no password"}},
		{string(known), "-o HostName=host.invalid one", []string{"host.invalid", "See what this says"}},
		{string(known), "-o NoSuchOption=1 one", []string{"does not take its options", "nosuchoption"}},
	}
	for _, tt := range tests {
		if err := os.WriteFile(s.world.KnownHosts, []byte(tt.known), 0o600); err != nil {
			t.Fatal(err)
		}
		list := tt.list
		if strings.Contains(list, "IdentityFile=none") {
			list = "-F " + keyless(t, s.world.Config) + " one"
		}
		hosts := s.hosts(list)
		_, err := Launch(t.Context(), &hosts[0], s.options)
		var link *LinkError
		if !errors.As(err, &link) {
			t.Errorf("%s: %v", tt.list, err)
			continue
		}
		for _, w := range tt.want {
			if !strings.Contains(strings.ReplaceAll(err.Error(), "-F "+s.world.Config+" -F ", "-F "), w) {
				t.Errorf("%s: %q has no %q", tt.list, err, w)
			}
		}
		if now, _ := os.ReadFile(s.world.KnownHosts); string(now) != tt.known {
			t.Errorf("known_hosts is another: %q", now)
		}
	}
	if got := files(t, s.world.Machines[0].Home); len(got) != 0 {
		t.Errorf("something was left there: %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "brood-ssh-*")); len(left) != 0 {
		t.Errorf("sockets were left here: %q", left)
	}
}

// keyless is a config without a key.
func keyless(t *testing.T, config string) string {
	t.Helper()
	b, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		if !strings.Contains(line, "IdentityFile") {
			out.WriteString(line)
		}
	}
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(out.String()+"\tIdentityFile /nonexistent\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// hears waits for a line that was said or heard.
func (s *setup) hears(what string) string {
	s.t.Helper()
	for deadline := time.After(60 * time.Second); ; {
		select {
		case line := <-s.heard:
			if strings.Contains(line, what) {
				return line
			}
		case <-deadline:
			s.t.Fatalf("nobody says %q", what)
		}
	}
}

// TestLinkLost: an agent outlives its connection, comes back over the next one, and nothing that it
// says meanwhile is lost.
func TestLinkLost(t *testing.T) {
	t.Parallel()
	s := newSetup(t, "one")
	s.there()
	hosts := s.hosts("one")
	a := s.launch(&hosts[0])
	first := s.next()
	s.hears("heard one: the agent begins")
	for round := range 2 {
		first.tell(t, fmt.Sprintf("say before %d", round))
		s.hears(fmt.Sprintf("heard one: before %d", round))
		if s.world.Machines[0].CutAll() == 0 {
			t.Fatal("there was no connection")
		}
		again := s.next()
		if again.id != first.id || again.pid != first.pid {
			t.Errorf("another agent has come: %v %v, was %v %v", again.id, again.pid, first.id, first.pid)
		}
		first = again
	}
	// Another session of the same run finds it, when the first has let go.
	a.Leave()
	if left := sshtest.Processes(s.world.Config); len(left) != 0 {
		t.Errorf("ssh goes on: %v", left)
	}
	a = s.launch(&hosts[0])
	again := s.next()
	if again.pid != first.pid {
		t.Errorf("another agent has come: %v, was %v", again.pid, first.pid)
	}
	s.leave(a, again)
	s.hears("heard one: the agent leaves")
	if got := files(t, s.world.Machines[0].Home); len(got) != 1 {
		t.Errorf("left there: %q", got)
	}
}

// TestPorts: where an agent only knows ports, one that cannot be reached any more is ended, and the
// next one is the same machine.
func TestPorts(t *testing.T) {
	t.Parallel()
	s := newSetup(t, "one")
	s.options.Socket = false
	s.there()
	hosts := s.hosts("one")
	a := s.launch(&hosts[0])
	first := s.next()
	a.mu.Lock()
	a.link.master.child.Signal(syscall.SIGKILL)
	a.mu.Unlock()
	again := s.next()
	if again.id != first.id {
		t.Errorf("another machine has come: %s, was %s", again.id, first.id)
	}
	s.leave(a, again)
}

// TestHostDies: when a machine comes back, the agent is started again in the same folder; tries have
// pauses between them that grow. An agent that dies is started again, one that cannot work is not.
func TestHostDies(t *testing.T) {
	needs.Root(t, "to end a machine")
	t.Parallel()
	s := newSetup(t, "one")
	s.there()
	hosts := s.hosts("one")
	a := s.launch(&hosts[0])
	first := s.next()
	m := s.world.Machines[0]
	m.Kill()
	s.hears("Connection refused; tried again")
	for s.tried() < 3 {
		time.Sleep(10 * time.Millisecond)
	}
	m.Start()
	again := s.next()
	if again.id != first.id {
		t.Errorf("another machine has come: %s, was %s", again.id, first.id)
	}
	again.tell(t, "exit 3")
	s.hears("the agent has died (exit status 3), and is started again")
	again = s.next()
	if again.id != first.id || a.Err() != nil {
		t.Errorf("another machine has come: %s, was %s; %v", again.id, first.id, a.Err())
	}
	s.mu.Lock()
	if !slices.IsSorted(s.tries) || s.tries[0] != 1 {
		t.Errorf("tries %v", s.tries)
	}
	s.mu.Unlock()
	again.tell(t, "exit 78")
	<-a.Ended()
	if err := a.Err(); err == nil || !strings.Contains(err.Error(), "exit status 78") {
		t.Error(err)
	}
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	// It has not left as it should: what it knows stays.
	if got := strings.Join(files(t, m.Home), "\n"); !strings.Contains(got, "/state/id") {
		t.Errorf("its folder has gone: %s", got)
	}
}

func (s *setup) tried() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tries)
}

// TestStop: an agent that does not listen is killed, and what it has started as well.
func TestStop(t *testing.T) {
	t.Parallel()
	s := newSetup(t, "one")
	s.there()
	hosts := s.hosts("one")
	a := s.launch(&hosts[0])
	c := s.next()
	c.tell(t, "deaf")
	if !c.lines.Scan() || c.lines.Text() != "deaf" {
		t.Fatal("it is not deaf")
	}
	home := s.world.Machines[0].Home
	if n := len(sshtest.Processes("HOME=" + home)); n < 3 {
		t.Errorf("%d processes, and the test should see more", n)
	}
	s.stop(a)
	s.hears("was killed")
	s.gone(home)
}

// gone waits until nobody has a directory in its environment or arguments, who is not its sshd.
func (s *setup) gone(home string) {
	s.t.Helper()
	var left map[int]string
	for range 500 {
		left = sshtest.Processes("HOME=" + home)
		if len(left) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Errorf("left there: %v", left)
}

// TestSessions: other programs of the binary can be talked to there.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := newSetup(t, "one")
	s.there()
	hosts := s.hosts("one")
	a := s.launch(&hosts[0])
	c := s.next()
	p, err := a.Session(t.Context(), "cat")
	if err != nil {
		t.Fatal(err)
	}
	all := make([]byte, 256<<10)
	for i := range all {
		all[i] = byte(i * 7)
	}
	go func() { _, _ = p.Write(all) }()
	got := make([]byte, len(all))
	if _, err := io.ReadFull(p, got); err != nil || !slices.Equal(got, all) {
		t.Errorf("other bytes come back: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	s.leave(a, c)
	if _, err := a.Session(t.Context(), "cat"); err == nil {
		t.Error("there is a session with an agent that has ended")
	}
}

// TestToken: it is in no argument and no environment of any process, and in no file, at any time.
func TestToken(t *testing.T) {
	t.Parallel()
	s := newSetup(t, "one")
	s.there()
	hosts := s.hosts("one")
	end := make(chan struct{})
	seen := make(map[int]string)
	looks := 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			looks++
			maps.Copy(seen, sshtest.Processes(s.token))
			select {
			case <-end:
				return
			default:
			}
		}
	})
	a := s.launch(&hosts[0])
	c := s.next()
	close(end)
	wg.Wait()
	if len(seen) > 0 || looks < 2 {
		t.Errorf("looked %d times, saw %v", looks, seen)
	}
	home := s.world.Machines[0].Home
	for _, name := range files(t, home) {
		path, _, _ := strings.Cut(name, " ")
		if info, err := os.Stat(filepath.Join(home, path)); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if b, err := os.ReadFile(filepath.Join(home, path)); err != nil || strings.Contains(string(b), s.token) {
			t.Errorf("%s has it (%v)", path, err)
		}
	}
	if c.token != sumOf(s.token) {
		t.Error("the agent has not got it")
	}
	s.leave(a, c)
}

// TestKilled: when this process is killed its connections end, and the agent goes on; the next session
// of the run finds it.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := newSetup(t, "one")
	s.there()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "launch", s.world.Config, s.options.Run, s.options.Target, s.token)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := s.next()
	if len(sshtest.Processes(s.world.Config)) < 2 {
		t.Error("the test does not see the ssh that there should be")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for range 1000 {
		if len(sshtest.Processes("-F\x00"+s.world.Config)) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if left := sshtest.Processes("-F\x00" + s.world.Config); len(left) > 0 {
		t.Errorf("ssh goes on: %v", left)
	}
	hosts := s.hosts("one")
	a := s.launch(&hosts[0])
	again := s.next()
	if again.pid != first.pid || again.id != first.id {
		t.Errorf("another agent has come: %v %v, was %v %v", again.id, again.pid, first.id, first.pid)
	}
	s.leave(a, again)
}

// TestServers: what a server's settings forbid is said, or done another way.
func TestServers(t *testing.T) {
	for settings, want := range map[string]string{
		"MaxSessions 1": "allows no more sessions in one connection",
		"AllowTcpForwarding no\nAllowStreamLocalForwarding no": "its sshd forwards no ports",
		"AllowStreamLocalForwarding no":                        "",
		"ForceCommand echo go away":                            "the connection was closed",
		"PermitOpen none\nX11Forwarding no":                    "",
	} {
		t.Run(strings.ReplaceAll(settings, "\n", ", "), func(t *testing.T) {
			t.Parallel()
			s := newSetupIn(t, sshtest.With(t, settings, "one"))
			s.there()
			hosts := s.hosts("one")
			a, err := Launch(t.Context(), &hosts[0], s.options)
			if want != "" {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			s.leave(a, s.next())
		})
	}
}
