package inbox

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// popServer is a POP3 server of one mailbox, as in RFC 1939; what clients say is in said, and
// what is deleted goes with QUIT.
type popServer struct {
	messages []string
	said     chan string
}

// serve speaks with one client.
func (s *popServer) serve(conn net.Conn, starttls *tls.Config) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(conn, format+"\r\n", args...) }
	say("+OK ready")
	deleted := make(map[int]bool)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.said <- line
		verb, arg, _ := strings.Cut(line, " ")
		n := 0
		_, _ = fmt.Sscan(arg, &n)
		switch {
		case verb == "STLS" && starttls != nil:
			say("+OK go on")
			conn = tls.Server(conn, starttls)
			in = bufio.NewReader(conn)
		case verb == "PASS" && arg != "secret", verb == "AUTH" && arg != "XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgc2VjcmV0AQE=":
			say("-ERR [AUTH] \x1b[2Jno")
		case verb == "STAT":
			say("+OK %d 1000", len(s.messages))
		case verb == "RETR" && n > 0 && n <= len(s.messages):
			say("+OK here\r\n%s.", strings.ReplaceAll("\r\n"+s.messages[n-1], "\r\n.", "\r\n..")[2:])
		case verb == "DELE":
			deleted[n] = true
			say("+OK")
		case verb == "QUIT":
			left := s.messages[:0:0]
			for i, m := range s.messages {
				if !deleted[i+1] {
					left = append(left, m)
				}
			}
			s.messages = left
			say("+OK bye")
			return
		case verb == "USER" || verb == "PASS" || verb == "AUTH":
			say("+OK")
		default:
			say("-ERR what?")
		}
	}
}

// listen serves one client after the other, and returns the address.
func (s *popServer) listen(t *testing.T, implicit, starttls *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.said = make(chan string, 1000)
	address := l.Addr().String()
	if implicit != nil {
		l = tls.NewListener(l, implicit)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.serve(conn, starttls)
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-ended })
	return address
}

// heard is what the clients have said.
func (s *popServer) heard() []string {
	var out []string
	for {
		select {
		case line := <-s.said:
			out = append(out, line)
		default:
			return out
		}
	}
}

func TestPOP3(t *testing.T) {
	settings, ca := certificate(t)
	messages := []string{"Subject: 1\r\n\r\n.One.\r\n..\r\n", "Subject: 2\r\n\r\n"}
	want := []string{"Subject: 1\n\n.One.\n..\n", "Subject: 2\n\n"}
	for name, implicit := range map[string]bool{"pop3s": true, "pop3": false} {
		s := &popServer{messages: messages}
		var address string
		if implicit {
			address = s.listen(t, settings, nil)
		} else {
			address = s.listen(t, nil, settings)
		}
		for _, auth := range []string{AuthPassword, AuthToken} {
			o := Options{Password: secret, TLS: TLSRequired, CA: ca, Auth: auth}
			if places, got := readAll(t, name+"://ann@"+address, o); !slices.Equal(got, want) || places[1] != "127.0.0.1:2" {
				t.Errorf("%s, %s: %q at %q", name, auth, got, places)
			}
		}
		if h := strings.Join(s.heard(), " "); strings.Contains(h, "DELE") || strings.Contains(h, "QUIT") || implicit == strings.Contains(h, "STLS") {
			t.Errorf("%s: it was said %q", name, h)
		}
	}
}

// Only Finish deletes, and only what is done.
func TestPOP3Finish(t *testing.T) {
	settings, ca := certificate(t)
	s := &popServer{messages: []string{"Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n", "Subject: 3\r\n\r\n"}}
	address := s.listen(t, settings, nil)
	for _, c := range []struct {
		delete, finish bool
		left           int
	}{{true, false, 3}, {false, true, 3}, {true, true, 2}} {
		b, err := Open("pop3s://ann@"+address, Options{Password: secret, CA: ca, Delete: c.delete})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Read(func(_ string, m []byte) (bool, error) { return strings.Contains(string(m), "2"), nil }); err != nil {
			t.Fatal(err)
		}
		if c.finish {
			if _, err := b.Finish(); err != nil {
				t.Fatal(err)
			}
		}
		_ = b.Close()
		if _, got := readAll(t, "pop3s://ann@"+address, Options{Password: secret, CA: ca}); len(got) != c.left {
			t.Errorf("%+v: %d are left", c, len(got))
		}
	}
}

func TestPOP3Refused(t *testing.T) {
	settings, ca := certificate(t)
	s := &popServer{}
	address := s.listen(t, settings, nil)
	open := &popServer{}
	plain := open.listen(t, nil, nil)
	wrong := func() (string, error) { return "wrong", nil }
	for _, c := range []struct {
		name, want string
		o          Options
	}{
		{"pop3s://ann@" + address, `log in as ann: the server says: "-ERR [AUTH] \x1b[2Jno"`, Options{Password: wrong, CA: ca}},
		{"pop3s://ann@" + address, `"-ERR [AUTH]`, Options{Password: wrong, CA: ca, Auth: AuthToken}},
		{"pop3s://a%0Ann@" + address, "a user or password with a line break", Options{Password: secret, CA: ca}},
		{"pop3://ann@" + plain, "STLS: the server says", Options{Password: secret, CA: ca, TLS: TLSRequired}},
		{"pop3s://ann@" + plain, "with STARTTLS it is imap:// or pop3://", Options{Password: secret, CA: ca}},
	} {
		if _, err := Open(c.name, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if b, err := Open("pop3://ann@"+plain, Options{Password: secret, TLS: TLSNever}); err != nil {
		t.Error(err)
	} else {
		_ = b.Close()
	}
}

// A server that says nothing, or too much, is not waited for.
func TestPOP3Hostile(t *testing.T) {
	for said, want := range map[string]string{"": "timeout", strings.Repeat("+", 100000): "buffer full", "+OK\r\n-ERR\r\n": "the server says"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(ended)
			if conn, err := l.Accept(); err == nil {
				_, _ = conn.Write([]byte(said))
				<-done
				_ = conn.Close()
			}
		}()
		if _, err := Open("pop3://ann@"+l.Addr().String(), Options{Password: secret, TLS: TLSRequired, Timeout: 200 * time.Millisecond}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v", said, err)
		}
		close(done)
		<-ended
		_ = l.Close()
	}
}
