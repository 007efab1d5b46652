package email

import (
	"brood/jobs/email/reply"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	onceLine = mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> 250 ok\n"
	oncePlan = plainMail + "> 250 ok\n< RCPT TO:<a@x.example>\n> 250 ok\n< DATA\n> 354 go\n<.\n> 250 ok\n"
)

// serves has a server talk over one connection after the other, by a script for each, and
// refuse further ones. The channel gets the number of each script that has come to its end,
// from 1. Held is for the scripts' step "h".
func serves(t *testing.T, s *server, held chan struct{}, scripts ...string) (*sender, <-chan int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ends := make(chan int, len(scripts))
	var talks sync.WaitGroup
	talks.Go(func() {
		defer func() { _ = listener.Close() }()
		for i, script := range scripts {
			c, err := listener.Accept()
			if err != nil {
				return // fewer were wanted
			}
			talks.Go(func() {
				(&talk{t: t, script: script, held: held}).serve(c)
				ends <- i + 1
			})
		}
	})
	s.Network, s.Address, s.Host, s.TLS, s.Auth = "tcp", listener.Addr().String(), "127.0.0.1", "never", authAuto
	if s.Hello == "" {
		s.Hello = "me.example"
	}
	out, err := newSender(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = out.close()
		_ = listener.Close()
		talks.Wait()
	})
	return out, ends
}

func aLetter() *letter {
	return &letter{from: "from@x.example", recipients: []string{"a@x.example"}, message: []byte("Subject: x\r\n\r\n")}
}

// TestStale: what a server says of a connection that had nothing to do is not about the next
// message, which goes over another one at once; what it says of the message is.
func TestStale(t *testing.T) {
	begun := mailLine + "< RCPT TO:<a@x.example>\n< DATA\n"
	for name, c := range map[string]struct {
		script string // after the first message, over the same connection
		next   string // over the next one; empty: there is none
		at     reply.Phase
		err    string
	}{
		"421 to MAIL":                {greeting + onceLine + begun + "> 421 4.4.2 timeout\nx", greeting + onceLine, reply.Dot, ""},
		"as much as it may":          {greeting + onceLine + begun + "> 421 too many messages in this session\nx", greeting + onceLine, reply.Dot, ""},
		"4.4.2 to MAIL":              {greeting + onceLine + begun + "> 451 4.4.2 Timeout waiting for data from client.\nx", greeting + onceLine, reply.Dot, ""},
		"4.4.2 to all":               {greeting + onceLine + begun + "> 451 4.4.2 idle\n> 503 5.5.1 what?\n> 503 5.5.1 what?\n< RSET\n> 250 ok\nx", greeting + onceLine, reply.Dot, ""},
		"in words alone":             {greeting + onceLine + begun + "> 451 Timeout waiting for client input\nx", greeting + onceLine, reply.Dot, ""},
		"in words with 500":          {greeting + onceLine + begun + "> 500 5.5.1 connection timed out\nx", greeting + onceLine, reply.Dot, ""},
		"idle with 554":              {greeting + onceLine + begun + "> 554 Connection was idle for too long\nx", greeting + onceLine, reply.Dot, ""},
		"closed":                     {greeting + onceLine + "x", greeting + onceLine, reply.Dot, ""},
		"said and closed":            {greeting + onceLine + "> 421 4.4.2 idle for too long\nx", greeting + onceLine, reply.Dot, ""},
		"closed before RCPT":         {simple + oncePlan + plainMail + "> 250 ok\nx", simple + oncePlan, reply.Dot, ""},
		"421 to RCPT":                {simple + oncePlan + plainMail + "> 250 ok\n< RCPT TO:<a@x.example>\n> 421 4.4.2 closing\nx", "", reply.Rcpt, "421 4.4.2"},
		"4.4.2 to RCPT":              {greeting + onceLine + begun + "> 250 ok\n> 451 4.4.2 relay timed out\n> 503 no\n< RSET\n> 250 ok\n", "", reply.Rcpt, "451 4.4.2"},
		"greylisted":                 {greeting + onceLine + begun + "> 450 4.7.1 later\n> 503 no\n> 503 no\n< RSET\n> 250 ok\n", "", reply.Mail, "450 4.7.1"},
		"closed after DATA":          {greeting + onceLine + begun + "> 250 ok\n> 250 ok\nx", "", reply.Data, "EOF"},
		"the next one says the same": {greeting + onceLine + "x", greeting + begun + "> 421 4.4.2 timeout\nx", reply.Mail, "421 4.4.2"},
	} {
		t.Run(name, func(t *testing.T) {
			scripts := []string{c.script}
			if c.next != "" {
				scripts = append(scripts, c.next)
			}
			s, _ := serves(t, &server{}, nil, scripts...)
			if _, at, err := s.send(t.Context(), aLetter()); err != nil {
				t.Fatalf("the first message: %s: %v", at, err)
			}
			_, at, err := s.send(t.Context(), aLetter())
			if (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err) && (c.err != "EOF" || !reset(err))) || at != c.at {
				t.Errorf("%s: %v, want %s: %q", at, err, c.at, c.err)
			}
		})
	}
}

