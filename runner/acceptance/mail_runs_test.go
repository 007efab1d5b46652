package acceptance

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// mailing is a run of the job email with a folder of its own.
type mailing struct {
	t      *testing.T
	dir    string
	server string // user@host:port, without TLS
	args   []string
	out    string // the results of the run begun last
}

func newMailing(t *testing.T, server string, args ...string) *mailing {
	return &mailing{t: t, dir: t.TempDir(), server: server, args: args}
}

func (m *mailing) path(name string) string { return filepath.Join(m.dir, name) }

// list writes the dataset: rows of email,name.
func (m *mailing) list(addresses ...string) {
	m.t.Helper()
	var b strings.Builder
	b.WriteString("email,name\n")
	for _, a := range addresses {
		fmt.Fprintf(&b, "%s,Name\n", a)
	}
	m.write("in.csv", b.String())
}

func (m *mailing) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(m.path(name), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// run gives each run a results file of its own, as one that holds those of another is kept.
func (m *mailing) run(name string, more ...string) (code int, said string) {
	m.t.Helper()
	m.out = m.path(name + ".csv")
	args := slices.Concat([]string{
		"run", "email", "--run", name, "--tls", "never", "--transport", "smtp://" + m.server, "--return-path", "r@x.example", "--verp",
		"--from", "me@x.example", "--subject", "Hello {{.name}}", "--text", atRoot("testdata/mail/short.txt"), "-o", m.out, m.path("in.csv"),
	}, m.args, more)
	return m.brood(args...)
}

func (m *mailing) brood(args ...string) (code int, said string) {
	m.t.Helper()
	cmd := m.command(args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (m *mailing) command(args ...string) *exec.Cmd {
	cmd := asBrood(m.t, args...)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+m.path("state"), "BROOD_SMTP_PASSWORD=right")
	return cmd
}

// rows are the results of the run begun last: for each recipient status, email_status, class, phase and
// code.
func (m *mailing) rows() map[string]string {
	m.t.Helper()
	out := make(map[string]string)
	for _, row := range readCSV(m.t, m.out) {
		out[row["email"]] = strings.Join([]string{row["_status"], row["email_status"], row["_class"], row["phase"], row["smtp_code"]}, " ")
	}
	return out
}

// TestMail hands messages to a real server that refuses them, or drops the
// connection, in every phase: each record says what became of it, none is in
// twice, and only what was lost after the final dot is unknown.
func TestMail(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	// By what stands before the @: status, email_status, class, phase, code.
	want := map[string]string{
		"rcpt-550-5.1.1": "failed bounced bounce rcpt 550", "rcpt-550-5.1.2": "failed bounced bounce rcpt 550",
		"rcpt-550-5.1.10": "failed bounced bounce rcpt 550", "rcpt-550-5.4.4": "failed bounced bounce rcpt 550",
		"rcpt-550-5.2.1": "failed bounced bounce rcpt 550", "rcpt-550": "failed bounced reply rcpt 550",
		"rcpt-550-5.7.1": "failed bounced policy rcpt 550", "mail-554-5.7.1": "failed deferred sender mail 554",
		"dot-554-5.7.26": "failed bounced policy dot 554", "dot-550-5.7.1": "failed bounced policy dot 550",
		"rcpt-450-4.2.0": "failed deferred greylisted rcpt 450", "rcpt-451-4.3.0": "failed deferred greylisted rcpt 451",
		"rcpt-450-4.2.1": "failed deferred greylisted rcpt 450", "dot-451-4.7.1": "failed deferred greylisted dot 451",
		"rcpt-452-4.5.3": "failed deferred busy rcpt 452", "rcpt-452-4.2.2": "failed deferred full rcpt 452",
		"rcpt-552-5.2.2": "failed deferred full rcpt 552", "dot-552-5.3.4": "failed bounced content dot 552",
		"dot-552": "failed bounced content dot 552", "dot-554": "failed bounced reply dot 554",
		"mail-drop": "failed deferred connect mail ", "rcpt-drop": "failed deferred connect rcpt ",
		"dot-drop": "unknown unknown connect dot ", "taken-drop": "unknown unknown connect dot ",
		"after-drop": "ok sent  dot 250",
	}
	m := newMailing(t, "ada@"+address, "-j", "2", "--retries", "0", "--breaker", "0")
	var list []string
	for local := range want {
		// A domain of its own, as some answers hold up the whole of it.
		list = append(list, local+"@"+local+".example")
		for range 8 {
			list = append(list, fmt.Sprintf("good%d@d%d.example", len(list), len(list)))
		}
	}
	m.list(list...)
	if code, said := m.run("right"); code != 3 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := m.rows()
	for _, to := range list {
		local, _, _ := strings.Cut(to, "@")
		w, special := want[local]
		if !special {
			w = "ok sent  dot 250"
		}
		got, sent := rows[to], s.taken[to]
		if got != w {
			t.Errorf("%s: %q, want %q", to, got, w)
		}
		if ok := strings.HasPrefix(got, "ok"); ok && sent != 1 || strings.HasPrefix(got, "failed") && sent != 0 || sent > 1 {
			t.Errorf("%s is %q, and was taken %d times", to, got, sent)
		}
	}
	for _, row := range readCSV(t, m.out) {
		if len(row["message_id"]) < 32 || row["mx_host"] != "127.0.0.1" {
			t.Errorf("%s: message_id %q, mx_host %q", row["email"], row["message_id"], row["mx_host"])
		}
	}
	t.Logf("%d messages over %d connections", len(s.taken), s.connections)
	if s.connections > 2*len(want) {
		t.Errorf("%d connections for %d messages", s.connections, len(list))
	}
}

// TestMailHost: a server that sends everybody away, or is not there, is left
// alone for a while, and that is said.
func TestMailHost(t *testing.T) {
	t.Parallel()
	_, address := serveMail(t)
	m := newMailing(t, address, "-j", "4", "--retries", "0", "--max-per-connection", "1")
	m.list("mail-421-4.3.2@a.example", "rcpt-421-4.3.2@b.example", "data-421@c.example", "dot-421@d.example")
	code, said := m.run("r421")
	if code != 1 || !strings.Contains(said, "nothing new is begun for 10s") {
		t.Errorf("exit status %d\n%s", code, said)
	}
	rows := m.rows()
	for to, phase := range map[string]string{"mail-421-4.3.2@a.example": "mail", "rcpt-421-4.3.2@b.example": "rcpt", "dot-421@d.example": "dot"} {
		if got, want := rows[to], "failed deferred busy "+phase+" 421"; got != want {
			t.Errorf("%s: %q, want %q", to, got, want)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.server = l.Addr().String()
	_ = l.Close()
	m.list("a@a.example")
	code, said = m.run("refused")
	if got := m.rows()["a@a.example"]; code != 1 || got != "failed deferred connect connect " {
		t.Errorf("exit status %d, %q\n%s", code, got, said)
	}
}

// TestMailAbort: what is wrong with the sender stops the run, which goes on when
// that is mended.
func TestMailAbort(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	s.quota = true
	m := newMailing(t, address, "-j", "1")
	m.list("a@a.example", "b@b.example")
	m.write("wrong", "wrong\n")
	for name, c := range map[string]struct{ server, file, want string }{
		"r535": {"ada@" + address, m.path("wrong"), "535 5.7.8"},
		"r534": {"weak@" + address, "", "534 5.7.9"},
		"r530": {address, "", "530 5.7.0"},
	} {
		m.server = c.server
		if name == "r530" {
			m.list("mail-530-5.7.0@a.example")
		}
		code, said := m.run(name, "--password-file", c.file)
		if code != 4 || !strings.Contains(said, c.want) || strings.Contains(said, "wrong") {
			t.Errorf("%s: exit status %d\n%s", name, code, said)
		}
	}
	m.list("a@a.example", "b@b.example")
	m.server = address
	if code, said := m.run("quota"); code != 4 || !strings.Contains(said, "Daily message quota") {
		t.Errorf("exit status %d\n%s", code, said)
	}
	s.mu.Lock()
	s.quota = false
	s.mu.Unlock()
	if code, said := m.brood("resume", "quota"); code != 0 {
		t.Errorf("exit status %d\n%s", code, said)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) != 2 || s.taken["a@a.example"] != 1 || s.taken["b@b.example"] != 1 {
		t.Errorf("taken: %v", s.taken)
	}
}

// TestMailAgain: a throttle costs no try, recipients are split where the server
// takes only some at a time, and one domain that wants to wait holds up that domain
// and no other, but greylisting by that name its record alone.
func TestMailAgain(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	s.most = 2
	m := newMailing(t, address, "-j", "2", "--retries", "0", "--use-columns", "cc")
	m.write("in.csv", "email,name,cc\nquick-1@a.example,N,\nboss@b.example,N,\"x@b.example, y@b.example, z@b.example\"\n")
	if code, said := m.run("again"); code != 0 {
		t.Errorf("exit status %d\n%s", code, said)
	}
	s.mu.Lock()
	for _, to := range []string{"quick-1@a.example", "boss@b.example", "x@b.example", "y@b.example", "z@b.example"} {
		if s.taken[to] != 1 {
			t.Errorf("%s was sent %d messages", to, s.taken[to])
		}
	}
	if n := len(s.tries["quick-1@a.example"]); n != 3 {
		t.Errorf("the throttled message was tried %d times", n)
	}
	s.mu.Unlock()
	for _, row := range readCSV(t, m.out) {
		if row["_attempts"] != "1" {
			t.Errorf("%s took %s attempts", row["email"], row["_attempts"])
		}
	}
	m.list("later-1@a.example", "two@a.example", "grey-1@b.example", "two@b.example", "three@c.example")
	cmd := m.command("run", "email", "--run", "grey", "-j", "1", "--retries", "1", "--tls", "never", "--transport", "smtp://"+address,
		"--from", "me@x.example", "--subject", "x", "--text", atRoot("testdata/mail/short.txt"), "-o", m.path("grey.csv"), m.path("in.csv"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.taken["three@c.example"] == 1 && s.taken["two@b.example"] == 1
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 143 {
		t.Errorf("it was not waiting: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tries["two@a.example"]) > 0 || len(s.tries["later-1@a.example"]) != 1 {
		t.Errorf("the domain that wants to wait was tried: %v", s.tries)
	}
	if len(s.tries["grey-1@b.example"]) != 1 {
		t.Errorf("the record that is greylisted was tried: %v", s.tries)
	}
}

// TestMailBreaker: when the sender is refused often enough, it pauses; unknown
// recipients are no reason.
func TestMailBreaker(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	m := newMailing(t, address, "-j", "1", "--retries", "0", "--no-guard", "--breaker", "50%/10 of policy for 1h")
	var list []string
	for i := range 40 {
		list = append(list, fmt.Sprintf("rcpt-550-5.1.1@d%d.example", i))
	}
	for i := range 40 {
		list = append(list, fmt.Sprintf("rcpt-550-5.7.1@e%d.example", i))
	}
	m.list(list...)
	cmd := m.command(slices.Concat([]string{
		"run", "email", "--run", "b", "--tls", "never", "--transport", "smtp://" + address,
		"--from", "me@x.example", "--subject", "x", "--text", atRoot("testdata/mail/short.txt"), m.path("in.csv"),
	}, m.args)...)
	out := &lockedBuffer{}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return strings.Contains(out.String(), "tries failed; paused until") })
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	policy := 0
	for to := range s.tries {
		if strings.Contains(to, "5.7.1") {
			policy++
		}
	}
	if len(s.tries) < 45 || policy > 10 {
		t.Errorf("%d were tried, %d of them after it should have paused\n%s", len(s.tries), policy, out)
	}
}

// TestMailTLS asks for STARTTLS, which is never given up unless somebody says so.
func TestMailTLS(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	m := newMailing(t, address)
	m.list("a@a.example")
	code, said := m.run("tls", "--tls", "required")
	if code != 4 || !strings.Contains(said, "STARTTLS") {
		t.Errorf("exit status %d\n%s", code, said)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) > 0 {
		t.Errorf("%d messages were sent all the same", len(s.taken))
	}
}
