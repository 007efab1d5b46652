package acceptance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// choosy is a mail server that lets in only so many at a time, and not for long.
type choosy struct {
	places int           // connections at a time
	refuse string        // where one too many is told so: connect, EHLO or MAIL
	idle   time.Duration // after which it closes a connection; 0: never
	most   int           // messages over one connection; 0: any number
	grey   time.Duration // how long every tenth recipient waits; 0: not at all
	takes  time.Duration // that a message takes, as if it were written to a disk

	mu      sync.Mutex
	open    int
	refused int
	asked   map[string]time.Time // recipients, when they were first
	taken   map[string]int
	hello   string // the last one
}

func (s *choosy) listen(t *testing.T) string {
	t.Helper()
	s.asked, s.taken = make(map[string]time.Time), make(map[string]int)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
	})
	return listener.Addr().String()
}

// enter reports whether there is a place.
func (s *choosy) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= s.places {
		s.refused++
		return false
	}
	s.open++
	return true
}

func (s *choosy) serve(c net.Conn) {
	v := &visit{choosy: s, conn: c, in: bufio.NewReader(c), out: bufio.NewWriter(c), is: s.enter()}
	defer func() {
		_ = v.out.Flush()
		_ = c.Close()
		if v.is {
			s.mu.Lock()
			s.open--
			s.mu.Unlock()
		}
	}()
	if !v.is && s.refuse == "connect" {
		v.say("421 4.7.0 mail.example Error: too many connections from 127.0.0.1")
		return
	}
	v.say("220 mail.example ESMTP")
	for {
		if s.idle > 0 {
			_ = c.SetReadDeadline(time.Now().Add(s.idle))
		}
		line, err := v.in.ReadString('\n')
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			v.say("421 4.4.2 mail.example Error: timeout exceeded")
		}
		if err != nil || !v.answer(line) {
			return
		}
	}
}

// visit is one connection.
type visit struct {
	*choosy
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
	is   bool // it has a place
	to   string
	sent int
}

func (v *visit) say(line string) {
	_, _ = v.out.WriteString(line + "\r\n")
	if v.in.Buffered() == 0 {
		_ = v.out.Flush()
	}
}

// answer answers a command, and reports whether there may be another.
func (v *visit) answer(line string) bool {
	verb := strings.ToUpper(line[:min(4, len(line))])
	switch {
	case !v.is && verb == "EHLO" && v.refuse == "EHLO":
		v.say("421 Service not available")
		return false
	case !v.is && verb == "MAIL":
		v.say("432 4.3.2 Concurrent connections limit exceeded")
		return false
	case verb == "EHLO":
		v.mu.Lock()
		v.hello = strings.TrimSpace(line[4:])
		v.mu.Unlock()
		v.say("250-mail.example\r\n250-PIPELINING\r\n250 8BITMIME")
	case verb == "MAIL" && v.most > 0 && v.sent >= v.most:
		v.say("421 4.7.0 mail.example too many messages in this connection")
		return false
	case verb == "MAIL", verb == "RSET":
		v.to = ""
		v.say("250 ok")
	case verb == "RCPT":
		v.to = v.recipient(line, v.say)
	case verb == "DATA" && v.to == "":
		v.say("503 5.5.1 nobody to send it to")
	case verb == "DATA":
		return v.message()
	case verb == "QUIT":
		v.say("221 bye")
		return false
	default:
		v.say("500 what?")
	}
	return true
}

// message takes a message, and reports whether it has come to its end.
func (v *visit) message() bool {
	v.say("354 go")
	for line := ""; line != ".\r\n"; {
		var err error
		if line, err = v.in.ReadString('\n'); err != nil {
			return false
		}
	}
	time.Sleep(v.takes)
	v.mu.Lock()
	v.taken[v.to]++
	v.mu.Unlock()
	v.sent++
	v.say("250 2.0.0 ok")
	return true
}

// recipient answers RCPT, and returns who it is about if it is to get the message.
func (s *choosy) recipient(line string, say func(string)) (to string) {
	_, to, _ = strings.Cut(line, "<")
	to, _, _ = strings.Cut(to, ">")
	if s.grey > 0 && strings.HasPrefix(to, "grey") {
		s.mu.Lock()
		first, before := s.asked[to]
		if !before {
			first = time.Now()
			s.asked[to] = first
		}
		s.mu.Unlock()
		if time.Since(first) < s.grey {
			say("450 4.2.0 <" + to + ">: Recipient address rejected: Greylisted, see http://help.example/")
			return ""
		}
	}
	say("250 ok")
	return to
}

