// Package sshtest has machines that can be reached over ssh, for tests: each is an sshd of its own on
// loopback, with its own keys, port and home directory. For root it has its own process numbers too,
// so that all of it can be killed at a time, as by a cut of the power.
package sshtest

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// World is some machines, and how they are reached.
type World struct {
	// Config is an ssh_config that knows the machines by their names.
	Config string
	// KnownHosts is its known_hosts.
	KnownHosts string
	Machines   []*Machine

	t    testing.TB
	dir  string
	sshd string
}

// Machine is one of them.
type Machine struct {
	Name string
	Home string
	Port int

	world  *World
	config string
	log    string
	cmd    *exec.Cmd
}

// New starts a machine for each name. They end with the test.
func New(t testing.TB, names ...string) *World {
	t.Helper()
	return With(t, "", names...)
}

// With is New with more settings for the servers (sshd_config).
func With(t testing.TB, settings string, names ...string) *World {
	t.Helper()
	w := &World{t: t, sshd: sshd(t), dir: dir(t)}
	w.Config, w.KnownHosts = filepath.Join(w.dir, "ssh_config"), filepath.Join(w.dir, "known_hosts")
	w.key("id")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	var known, config strings.Builder
	for _, name := range names {
		m := &Machine{Name: name, Home: filepath.Join(w.dir, name), Port: freePort(t), world: w}
		m.config, m.log = filepath.Join(w.dir, name+".conf"), filepath.Join(w.dir, name+".log")
		if err := os.Mkdir(m.Home, 0o700); err != nil {
			t.Fatal(err)
		}
		w.write(m.config, fmt.Sprintf(`Port %d
ListenAddress 127.0.0.1
HostKey %s
AuthorizedKeysFile %s
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
PermitRootLogin yes
SetEnv HOME=%s XDG_CACHE_HOME= XDG_STATE_HOME=
%s%s
`, m.Port, w.key(name+".key"), filepath.Join(w.dir, "id.pub"), m.Home, w.besides(), settings))
		public, err := os.ReadFile(filepath.Join(w.dir, name+".key.pub"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&known, "[127.0.0.1]:%d %s", m.Port, public)
		fmt.Fprintf(&config, "Host %s\n\tHostName 127.0.0.1\n\tPort %d\n", name, m.Port)
		w.Machines = append(w.Machines, m)
	}
	fmt.Fprintf(&config, "Host *\n\tUser %s\n\tIdentityFile %s\n\tIdentitiesOnly yes\n\tIdentityAgent none\n\tUserKnownHostsFile %s\n\tGlobalKnownHostsFile none\n\tUpdateHostKeys no\n", me.Username, filepath.Join(w.dir, "id"), w.KnownHosts)
	w.write(w.KnownHosts, known.String())
	w.write(w.Config, config.String())
	for _, m := range w.Machines {
		m.Start()
		t.Cleanup(m.Kill)
	}
	return w
}

// Program is how ssh is called to reach the machines.
func (w *World) Program() string { return "ssh -F " + w.Config }

// dir is a directory with a short name, as sockets lie beneath.
func dir(t testing.TB) string {
	t.Helper()
	path, err := os.MkdirTemp("/tmp", "st")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}

// sshd is the server's program, which the test needs.
func sshd(t testing.TB) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	places := []string{"/usr/sbin/sshd", "/usr/local/sbin/sshd"}
	if root, err := filepath.Abs("."); err == nil && !filepath.IsAbs(here) {
		// Built by -trimpath: the package's directory is below that of go.mod.
		for ; root != "/"; root = filepath.Dir(root) {
			places = append(places, filepath.Join(root, "bin/tools/ssh/openssh-server/usr/sbin/sshd"))
		}
	} else {
		places = append(places, filepath.Join(filepath.Dir(here), "../../../../bin/tools/ssh/openssh-server/usr/sbin/sshd"))
	}
	for _, path := range places {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	needs.Missing(t, "sshd is not installed: make test-tools")
	return ""
}

// besides are settings that newer servers need, of which a part lies beside it.
func (w *World) besides() string {
	var b strings.Builder
	beside := filepath.Join(filepath.Dir(filepath.Dir(w.sshd)), "lib/openssh")
	for name, setting := range map[string]string{"sshd-session": "SshdSessionPath", "sshd-auth": "SshdAuthPath"} {
		if path := filepath.Join(beside, name); !strings.HasPrefix(path, "/usr/") {
			if _, err := os.Stat(path); err == nil {
				fmt.Fprintf(&b, "%s %s\n", setting, path)
			}
		}
	}
	return b.String()
}

// key makes a key pair, and returns its file.
func (w *World) key(name string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path).CombinedOutput(); err != nil {
		w.t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	return path
}

func (w *World) write(path, text string) {
	w.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// AsRoot reports whether a machine has its own process numbers.
func AsRoot() bool { return os.Getuid() == 0 }

// ofItsOwn starts an sshd of root's, which wants a user sshd and /run/sshd: in a world where these are.
const ofItsOwn = `
	set -e
	cp /etc/passwd "$1.passwd"
	grep -q ^sshd: /etc/passwd || echo sshd:x:59022:65534::/run/sshd:/bin/false >>"$1.passwd"
	mount --bind "$1.passwd" /etc/passwd
	mount -t tmpfs tmpfs /run
	mkdir -m 755 /run/sshd
	shift
	exec "$@"`

// Start starts it, at the same port as before, and waits until it answers.
func (m *Machine) Start() {
	t := m.world.t
	t.Helper()
	argv := []string{m.world.sshd, "-D", "-E", m.log, "-f", m.config}
	if AsRoot() {
		argv = append([]string{"unshare", "-m", "--propagation", "private", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", ofItsOwn, "sh", m.config}, argv...)
	}
	m.cmd = exec.Command(argv[0], argv[1:]...)
	var said bytes.Buffer
	m.cmd.Stdout, m.cmd.Stderr = &said, &said
	m.cmd.WaitDelay = time.Second
	if err := m.cmd.Start(); err != nil {
		needs.Programs(t, argv[0])
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(m.Port))
	for range 1000 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	log, _ := os.ReadFile(m.log)
	t.Fatalf("sshd does not start: %s\n%s", said.String(), log)
}

// Kill ends it; for root with all that runs there.
func (m *Machine) Kill() {
	if m.cmd == nil {
		return
	}
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
	m.cmd = nil
}

// Processes are those of the machine whose command line or environment has a text, by their numbers
// as this machine sees them.
func Processes(text string) map[int]string {
	found := make(map[int]string)
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		pid, _ := strconv.Atoi(filepath.Base(name))
		for _, file := range []string{"cmdline", "environ"} {
			if b, err := os.ReadFile(filepath.Join(name, file)); err == nil && bytes.Contains(b, []byte(text)) {
				found[pid] = string(bytes.ReplaceAll(b, []byte{0}, []byte{' '}))
				break
			}
		}
	}
	return found
}

// CutAll ends the connections that there are, as if somebody had cut the cable: the server's process
// for each of them is killed. What was started over them goes on.
func (m *Machine) CutAll() int {
	n := 0
	for pid, line := range Processes("sshd: ") {
		if !strings.HasPrefix(line, "sshd: ") || strings.Contains(line, "[listener]") || !m.owns(pid) {
			continue
		}
		if p, err := os.FindProcess(pid); err == nil && p.Kill() == nil {
			n++
		}
	}
	return n
}

// owns reports whether a process comes from this machine's server.
func (m *Machine) owns(pid int) bool {
	for pid > 1 {
		if m.cmd != nil && pid == m.cmd.Process.Pid {
			return true
		}
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return false
		}
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		pid, _ = strconv.Atoi(fields[1])
	}
	return false
}
