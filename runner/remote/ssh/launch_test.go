package ssh

import (
	"brood/runner/proc"
	"brood/runner/remote/ssh/sshtest"
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func ignoreTerm() { signal.Ignore(syscall.SIGTERM) }

// family is the only one of this process.
var family = sync.OnceValues(proc.NewFamily)

// coordinator is what agents come to.
type coordinator struct {
	t      *testing.T
	listen net.Listener
	came   chan *came
}

// came is an agent that has said who it is.
type came struct {
	id, pid, token, dir string
	net.Conn
	lines *bufio.Scanner
}

func (c *came) tell(t *testing.T, what string) {
	t.Helper()
	if _, err := fmt.Fprintln(c, what); err != nil {
		t.Fatal(err)
	}
}

func newCoordinator(t *testing.T) *coordinator {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &coordinator{t, l, make(chan *came, 100)}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go func() {
				lines := bufio.NewScanner(conn)
				if lines.Scan() {
					a := &came{Conn: conn, lines: lines}
					_, _ = fmt.Sscan(lines.Text(), &a.id, &a.pid, &a.token, &a.dir)
					c.came <- a
				}
			}()
		}
	}()
	return c
}

// next is the next agent that comes.
func (c *coordinator) next() *came {
	c.t.Helper()
	select {
	case a := <-c.came:
		return a
	case <-time.After(60 * time.Second):
		c.t.Fatal("no agent comes")
		return nil
	}
}

// setup is one test's.
type setup struct {
	*coordinator
	world   *sshtest.World
	token   string
	options Options
	mu      sync.Mutex
	said    []string // what was said, and heard
	tries   []int
	heard   chan string
}

func newSetup(t *testing.T, names ...string) *setup {
	t.Helper()
	return newSetupIn(t, sshtest.New(t, names...))
}

func newSetupIn(t *testing.T, world *sshtest.World) *setup {
	t.Helper()
	f, err := family()
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &setup{coordinator: newCoordinator(t), world: world, token: rand.Text() + rand.Text(), heard: make(chan string, 1000)}
	note := func(kind string) func(*Host, string) {
		return func(h *Host, line string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.said = append(s.said, time.Now().Format("05.000 ")+kind+" "+h.Name+": "+line)
			select {
			case s.heard <- kind + " " + h.Name + ": " + line:
			default:
			}
		}
	}
	s.options = Options{
		Family: f, Run: "r" + strings.ToLower(rand.Text()[:8]), Target: s.listen.Addr().String(), Socket: true,
		Binaries: &Binaries{Paths: map[string]string{runtime.GOOS + "/" + runtime.GOARCH: exe}},
		Command:  joining,
		Token:    []byte(s.token), Grace: 2 * time.Second, Say: note("say"), Heard: note("heard"),
		Pause: func(try int) time.Duration {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.tries = append(s.tries, try)
			return 10 * time.Millisecond
		},
	}
	t.Cleanup(func() {
		if t.Failed() {
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Logf("%s", strings.Join(s.said, "\n"))
		}
	})
	return s
}

// hosts reads a list that is written for the machines of the test.
func (s *setup) hosts(list string) []Host {
	s.t.Helper()
	var lines []string
	for _, h := range strings.Split(list, ",") {
		lines = append(lines, s.world.Program()+" "+h)
	}
	all, err := ParseHosts("list", strings.Join(lines, "\n"))
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// there puts the binary where it would be copied to, for tests that are not about that.
func (s *setup) there() {
	s.t.Helper()
	exe := s.options.Binaries.Paths[runtime.GOOS+"/"+runtime.GOARCH]
	b, err := readBinary(exe)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range s.world.Machines {
		dir := filepath.Join(m.Home, ".cache/brood", b.hash)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			s.t.Fatal(err)
		}
		if err := os.Symlink(exe, filepath.Join(dir, "brood")); err != nil {
			s.t.Fatal(err)
		}
	}
}