// ideal sends the same as a client that knows what the server wants: as many connections as it
// allows, each left before it is closed, and those who must wait asked again when they may be.
// It returns how long that took.
func (s *choosy) ideal(t *testing.T, address string, list []string) time.Duration {
	t.Helper()
	begun := time.Now()
	type turn struct {
		to  string
		due time.Time
	}
	queue := make(chan turn, len(list))
	later := make(chan turn, len(list))
	for _, to := range list {
		queue <- turn{to, begun}
	}
	close(queue)
	var asking, all sync.WaitGroup
	asking.Add(s.places)
	go func() { asking.Wait(); close(later) }()
	for range s.places {
		all.Go(func() {
			l := &line{address: address, most: s.most}
			for q := range queue {
				if !l.send(t, q.to) {
					later <- turn{q.to, time.Now().Add(s.grey)}
				}
			}
			asking.Done()
			for q := range later {
				if d := time.Until(q.due); d > 0 {
					l.leave()
					time.Sleep(d)
				}
				if !l.send(t, q.to) {
					t.Errorf("%s is not taken though it has waited", q.to)
				}
			}
			l.leave()
		})
	}
	all.Wait()
	return time.Since(begun)
}

// line is a connection of the ideal client, if it has one.
type line struct {
	address string
	most    int
	conn    net.Conn
	in      *bufio.Reader
	sent    int
}

// send hands a message in, and reports whether it was taken or has to wait.
func (l *line) send(t *testing.T, to string) bool {
	if l.conn == nil && !l.connect(t) {
		return false
	}
	l.say("MAIL FROM:<me@x.example>\r\nRCPT TO:<" + to + ">\r\nDATA\r\n")
	l.ask(t, "250")
	if !strings.HasPrefix(l.reply(t), "250") {
		l.ask(t, "503")
		return false
	}
	l.ask(t, "354")
	l.say("From: me@x.example\r\nTo: " + to + "\r\nSubject: Hello\r\n\r\nHello.\r\n.\r\n")
	l.ask(t, "250")
	if l.sent++; l.sent == l.most {
		l.leave()
	}
	return true
}

// connect asks again when it is sent away: a server may count a connection that has ended for a
// moment more.
func (l *line) connect(t *testing.T) bool {
	for range 1000 {
		var err error
		if l.conn, err = net.Dial("tcp", l.address); err != nil {
			t.Error(err)
			return false
		}
		l.in, l.sent = bufio.NewReader(l.conn), 0
		if strings.HasPrefix(l.reply(t), "220") {
			l.say("EHLO me.example\r\n")
			l.ask(t, "250")
			return true
		}
		_ = l.conn.Close()
		time.Sleep(time.Millisecond)
	}
	t.Error("there is no place for the ideal client")
	return false
}

func (l *line) say(s string) { _, _ = io.WriteString(l.conn, s) }

func (l *line) reply(t *testing.T) (s string) {
	for {
		s, err := l.in.ReadString('\n')
		if err != nil {
			t.Error(err)
			return ""
		}
		if len(s) > 3 && s[3] != '-' {
			return s
		}
	}
}

func (l *line) ask(t *testing.T, code string) {
	if s := l.reply(t); !strings.HasPrefix(s, code) {
		t.Errorf("the ideal client reads %q, want %s", s, code)
	}
}

// leave ends the connection, and waits until the server has done so too.
func (l *line) leave() {
	if l.conn == nil {
		return
	}
	l.say("QUIT\r\n")
	_, _ = io.Copy(io.Discard, l.in)
	_ = l.conn.Close()
	l.conn = nil
}

// check compares what a run says with what the server has: all are ok, and none is there
// twice; who was not made to wait was tried once.
func (s *choosy) check(t *testing.T, m *mailing, list []string) {
	t.Helper()
	rows := 0
	for _, row := range readCSV(t, m.out) {
		rows++
		to, tries := row["email"], "1"
		if s.grey > 0 && strings.HasPrefix(to, "grey") {
			tries = "2"
		}
		if row["_status"] != "ok" || row["_attempts"] != tries {
			t.Errorf("%s is %s %s after %s tries, want ok after %s", to, row["_status"], row["_error"], row["_attempts"], tries)
		}
		if n := s.taken[to]; n != 1 {
			t.Errorf("%s was taken %d times", to, n)
		}
	}
	if rows != len(list) || len(s.taken) != len(list) {
		t.Errorf("%d rows, and %d were taken, of %d", rows, len(s.taken), len(list))
	}
}

