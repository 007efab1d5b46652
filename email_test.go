package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer does to each message what the recipient's address says:
// PHASE-CODE-ENHANCED@… is refused so, PHASE-drop@… loses the connection, and
// anything else is taken. The phase "taken" is after the message has been taken.
type mailServer struct {
	mu          sync.Mutex
	taken       map[string]int // messages by recipient
	connections int
}

func (s *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
	return &mailSession{server: s, conn: c}, nil
}

type mailSession struct {
	server *mailServer
	conn   *smtp.Conn
	to     []string
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnsupported
	}
	plain := sasl.NewPlainServer(func(_, user, password string) error {
		if user != "ada" || password != "right" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "bad credentials"}
		}
		return nil
	})
	return plain, nil
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error { s.to = nil; return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return s.obey("rcpt", to)
}

func (s *mailSession) Data(r io.Reader) error {
	if err := s.obey("data", s.to[0]); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if err := s.obey("dot", s.to[0]); err != nil {
		return err
	}
	s.server.mu.Lock()
	for _, to := range s.to {
		s.server.taken[to]++
	}
	s.server.mu.Unlock()
	return s.obey("taken", s.to[0])
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

// obey does what an address says about a phase.
func (s *mailSession) obey(phase, to string) error {
	local, _, _ := strings.Cut(to, "@")
	words := strings.SplitN(local, "-", 3)
	if words[0] != phase || len(words) < 2 {
		return nil
	}
	if words[1] == "drop" {
		_ = s.conn.Conn().Close()
		return errors.New("dropped")
	}
	code, _ := strconv.Atoi(words[1])
	e := &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "as you say"}
	if len(words) > 2 {
		_, _ = fmt.Sscanf(words[2], "%d.%d.%d", &e.EnhancedCode[0], &e.EnhancedCode[1], &e.EnhancedCode[2])
	}
	return e
}

func serveMail(t *testing.T) (*mailServer, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{taken: make(map[string]int)}
	server := smtp.NewServer(s)
	server.AllowInsecureAuth = true
	server.ErrorLog = silent{}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return s, l.Addr().String()
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// TestMail hands messages to a real server that refuses them, or drops the
// connection, in every phase: each record says what became of it, none is in
// twice, and only what was lost after the final dot is unknown.
func TestMail(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	dir := t.TempDir()
	want := map[string]string{ // status, email_status, class, phase, code
		"rcpt-550-5.1.1@x.example": "failed bounced bounce rcpt 550",
		"rcpt-550-5.7.1@x.example": "failed bounced policy rcpt 550",
		"rcpt-450-4.2.0@x.example": "failed deferred greylisted rcpt 450",
		"dot-552-5.3.4@x.example":  "failed bounced content dot 552",
		"dot-554-5.7.26@x.example": "failed bounced policy dot 554",
		"rcpt-drop@x.example":      "failed deferred connect rcpt ",
		"dot-drop@x.example":       "unknown unknown connect dot ",
		"taken-drop@x.example":     "unknown unknown connect dot ",
	}
	var list strings.Builder
	list.WriteString("email,name\n")
	n := 0
	for to := range want {
		for range 20 {
			n++
			fmt.Fprintf(&list, "good%d@x.example,Good\n", n)
		}
		fmt.Fprintf(&list, "%s,Bad\n", to)
	}
	input, output := filepath.Join(dir, "in.csv"), filepath.Join(dir, "out.csv")
	password := filepath.Join(dir, "password")
	for path, text := range map[string]string{input: list.String(), password: "right\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) (int, string) {
		args = append([]string{
			"run", "email", "--run", name, "-j", "2", "--retries", "0", "--tls", "never", "--transport", "smtp://ada@" + address,
			"--from", "me@x.example", "--subject", "Hello {{.name}}", "--text", "testdata/mail/short.txt", "-o", output, input,
		}, args...)
		cmd := asBrood(t, args...)
		cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"), "BROOD_SMTP_PASSWORD=wrong")
		said, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(said)
	}
	if code, said := run("wrong"); code != 4 || !strings.Contains(said, "535") || strings.Contains(said, "wrong\"") {
		t.Errorf("with a wrong password: exit status %d\n%s", code, said)
	}
	code, said := run("right", "--password-file", password)
	if code != 3 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range readCSV(t, output) {
		to := row["email"]
		got := strings.Join([]string{row["_status"], row["email_status"], row["_class"], row["phase"], row["smtp_code"]}, " ")
		if w, ok := want[to]; ok && got != w {
			t.Errorf("%s: %q, want %q (%s)", to, got, w, row["_error"])
		} else if !ok && got != "ok sent  dot 250" {
			t.Errorf("%s: %q (%s)", to, got, row["_error"])
		}
		sent := s.taken[to]
		switch {
		case row["_status"] == "ok" && sent != 1, row["_status"] == "failed" && sent != 0, sent > 1:
			t.Errorf("%s is %s, and was taken %d times", to, row["_status"], sent)
		}
		if len(row["message_id"]) < 32 || row["mx_host"] != "127.0.0.1" {
			t.Errorf("%s: message_id %q, mx_host %q", to, row["message_id"], row["mx_host"])
		}
	}
	t.Logf("%d messages over %d connections", len(s.taken), s.connections)
	if s.connections > 20 {
		t.Errorf("%d connections for %d messages", s.connections, n)
	}
}

// TestMailTLS asks for STARTTLS, which is never given up unless somebody says so.
func TestMailTLS(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	cmd := asBrood(t, "run", "email", "--run", "tls", "--transport", "smtp://"+address, "--template", "testdata/mail/hello.eml", "testdata/mail/people.csv")
	cmd.Env = append(os.Environ(), "BROOD_STATE="+t.TempDir())
	said, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 4 || !strings.Contains(string(said), "STARTTLS") {
		t.Errorf("exit status %d\n%s", code, said)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) > 0 {
		t.Errorf("%d messages were sent all the same", len(s.taken))
	}
}
