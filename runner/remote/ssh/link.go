package ssh

import (
	"brood/runner/proc"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// link is a connection to a host, which is shared by all that goes there (ssh_config(5),
// ControlMaster). It lasts as long as the session that it was made with, whose standard input is
// a pipe of this process: so it ends with this process, however that ends.
type link struct {
	host   *Host
	family *proc.Family
	given  given
	dir    string // the control socket's, which nobody else may look into
	master *program
	found  found
}

// found is what the first session has told of the machine.
type found struct {
	OS, Arch string // as Go calls them
	Dir      string // the agent's folder
	Log      int64  // bytes of its log
	Agent    int    // its process; 0: there is none
	Status   string // of the one before, or empty
	Gzip     bool
}

// LinkError says that a host cannot be reached, or is not reached any more.
type LinkError struct {
	Host   string
	Reason string
	// Advice says what to do; it may be empty.
	Advice string
}

func (e *LinkError) Error() string {
	if e.Advice == "" {
		return e.Host + ": " + e.Reason
	}
	return e.Host + ": " + e.Reason + "\n" + e.Advice
}

// dial connects, and looks what there is.
func dial(ctx context.Context, h *Host, family *proc.Family, g given) (_ *link, err error) {
	l := &link{host: h, family: family, given: g}
	if l.dir, err = controlDir(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	settings, err := l.settings(ctx)
	if err != nil {
		return nil, err
	}
	remote, err := command(g.script(probeScript))
	if err != nil {
		return nil, err
	}
	argv := l.argv(append([]string{"ControlMaster=yes", "ControlPersist=no"}, settings...), remote)
	// It lasts longer than this call.
	if l.master, err = start(context.WithoutCancel(ctx), family, argv); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { l.master.child.Signal(9) })
	defer stop()
	if err := l.master.skip(); err != nil {
		return nil, l.refused(ctx)
	}
	if l.found, err = readFound(l.master.Out.ReadString); err != nil {
		return nil, l.refused(ctx)
	}
	return l, nil
}

// controlDir makes a directory for a control socket, whose path may not be long: unix(7) has 108
// bytes for it, and ssh takes 17 of them for a name that it uses at first.
func controlDir() (string, error) {
	const most = 70
	dir := os.TempDir()
	if len(dir) > most {
		dir = "/tmp"
	}
	return os.MkdirTemp(dir, "brood-ssh-") // 0700
}

// socket is the path of the control socket.
func (l *link) socket() string { return filepath.Join(l.dir, "c") }

// argv is an ssh to the host with what the user has said, and what must be so. ssh takes the first
// value that it is given of each setting. Nothing of how hosts are known is changed.
func (l *link) argv(settings []string, command ...string) []string {
	argv := []string{l.host.Program[0]}
	for _, s := range append([]string{
		"ControlPath=" + l.socket(),
		"BatchMode=yes", // there is nobody to ask
		"ClearAllForwardings=yes", "ForwardX11=no", "RemoteCommand=none", "RequestTTY=no", "LogLevel=ERROR", "EscapeChar=none",
	}, settings...) {
		argv = append(argv, "-o", s)
	}
	argv = append(argv, l.host.Program[1:]...)
	argv = append(argv, "--", l.host.Destination)
	return append(argv, command...)
}

// settings are those that the user has left open: that a link which has died is noticed.
func (l *link) settings(ctx context.Context) ([]string, error) {
	argv := l.argv(nil)
	argv = append([]string{argv[0], "-G"}, argv[1:]...)
	p, err := start(ctx, l.family, argv)
	if err != nil {
		return nil, err
	}
	_ = p.In.Close()
	said, _ := io.ReadAll(io.LimitReader(p.Out, 1<<20))
	if err := p.wait(); err != nil {
		return nil, err
	}
	if p.status() != 0 {
		return nil, &LinkError{l.host.Name, fmt.Sprintf("%s does not take its options: %s", l.host.Program[0], p.said.String()), ""}
	}
	var out []string
	for line := range strings.Lines(string(said)) {
		switch strings.TrimSpace(line) {
		case "serveraliveinterval 0":
			out = append(out, "ServerAliveInterval=15", "ServerAliveCountMax=3")
		case "connecttimeout none":
			out = append(out, "ConnectTimeout=30")
		}
	}
	return out, nil
}

// readFound reads what the probe says.
func readFound(readLine func(byte) (string, error)) (f found, err error) {
	for range 100 {
		line, err := readLine('\n')
		if err != nil {
			return f, err
		}
		word, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		switch word {
		case "os":
			f.OS = strings.ToLower(value)
		case "arch":
			f.Arch = goArch(value)
		case "dir":
			f.Dir = value
		case "log":
			f.Log, _ = strconv.ParseInt(value, 10, 64)
		case "agent":
			f.Agent, _ = strconv.Atoi(value)
		case "status":
			f.Status = value
		case "gzip":
			f.Gzip = true
		case "end":
			return f, nil
		}
	}
	return f, errors.New("what the probe says has no end")
}

// goArch is what Go calls an architecture that uname -m names.
func goArch(machine string) string {
	switch machine {
	case "x86_64", "amd64":
		return "amd64"
	case "aarch64", "arm64":
		return "arm64"
	case "i386", "i486", "i586", "i686":
		return "386"
	case "armv6l", "armv7l", "armv8l":
		return "arm"
	case "loongarch64":
		return "loong64"
	default:
		return machine
	}
}

// refused says why there is no connection, by what ssh has said.
func (l *link) refused(ctx context.Context) error {
	l.master.end()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	said, advice := l.master.said.String(), ""
	by := strings.Join(append(append([]string{}, l.host.Program...), l.host.Destination), " ")
	switch {
	case strings.Contains(said, "REMOTE HOST IDENTIFICATION HAS CHANGED"):
		said = "its host key is not the one that is known; another machine may have taken its place"
		advice = "If that is meant, take the old key out of known_hosts, and look at the new one: " + by
	case strings.Contains(said, "Host key verification failed"):
		said = "its host key is not known here (" + said + ")"
		advice = "Connect once by hand and look at the key: " + by
	case strings.Contains(said, "Permission denied"):
		said += "; brood asks for no password"
		advice = "Load a key into ssh-agent, or name one in ssh_config, so that this works: " + by + " true"
	case said == "" && l.master.status() == 73:
		said = "the folder for the agent cannot be made there"
	case said == "":
		said = "the connection was closed (" + l.master.exit.String() + ")"
		fallthrough
	default:
		advice = "See what this says: " + by + " true"
	}
	return &LinkError{l.host.Name, said, advice}
}

// session starts a script there, by the connection that there is and by no other: a proxy that
// does not work keeps ssh from making one.
func (l *link) session(ctx context.Context, body string, g given, args ...string) (*program, error) {
	remote, err := command(l.given.with(g).script(body, args...))
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, l.family, l.argv([]string{"ControlMaster=no", "ProxyCommand=false"}, remote))
	if err != nil {
		return nil, err
	}
	if err := p.skip(); err != nil {
		p.end()
		return nil, l.lost(ctx, p)
	}
	return p, nil
}

