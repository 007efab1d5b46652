package acceptance

import (
	"bufio"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// badLine stands between a client and a mail server, and at random refuses
// recipients, or cuts the connection at any point of a message.
type badLine struct {
	server string

	mu      sync.Mutex
	refused map[string]bool // for good
	cuts    map[string]int  // by where
}

func (b *badLine) listen(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.carry(c)
		}
	}()
	return l.Addr().String()
}

func (b *badLine) cut(where string) {
	b.mu.Lock()
	b.cuts[where]++
	b.mu.Unlock()
}

func (b *badLine) hasRefused(to string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refused[to]
}

// counted is a copy of what was cut.
func (b *badLine) counted() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.cuts)
}

// oneIn is true once in n times.
func oneIn(n int) bool { return rand.N(n) == 0 }

// carry carries one connection, a line at a time.
func (b *badLine) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", b.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	in, said := bufio.NewReader(client), bufio.NewReader(server)
	answer := func() string { // one reply, or nothing
		for {
			line, err := said.ReadString('\n')
			if err != nil {
				return ""
			}
			if _, err := client.Write([]byte(line)); err != nil {
				return ""
			}
			if len(line) < 4 || line[3] != '-' {
				return line
			}
		}
	}
	if answer() == "" {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.Fields(line + " x")[0])
		switch {
		case verb == "RCPT" && oneIn(50):
			b.cut("rcpt")
			return
		case verb == "RCPT" && oneIn(40):
			to := line[strings.IndexByte(line, '<')+1 : strings.IndexByte(line, '>')]
			b.mu.Lock()
			b.refused[to] = true
			b.mu.Unlock()
			_, _ = client.Write([]byte("550 5.1.1 nobody\r\n"))
			continue
		case verb == "RCPT" && oneIn(40):
			_, _ = client.Write([]byte("452 4.3.1 no room\r\n"))
			continue
		}
		if _, err := server.Write([]byte(line)); err != nil {
			return
		}
		reply := answer()
		if reply == "" {
			return
		}
		if verb != "DATA" || !strings.HasPrefix(reply, "354") {
			continue
		}
		if !b.message(in, server) {
			return
		}
		if oneIn(100) {
			if oneIn(2) { // what becomes of it is up to the server
				b.cut("after the dot")
				return
			}
			b.cut("before the reply")
			_, _ = said.ReadString('\n')
			return
		}
		if answer() == "" {
			return
		}
	}
}

// message carries a message up to its final dot, or cuts it short.
func (b *badLine) message(in *bufio.Reader, server net.Conn) bool {
	short := oneIn(100)
	for n := 0; ; n++ {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if short && (n == 5 || line == ".\r\n") {
			b.cut("in the message")
			return false
		}
		if _, err := server.Write([]byte(line)); err != nil {
			return false
		}
		if line == ".\r\n" {
			return true
		}
	}
}

// TestMailChaos sends a mailing over a bad line while brood is killed again and
// again. What arrived is counted in what smtp-sink has written down: each record
// that is ok once, each that failed not at all, none twice; the unknown ones
// explain the difference. BROOD_CHAOS makes it 100,000 messages and 20 kills.
func TestMailChaos(t *testing.T) {
	t.Parallel()
	records, kills := 3000, 4
	if os.Getenv("BROOD_CHAOS") != "" {
		records, kills = 100_000, 20
	}
	s := startSink(t)
	line := &badLine{server: s.address, refused: make(map[string]bool), cuts: make(map[string]int)}
	m := newMailing(t, line.listen(t))
	var list []string
	for i := range records {
		list = append(list, fmt.Sprintf("user%d@d%d.example", i, i%1000))
	}
	m.list(list...)
	m.out = m.path("out.csv")
	args := []string{
		"run", "email", "--run", "chaos", "-j", "4", "--retries", "20", "--backoff", "1ms..50ms", "--rate-by", "0", "--max-per-key", "0", "--breaker", "0",
		"--tls", "never", "--transport", "smtp://" + m.server, "--from", "me@x.example", "--subject", "Hello {{.name}}",
		"--text", atRoot("testdata/mail/short.txt"), "-o", m.out, m.path("in.csv"),
	}
	begun := time.Now()
	for killed := 0; ; {
		cmd := m.command(args...)
		if m.exists() {
			cmd = m.command("resume", "chaos")
		}
		said := &lockedBuffer{}
		cmd.Stderr = said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		if killed < kills {
			// Spread over about as long as it takes.
			select {
			case <-done:
			case <-time.After(100*time.Millisecond + rand.N(time.Duration(records/kills)*600*time.Microsecond)):
				killed++
				_ = cmd.Process.Signal(syscall.SIGKILL)
			}
		}
		<-done
		if code := cmd.ProcessState.ExitCode(); code == 3 || code == 1 || code == 0 {
			t.Logf("%d messages, %d kills, %s; cut %v\n%s", records, killed, time.Since(begun).Round(time.Millisecond), line.counted(), said)
			if killed < kills {
				t.Logf("it was done before it had been killed %d times", kills)
			}
			break
		} else if code >= 0 {
			t.Fatalf("exit status %d\n%s", code, said)
		}
	}
	m.checkChaos(s, line, records)
}

// exists reports whether the run has begun.
func (m *mailing) exists() bool { return m.command("status", "chaos").Run() == nil }

func (m *mailing) checkChaos(s *sink, line *badLine, records int) {
	t := m.t
	t.Helper()
	taken := s.taken()
	counts := make(map[string]int)
	arrived := 0 // of those that are unknown
	for to, row := range m.rows() {
		status, _, _ := strings.Cut(row, " ")
		counts[status]++
		n := taken[to]
		delete(taken, to)
		switch {
		case n > 1:
			t.Errorf("%s has it %d times (%s)", to, n, row)
		case status == "ok" && n != 1, status == "failed" && n != 0:
			t.Errorf("%s is %q, and has it %d times", to, row, n)
		case status == "unknown":
			arrived += n
		case status == "failed" && !line.hasRefused(to):
			t.Errorf("%s failed without having been refused: %s", to, row)
		}
	}
	t.Logf("ok %d, failed %d, unknown %d, of which %d arrived", counts["ok"], counts["failed"], counts["unknown"], arrived)
	if counts["ok"]+counts["failed"]+counts["unknown"] != records || len(taken) > 0 {
		t.Errorf("%v of %d records, and %d messages to nobody", counts, records, len(taken))
	}
	// A short message is on its way with its dot before the line is cut in it.
	cuts := line.counted()
	if most := cuts["after the dot"] + cuts["before the reply"] + cuts["in the message"]; counts["unknown"] > most {
		t.Errorf("%d are unknown, and %d connections were cut in a message or behind it", counts["unknown"], most)
	}
}