// unpaced takes the limits away that a run has by itself.
var unpaced = []string{"--rate-by", "0", "--max-per-key", "0", "--breaker", "0"}

// TestTooManyConnections: eight workers at a server that lets in two are two after a moment,
// wherever it says so, and that costs no record a try. With BROOD_CHAOS messages take as long
// as they do at a real server, and it is told how much longer it takes than with two workers.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	workers, takes := []string{"8"}, 10*time.Millisecond
	if os.Getenv("BROOD_CHAOS") != "" {
		workers, takes = []string{"8", "2"}, 50*time.Millisecond
	}
	var list []string
	for i := range 60 {
		list = append(list, fmt.Sprintf("user%d@d%d.example", i, i))
	}
	for _, refuse := range []string{"connect", "EHLO", "MAIL"} {
		var took []float64
		for _, jobs := range workers {
			s := &choosy{places: 2, refuse: refuse, takes: takes}
			m := newMailing(t, s.listen(t), append(unpaced, "-j", jobs)...)
			m.list(list...)
			begun := time.Now()
			code, said := m.run("r")
			took = append(took, time.Since(begun).Seconds())
			if code != 0 {
				t.Errorf("%s: exit status %d\n%s", refuse, code, said)
			}
			s.check(t, m, list)
			if n := strings.Count(said, "at work from now on"); n > 1 {
				t.Errorf("%s: it is said %d times that fewer are at work:\n%s", refuse, n, said)
			}
			if jobs == "2" && s.refused > 0 {
				t.Errorf("%s: of two workers %d were turned away", refuse, s.refused)
			}
		}
		if len(took) == 2 {
			t.Logf("refused at %s: with 8 workers %.2f s, with 2 %.2f s: %.2f", refuse, took[0], took[1], took[0]/took[1])
		}
	}
}

// TestChoosyServer: a server that allows four connections, closes idle ones after a second,
// sends each away after 50 messages, and lets a tenth of the recipients wait. All arrive once.
// BROOD_CHAOS makes it 10,000 messages.
func TestChoosyServer(t *testing.T) {
	t.Parallel()
	n := 300
	if os.Getenv("BROOD_CHAOS") != "" {
		n = 10_000
	}
	var list []string
	for i := range n {
		name := "user"
		if i%10 == 3 {
			name = "grey"
		}
		list = append(list, fmt.Sprintf("%s%d@d%d.example", name, i, i%50))
	}
	fresh := func() *choosy {
		return &choosy{places: 4, refuse: "connect", idle: time.Second, most: 50, grey: time.Second, takes: 5 * time.Millisecond}
	}
	s, twin := fresh(), fresh()
	ideal := twin.ideal(t, twin.listen(t), list)
	m := newMailing(t, s.listen(t), append(unpaced, "-j", "32", "--greylist-wait", "1s")...)
	m.list(list...)
	begun := time.Now()
	code, said := m.run("r")
	took := time.Since(begun)
	if code != 0 {
		t.Errorf("exit status %d\n%s", code, said)
	}
	s.check(t, m, list)
	t.Logf("%d messages: %s, an ideal client %s: %.2f; %d connections were refused", n, took.Round(time.Millisecond), ideal.Round(time.Millisecond), took.Seconds()/ideal.Seconds(), s.refused)
}

// TestEhloName: brood calls itself what it is told to, also by the flag's old name; what is no
// name is refused.
func TestEhloName(t *testing.T) {
	t.Parallel()
	s := &choosy{places: 9}
	m := newMailing(t, s.listen(t))
	for i, args := range [][]string{{"--ehlo-name", "mail.me.example"}, {"--helo", "old.me.example"}, {"--ehlo-name", "[192.0.2.1]"}} {
		m.list(fmt.Sprintf("user%d@x.example", i))
		if code, said := m.run(fmt.Sprint("r", i), args...); code != 0 || s.hello != args[1] {
			t.Errorf("%q: exit status %d, and it calls itself %q\n%s", args, code, s.hello, said)
		}
	}
	if code, said := m.run("bad", "--ehlo-name", "192.0.2.1 x"); code != 2 || !strings.Contains(said, "[192.0.2.1]") {
		t.Errorf("what is no name: exit status %d\n%s", code, said)
	}
}