// mostSaid is how much a script may answer.
const mostSaid = 8 << 20

// run runs a script to its end, with that as its standard input, and returns what it has said.
func (l *link) run(ctx context.Context, in io.Reader, body string, g given, args ...string) (string, error) {
	p, err := l.session(ctx, body, g, args...)
	if err != nil {
		return "", err
	}
	fed := make(chan error, 1)
	go func() { // ends as the program does, if not before: the pipe breaks
		var err error
		if in != nil {
			_, err = io.Copy(p.In, in)
		}
		_ = p.In.Close()
		fed <- err
	}()
	var said bytes.Buffer
	_, readErr := io.Copy(&said, io.LimitReader(p.Out, mostSaid))
	if readErr != nil || said.Len() == mostSaid {
		p.end()
	}
	waitErr := p.wait()
	fedErr := <-fed
	switch status := p.status(); {
	case waitErr != nil:
		return "", waitErr
	case status == 255 || status < 0:
		return "", l.lost(ctx, p)
	case status != 0:
		return "", fmt.Errorf("%s: %s (exit status %d)", l.host.Name, p.said.String(), status)
	case readErr != nil || fedErr != nil:
		return "", errors.Join(readErr, fedErr)
	}
	return said.String(), nil
}

// lost says why a session has not come about.
func (l *link) lost(ctx context.Context, p *program) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	said := p.said.String()
	if strings.Contains(said, "refused by peer") {
		return &LinkError{l.host.Name, "its sshd allows no more sessions in one connection (" + said + ")", "Raise MaxSessions in its sshd_config; brood needs 3, and up to 7 to carry files."}
	}
	if said == "" {
		said = p.exit.String()
	}
	return &LinkError{l.host.Name, "the connection was lost: " + said, ""}
}

// control tells the connection something; it answers with a line, if at all. What the user's
// ssh_config forwards is not forwarded once more.
func (l *link) control(ctx context.Context, args ...string) (string, error) {
	argv := append([]string{l.host.Program[0], "-F", "none", "-o", "LogLevel=ERROR", "-S", l.socket()}, args...)
	p, err := start(ctx, l.family, append(argv, "--", l.host.Destination))
	if err != nil {
		return "", err
	}
	_ = p.In.Close()
	said, _ := io.ReadAll(io.LimitReader(p.Out, 1<<10))
	if err := p.wait(); err != nil {
		return "", err
	}
	if p.status() != 0 {
		return "", l.lost(ctx, p)
	}
	return strings.TrimSpace(string(said)), nil
}

// forward makes target, of this machine, reachable there. By a socket of the agent's folder, if it
// can be: its name is the same in the next connection, for which an agent may be waiting. Else by
// the port, 0 for any.
func (l *link) forward(ctx context.Context, target string, socket bool, port int) (addr string, err error) {
	const longest = 100 // bytes that unix(7) has for a path on every system
	if path := l.found.Dir + "/socket"; socket && len(path) <= longest && !strings.ContainsAny(path, ": \\[]") {
		if _, err = l.control(ctx, "-O", "forward", "-R", path+":"+target); err == nil {
			return "unix:" + path, nil
		}
	}
	said, err := l.control(ctx, "-O", "forward", "-R", fmt.Sprintf("127.0.0.1:%d:%s", port, target))
	if err != nil && port != 0 {
		return l.forward(ctx, target, false, 0) // somebody has it
	}
	if err != nil {
		return "", &LinkError{l.host.Name, "its sshd forwards no ports: " + err.Error(), "AllowTcpForwarding, or AllowStreamLocalForwarding, must allow remote ones in its sshd_config."}
	}
	if port == 0 {
		if port, err = strconv.Atoi(said); err != nil || port < 1 || port > 65535 {
			return "", fmt.Errorf("%s: ssh does not say which port it forwards, but %q; OpenSSH 5.2 or later is needed", l.host.Name, said)
		}
	}
	return "127.0.0.1:" + strconv.Itoa(port), nil
}

// close ends the connection and what goes over it.
func (l *link) close() {
	if l.master != nil {
		_ = l.master.In.Close()
		l.master.end()
	}
	_ = os.RemoveAll(l.dir)
}
