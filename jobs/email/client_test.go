package email

import (
	"brood/jobs/email/reply"
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/textproto"
	"strings"
	"syscall"
	"testing"
	"time"
)

// talk is a server that reads what is expected of it and says what it is told to.
// A line "> text" is said, as it stands and with its line end unless it ends in a
// backslash; "w" waits until the other side has gone; "< text" must be read; "<." reads a message up to its final dot and
// keeps it; "x" closes the connection.
type talk struct {
	t       *testing.T
	script  string
	message string
	held    chan struct{} // at "h" it says so here, and waits until it hears
}

func (k *talk) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	for step := range strings.SplitSeq(strings.TrimSpace(k.script), "\n") {
		step = strings.TrimSpace(step)
		switch {
		case step == "x":
			return
		case step == "h":
			k.held <- struct{}{}
			<-k.held
		case step == "w":
			_, _ = io.Copy(io.Discard, in)
			return
		case step == "<.":
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					k.t.Errorf("the message ends early: %v", err)
					return
				}
				if line == ".\r\n" {
					break
				}
				k.message += line
			}
		case strings.HasPrefix(step, "<"):
			line, err := in.ReadString('\n')
			if want := strings.TrimPrefix(step[1:], " ") + "\r\n"; err != nil || line != want {
				k.t.Errorf("read %q (%v), want %q", line, err, want)
				return
			}
		default:
			text, cut := strings.CutSuffix(step[2:], `\`)
			if !cut {
				text += "\r\n"
			}
			if _, err := c.Write([]byte(text)); err != nil {
				return
			}
		}
	}
	_, _ = in.ReadString('\n') // QUIT, or the end
}

const (
	greeting  = "> 220 mail.example ESMTP\n< EHLO me.example\n> 250-mail.example\n> 250-PIPELINING\n> 250 8BITMIME\n"
	simple    = "> 220 mail.example ESMTP\n< EHLO me.example\n> 250 mail.example\n"
	mailLine  = "< MAIL FROM:<from@x.example> BODY=8BITMIME\n"
	plainMail = "< MAIL FROM:<from@x.example>\n"
)

// TestClient follows conversations, most of which end too soon.
func TestClient(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		to     []string
		at     reply.Phase
		err    string // part of it; empty: sent
		status string // of judge
	}{
		"pipelined":              {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> 250 2.0.0 Ok: queued as 4\n", nil, reply.Dot, "", ""},
		"one by one":             {simple + plainMail + "> 250 ok\n< RCPT TO:<a@x.example>\n> 250 ok\n< DATA\n> 354 go\n<.\n> 250-2.0.0 Ok:\n> 250 2.0.0 queued as 4\n", nil, reply.Dot, "", ""},
		"several recipients":     {greeting + mailLine + "< RCPT TO:<a@x.example>\n< RCPT TO:<\"b c\"@x.example>\n> 250 ok\n> 250 ok\n> 251 ok\n< DATA\n> 354 go\n<.\n> 250 ok\n", []string{"a@x.example", "b c@x.example"}, reply.Dot, "", ""},
		"one of several refused": {greeting + mailLine + "< RCPT TO:<a@x.example>\n< RCPT TO:<b@x.example>\n> 250 ok\n> 250 ok\n> 550 5.1.1 no\n< RSET\n> 250 ok\n", []string{"a@x.example", "b@x.example"}, reply.Rcpt, "550 5.1.1 no", statusBounced},
		"split": {greeting + mailLine + "< RCPT TO:<a@x.example>\n< RCPT TO:<b@x.example>\n> 250 ok\n> 250 ok\n> 452 4.5.3 too many\n< DATA\n> 354 go\n<.\n> 250 ok\n" +
			mailLine + "< RCPT TO:<b@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> 250 ok\n", []string{"a@x.example", "b@x.example"}, reply.Dot, "", ""},
		"split, and half of it fails": {greeting + mailLine + "< RCPT TO:<a@x.example>\n< RCPT TO:<b@x.example>\n> 250 ok\n> 250 ok\n> 452 4.5.3 too many\n< DATA\n> 354 go\n<.\n> 250 ok\n" +
			mailLine + "< RCPT TO:<b@x.example>\n< DATA\n> 250 ok\n> 550 5.1.1 no\n> 503 none\n< RSET\n> 250 ok\n", []string{"a@x.example", "b@x.example"}, reply.Rcpt, "sent to a@x.example, but not to b@x.example", statusUnknown},
		"refused, and yet asked for": {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 550 5.1.1 no\n> 354 go\n", nil, reply.Rcpt, "550 5.1.1 no", statusBounced},
		"sender refused":             {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 553 5.1.8 no\n> 503 no\n> 503 no\n< RSET\n> 250 ok\n", nil, reply.Mail, "553 5.1.8 no", statusDeferred},
		"closed before MAIL":         {greeting + "x", nil, reply.Mail, "EOF", statusDeferred},
		"closed in DATA":             {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\nx", nil, reply.Data, "EOF", statusDeferred},
		"cut in the greeting":        {"> 22\\\nx", nil, reply.Connect, "EOF", statusDeferred},
		"cut after the dot":          {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\nx", nil, reply.Dot, "EOF", statusUnknown},
		"a reply cut in half":        {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> 250 2.0.0 Ok: que\\\nx", nil, reply.Dot, "EOF", statusUnknown},
		"a refusal cut in half":      {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> 550-5.7.1 we\n> 55\\\nx", nil, reply.Dot, "EOF", statusUnknown},
		"garbage after the dot":      {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> hello\n", nil, reply.Dot, "not a reply", statusUnknown},
		"two codes in one reply":     {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> 250-a\n> 550 b\n", nil, reply.Dot, "not a reply", statusUnknown},
		"250 to DATA":                {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 250 ok\n", nil, reply.Data, "not a reply to this", statusDeferred},
		"354 after the dot":          {greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> 354 go\n", nil, reply.Dot, "not a reply", statusUnknown},
		"no extensions":              {"> 220 old\n< EHLO me.example\n> 502 what?\n< HELO me.example\n> 250 ok\n" + plainMail + "> 250 ok\n< RCPT TO:<a@x.example>\n> 250 ok\n< DATA\n> 354 go\n<.\n> 250 ok\n", nil, reply.Dot, "", ""},
		"two codes in the hello":     {"> 220 mail\n< EHLO me.example\n> 250-mail\n> 550 no\n", nil, reply.Connect, "not a reply", statusDeferred},
		"a hello without end":        {"> 220 mail\n< EHLO me.example\n" + strings.Repeat("> 250-SIZE 1\n", 6000), nil, reply.Connect, "more than 65536 bytes", statusDeferred},
		"hello refused":              {"> 220 mail\n< EHLO me.example\n> 554-5.7.1 go\n> 554 5.7.1 away\n< HELO me.example\n> 554 5.7.1 go away\n", nil, reply.Connect, "554 5.7.1 go away", statusDeferred},
		"too large":                  {"> 220 mail\n< EHLO me.example\n> 250-mail\n> 250 SIZE 10\n< RSET\n> 250 ok\n", nil, reply.Mail, "552 5.3.4", statusBounced},
		"greeted with a refusal":     {"> 554 5.7.1 blocked\n", nil, reply.Connect, "554 5.7.1 blocked", statusDeferred},
	} {
		t.Run(name, func(t *testing.T) {
			to := c.to
			if to == nil {
				to = []string{"a@x.example"}
			}
			l, k := converse(t, &server{TLS: "never"}, c.script, to)
			if l.at != c.at || (l.err == nil) != (c.err == "") || (l.err != nil && !strings.Contains(l.err.Error(), c.err) && (c.err != "EOF" || !reset(l.err))) {
				t.Fatalf("%s: %v; want %s: %s", l.at, l.err, c.at, c.err)
			}
			if l.err == nil {
				if want := "Subject: x\r\n\r\n...a line\r\n..two\r\n\r\n....\r\n"; k.message != want && k.message != want+want {
					t.Errorf("the message arrives as %q", k.message)
				}
				return
			}
			if o := judge(l.at, l.err, 1); o.Status != c.status {
				t.Errorf("judged as %s, want %s", o.Status, c.status)
			}
		})
	}
}

// reset reports whether a connection ended in another way than by being closed:
// that is up to what the one that closes it has not read by then.
func reset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

type sentLetter struct {
	text string
	at   reply.Phase
	err  error
}

// converse sends a message to a server with a script.
func converse(t *testing.T, s *server, script string, to []string) (sentLetter, *talk) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return converseUntil(ctx, t, s, script, to)
}

func converseUntil(ctx context.Context, t *testing.T, s *server, script string, to []string) (sentLetter, *talk) {
	t.Helper()
	return converseLetter(ctx, t, s, script, &letter{from: "from@x.example", recipients: to})
}

func converseLetter(ctx context.Context, t *testing.T, s *server, script string, l *letter) (sentLetter, *talk) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	k := &talk{t: t, script: script}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := listener.Accept(); err == nil {
			k.serve(c)
		}
		_ = listener.Close() // another connection is refused
	}()
	s.Network, s.Address, s.Host, s.Hello, s.Auth = "tcp", listener.Addr().String(), "127.0.0.1", "me.example", authAuto
	sender, err := newSender(s)
	if err != nil {
		t.Fatal(err)
	}
	var out sentLetter
	l.message = []byte("Subject: x\r\n\r\n..a line\r\n.two\r\n\r\n...\r\n")
	out.text, out.at, out.err = sender.send(ctx, l)
	_ = sender.close()
	<-done
	return out, k
}

// TestDots compares what is sent of a message with what net/textproto sends.
func TestDots(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 2, 5, 100, 3 * blockBytes} {
		var m []byte
		for len(m) < size {
			m = append(m, []string{".", "\r\n", "a", "..", "\r\n.\r\n", "bc"}[r.IntN(6)]...)
		}
		m = append(m, "\r\n"...)
		var want, got bytes.Buffer
		w := textproto.NewWriter(bufio.NewWriter(&want)).DotWriter()
		if _, err := w.Write(m); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		done := make(chan error)
		go func() {
			_, err := got.ReadFrom(theirs)
			done <- err
		}()
		c := &client{}
		c.use(ours)
		if err := c.message(m); err != nil {
			t.Fatal(err)
		}
		_ = ours.Close()
		if err := <-done; err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%d bytes: %d arrive (%v), want %d", len(m), got.Len(), err, want.Len())
		}
	}
}

// TestLMTP: there is a reply for each recipient after the dot.
func TestLMTP(t *testing.T) {
	hello := "> 220 mail LMTP\n< LHLO me.example\n> 250-mail\n> 250 PIPELINING\n" +
		plainMail + "< RCPT TO:<a@x.example>\n< RCPT TO:<b@x.example>\n> 250 ok\n> 250 ok\n> 250 ok\n< DATA\n> 354 go\n<.\n"
	for script, want := range map[string]string{
		"> 250 ok\n> 250 2.0.0 done\n":                 "",
		"> 250 ok\n> 550 5.2.1 no\n< RSET\n> 250 ok\n": "sent to a@x.example, but not to b@x.example: 550 5.2.1 no",
		"> 450 no\n> 250 ok\n< RSET\n> 250 ok\n":       "sent to b@x.example, but not to a@x.example: 450 no",
		"> 550 no\n> 550 no\n< RSET\n> 250 ok\n":       "a@x.example: 550 no",
		"> 250 ok\nx":                                  "sent to a@x.example, but not to b@x.example: unexpected EOF",
	} {
		l, _ := converse(t, &server{TLS: "never", LMTP: true}, hello+script, []string{"a@x.example", "b@x.example"})
		if got := errorText(l.err); got != want {
			t.Errorf("%q: %q, want %q", script, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestInjected: what somebody puts into the connection before it is encrypted
// does not count as said within.
func TestInjected(t *testing.T) {
	l, _ := converse(t, &server{TLS: "required"}, "> 220 mail\n< EHLO me.example\n> 250-mail\n> 250 STARTTLS\n< STARTTLS\n> 220 go\r\n250 and more\n", []string{"a@x.example"})
	var unsafe *tlsError
	if !errors.As(l.err, &unsafe) {
		t.Errorf("%s: %v", l.at, l.err)
	}
}

// TestToldToStop: whoever is told to stop does, whatever the server does, and what
// was said counts.
func TestToldToStop(t *testing.T) {
	for name, c := range map[string]struct {
		tls, script, err string
		at               reply.Phase
		status           string
	}{
		"silent after RSET":     {"never", simple + plainMail + "> 250 ok\n< RCPT TO:<a@x.example>\n> 550 5.1.1 nobody\n< RSET\nw\n", "550 5.1.1 nobody", reply.Rcpt, statusBounced},
		"silent after STARTTLS": {"required", "> 220 mail\n< EHLO me.example\n> 250-mail\n> 250 STARTTLS\n< STARTTLS\n> 220 go\nw\n", "", reply.Connect, statusDeferred},
		"silent after the dot":  {"never", simple + plainMail + "> 250 ok\n< RCPT TO:<a@x.example>\n> 250 ok\n< DATA\n> 354 go\n<.\nw\n", "", reply.Dot, statusUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			l, _ := converseUntil(ctx, t, &server{TLS: c.tls}, c.script, []string{"a@x.example"})
			if l.at != c.at || l.err == nil || !strings.Contains(l.err.Error(), c.err) || judge(l.at, l.err, 1).Status != c.status {
				t.Errorf("%s: %v", l.at, l.err)
			}
		})
	}
}

// TestLateReply: what a server says of its own accord is not taken for the reply to
// the next message.
func TestLateReply(t *testing.T) {
	once := mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> 250 ok\n"
	c := &client{in: bufio.NewReader(strings.NewReader("250 and another one\r\n"))}
	if _, err := c.in.Peek(1); err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	_ = far.Close()
	c.Conn = near
	s := &sender{server: server{Network: "tcp", Hello: "me.example", TLS: "never"}, conn: c}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			(&talk{t: t, script: greeting + once}).serve(conn)
		}
	}()
	s.Address = listener.Addr().String()
	l := &letter{from: "from@x.example", recipients: []string{"a@x.example"}, message: []byte("Subject: x\r\n\r\n")}
	if _, at, err := s.send(t.Context(), l); err != nil {
		t.Errorf("%s: %v", at, err)
	}
	_ = s.close()
}

// TestAuth proves who one is by each mechanism; the challenge of CRAM-MD5 and the
// answer to it are those of RFC 2195, section 2.
func TestAuth(t *testing.T) {
	for name, c := range map[string]struct{ user, password, auth, script, err string }{
		"plain":    {"tim", "pw", authAuto, "> 250 AUTH LOGIN PLAIN\n< AUTH PLAIN AHRpbQBwdw==\n> 235 ok\n", ""},
		"login":    {"tim", "pw", authAuto, "> 250 AUTH LOGIN\n< AUTH LOGIN\n> 334 VXNlcm5hbWU6\n< dGlt\n> 334 UGFzc3dvcmQ6\n< cHc=\n> 235 ok\n", ""},
		"cram-md5": {"tim", "tanstaaftanstaaf", authAuto, "> 250 AUTH PLAIN CRAM-MD5\n< AUTH CRAM-MD5\n> 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\n< dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\n> 235 ok\n", ""},
		"xoauth2":  {"tim", "tok", "xoauth2", "> 250 AUTH PLAIN XOAUTH2\n< AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgdG9rAQE=\n> 334 e30=\n< \n> 535 5.7.8 no\n", "535 5.7.8 no"},
		"no end":   {"tim", "pw", "xoauth2", "> 250 AUTH XOAUTH2\n< AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgcHcBAQ==\n" + strings.Repeat("> 334 \n< \n", 3) + "> 334 \n", "challenge 4 to AUTH XOAUTH2"},
		"none":     {"tim", "pw", authAuto, "> 250 AUTH XOAUTH2\n", "534 the server does not offer"},
		"wrong":    {"tim", "pw", "plain", "> 250 AUTH PLAIN\n< AUTH PLAIN AHRpbQBwdw==\n> 535 5.7.8 no\n", "535 5.7.8 no"},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = listener.Close() }()
			done := make(chan struct{})
			go func() {
				defer close(done)
				if conn, err := listener.Accept(); err == nil {
					(&talk{t: t, script: "> 220 mail\n< EHLO me.example\n> 250-mail\n" + c.script}).serve(conn)
				}
			}()
			t.Setenv(PasswordVariable, c.password)
			s, err := newSender(&server{Network: "tcp", Address: listener.Addr().String(), Host: "127.0.0.1", Hello: "me.example", TLS: "never", User: c.user, Auth: c.auth})
			if err != nil {
				t.Fatal(err)
			}
			at, err := s.connect(t.Context())
			if (err == nil) != (c.err == "") || (err != nil && (at != reply.Auth || !strings.Contains(err.Error(), c.err))) {
				t.Errorf("%s: %v, want %q", at, err, c.err)
			}
			_ = s.close()
			_ = listener.Close()
			<-done
		})
	}
}