// TestFirstMessage: there a server that says the same is busy.
func TestFirstMessage(t *testing.T) {
	for name, script := range map[string]string{
		"421":    greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 421 4.4.2 timeout\nx",
		"closed": greeting + "x",
	} {
		s, _ := serves(t, &server{}, nil, script, greeting+onceLine)
		if _, at, err := s.send(t.Context(), aLetter()); err == nil || at != reply.Mail {
			t.Errorf("%s: %s: %v", name, at, err)
		}
	}
}

// TestIdle: a connection that has nothing to do is closed, with a word, and the next message
// does not wait for the answer to that.
func TestIdle(t *testing.T) {
	held := make(chan struct{})
	s, _ := serves(t, &server{Idle: 20 * time.Millisecond}, held, greeting+onceLine+"< QUIT\nh\n> 221 bye\n", greeting+onceLine+"< QUIT\n> 221 bye\n")
	if _, at, err := s.send(t.Context(), aLetter()); err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	<-held
	if _, at, err := s.send(t.Context(), aLetter()); err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	held <- struct{}{}
}

// TestAsleep: a machine that was suspended does not use a connection that is older than it
// may be, though no timer has told.
func TestAsleep(t *testing.T) {
	s, ends := serves(t, &server{Idle: time.Hour}, nil, greeting+onceLine+"< QUIT\n> 221 bye\n", greeting+onceLine+"< QUIT\n> 221 bye\n")
	for i := range 2 {
		if _, at, err := s.send(t.Context(), aLetter()); err != nil {
			t.Fatalf("message %d: %s: %v", i+1, at, err)
		}
		s.mu.Lock()
		s.idle.since = s.idle.since.Add(-2 * time.Hour)
		s.mu.Unlock()
	}
	_ = s.close()
	if sum := <-ends + <-ends; sum != 3 {
		t.Errorf("connections have ended whose numbers have the sum %d", sum)
	}
}

// TestNoIdle: 0 is never.
func TestNoIdle(t *testing.T) {
	s, _ := serves(t, &server{}, nil, greeting+onceLine+onceLine)
	for i := range 2 {
		if _, at, err := s.send(t.Context(), aLetter()); err != nil {
			t.Fatalf("message %d: %s: %v", i+1, at, err)
		}
		s.mu.Lock()
		s.idle.since = s.idle.since.Add(-time.Hour)
		s.mu.Unlock()
	}
}

// TestOver tells a connection that the server has closed from one that is there.
func TestOver(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for name, c := range map[string]struct {
		do   func(c *net.TCPConn)
		over bool
	}{
		"silent": {func(*net.TCPConn) {}, false},
		"closed": {func(c *net.TCPConn) { _ = c.CloseWrite() }, true},
		"said":   {func(c *net.TCPConn) { _, _ = c.Write([]byte("421 bye\r\n")) }, true},
		"reset":  {func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() }, true},
	} {
		near, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		far, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		conn := &client{}
		conn.use(near)
		c.do(far.(*net.TCPConn))
		got := conn.over()
		for end := time.Now().Add(5 * time.Second); c.over && !got && time.Now().Before(end); { // it is on its way
			got = conn.over()
		}
		if got != c.over {
			t.Errorf("%s: over is %v", name, got)
		}
		_ = near.Close()
		_ = far.Close()
	}
}

// TestNoPlace: a server that counts a connection for a moment after it has ended is asked
// again; one that has no place for the first is not, and a connection that is said to be one
// too many is given up.
func TestNoPlace(t *testing.T) {
	full := "> 421 4.7.0 Error: too many connections from 192.0.2.1\nx"
	s, _ := serves(t, &server{MaxPerConnection: 1}, nil, greeting+onceLine+"< QUIT\n> 221 bye\n", full, full, greeting+onceLine+"< QUIT\n> 221 bye\n")
	for i := range 2 {
		if _, at, err := s.send(t.Context(), aLetter()); err != nil {
			t.Errorf("message %d: %s: %v", i+1, at, err)
		}
	}
	late := greeting + mailLine + "< RCPT TO:<a@x.example>\n< DATA\n> 432 4.3.2 Concurrent connections limit exceeded\n> 503 no\n> 503 no\n"
	s, _ = serves(t, &server{MaxPerConnection: 1}, nil, greeting+onceLine+"< QUIT\n> 221 bye\n", late, greeting+onceLine+"< QUIT\n> 221 bye\n")
	for i := range 2 {
		if _, at, err := s.send(t.Context(), aLetter()); err != nil {
			t.Errorf("message %d, where it is said to MAIL: %s: %v", i+1, at, err)
		}
	}
	s, ends := serves(t, &server{}, nil, full, greeting+onceLine)
	if _, at, err := s.send(t.Context(), aLetter()); err == nil || at != reply.Connect || len(ends) > 1 {
		t.Errorf("%s: %v after %d connections", at, err, len(ends))
	}
	s, _ = serves(t, &server{}, nil, late, greeting+onceLine)
	if _, at, err := s.send(t.Context(), aLetter()); err == nil || at != reply.Mail || s.conn != nil {
		t.Errorf("%s: %v, the connection is kept: %v", at, err, s.conn != nil)
	}
}