// launch starts an agent.
func (s *setup) launch(h *Host) *Agent {
	s.t.Helper()
	a, err := Launch(s.t.Context(), h, s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// stop ends an agent at once.
func (s *setup) stop(a *Agent) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := a.Stop(ctx); err != nil {
		s.t.Error(err)
	}
}

// leave has an agent leave as it should.
func (s *setup) leave(a *Agent, c *came) {
	s.t.Helper()
	c.tell(s.t, "leave")
	if err := a.Stop(context.Background()); err != nil {
		s.t.Error(err)
	}
}

// files are those beneath a directory, with their modes.
func files(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			all = append(all, rel+" "+info.Mode().String())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLaunch: agents are started on two machines, with the binary and the port, and leave nothing
// but the binary. It is copied once, and again when it is not what it should be.
func TestLaunch(t *testing.T) {
	t.Parallel()
	s := newSetup(t, "one", "two")
	s.options.Workdir = "..."
	hosts := s.hosts("one/3,two")
	var agents []*Agent
	var ids []string
	all := make(map[string]*came)
	for i := range hosts {
		agents = append(agents, s.launch(&hosts[i]))
		c := s.next()
		if c.token != sumOf(s.token) {
			t.Errorf("it has another token")
		}
		if want := filepath.Join(s.world.Machines[i].Home, ".local/state/brood/agents", s.options.Run+"-"+hosts[i].ID(), "work"); c.dir != want {
			t.Errorf("it works in %s, want %s", c.dir, want)
		}
		ids, all[hosts[i].Name] = append(ids, c.id), c
	}
	if ids[0] == ids[1] {
		t.Error("two machines are one")
	}
	exe, _ := os.ReadFile(s.options.Binaries.Paths[runtime.GOOS+"/"+runtime.GOARCH])
	hash := sumOf(string(exe))
	for i, a := range agents {
		s.leave(a, all[hosts[i].Name])
		home := s.world.Machines[i].Home
		if got := files(t, home); !slices.Equal(got, []string{".cache/brood/" + hash + "/brood -rwxr-xr-x"}) {
			t.Errorf("%s has %q", hosts[i].Name, got)
		}
	}
	copied := func() (n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, line := range s.said {
			if strings.Contains(line, "was copied") {
				n++
			}
		}
		return n
	}
	if n := copied(); n != 2 {
		t.Errorf("copied %d times", n)
	}
	path := filepath.Join(s.world.Machines[0].Home, ".cache/brood", hash, "brood")
	a := s.launch(&hosts[0])
	s.leave(a, s.next())
	if n := copied(); n != 2 {
		t.Errorf("copied %d times, though it was there", n)
	}
	for i, harm := range []func() error{
		func() error { return os.Truncate(path, 1000) },
		func() error { return os.Chmod(path, 0o600) },
		func() error { // the same size
			exe[len(exe)/2] ^= 1
			return os.WriteFile(path, exe, 0o755)
		},
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		a := s.launch(&hosts[0])
		s.leave(a, s.next())
		if n := copied(); n != 3+i {
			t.Errorf("copied %d times, want %d", n, 3+i)
		}
	}
	if b, err := os.ReadFile(path); err != nil || sumOf(string(b)) != hash {
		t.Errorf("the binary is another: %v", err)
	}
}

// TestTogether: several runs that start at a time at a machine where nothing is do not harm each other.
func TestTogether(t *testing.T) {
	t.Parallel()
	s := newSetup(t, "one")
	hosts := s.hosts("one")
	const n = 4
	agents := make([]*Agent, n)
	var wg sync.WaitGroup
	for i := range agents {
		wg.Go(func() {
			o := s.options
			o.Run += fmt.Sprintf("-%d", i)
			var err error
			if agents[i], err = Launch(t.Context(), &hosts[0], o); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for range agents {
		s.next().tell(t, "leave")
	}
	for _, a := range agents {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	if got := files(t, s.world.Machines[0].Home); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
