package acceptance

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
)

// refuser is a mail server that refuses in one phase whatever comes, until it is mended.
// Recipients whose address begins with "dead" it does not have, then and before.
type refuser struct {
	mu        sync.Mutex
	at, reply string // EHLO, MAIL, RCPT or DOT; of those that fit
	fits      func(to string) bool
	taken     map[string]int
	asked     int // times that it has refused
}

func (r *refuser) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = ""
}

// says is the answer in a phase.
func (r *refuser) says(at, to, well string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at != at || (r.fits != nil && !r.fits(to)) {
		return well
	}
	r.asked++
	return r.reply
}

func (r *refuser) serve(t *testing.T) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	r.taken = make(map[string]int)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.talk(c)
		}
	}()
	return l.Addr().String()
}

func (r *refuser) talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	say := func(s string) { _, _ = fmt.Fprintf(c, "%s\r\n", s) }
	say("220 mail.example ESMTP")
	to := ""
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			say(r.says("EHLO", "", "250 mail.example"))
		case "MAIL":
			say(r.says("MAIL", "", "250 2.1.0 ok"))
		case "RCPT":
			to = strings.Trim(strings.TrimPrefix(rest, "TO:"), "<>")
			if strings.HasPrefix(to, "dead") {
				say("550 5.1.1 <" + to + ">: user unknown")
				continue
			}
			say(r.says("RCPT", to, "250 2.1.5 ok"))
		case "DATA":
			say("354 go")
			for line != ".\r\n" {
				if line, err = in.ReadString('\n'); err != nil {
					return
				}
			}
			answer := r.says("DOT", to, "250 2.0.0 ok")
			if strings.HasPrefix(answer, "250") {
				r.mu.Lock()
				r.taken[to]++
				r.mu.Unlock()
			}
			say(answer)
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// TestMailSenderRefused: a refusal of the sender stops the run before the list is used up, and
// says why; when the server is mended the run goes on to its end, and on the list of the
// dead are only those that there are not.
func TestMailSenderRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at, reply string
		used      int // records that may be failed by then
	}{
		"ehlo":      {"EHLO", "554 5.7.1 your host is not welcome", 0},
		"mail":      {"MAIL", "550 5.7.1 not from you", 0},
		"relay":     {"RCPT", "550 relay not permitted", 0},
		"hello":     {"RCPT", "504 5.5.2 <me>: Helo command rejected: need fully-qualified hostname", 0},
		"ses":       {"DOT", "554 Message rejected: Email address is not verified. The following identities failed the check: me@x.example", 0},
		"microsoft": {"DOT", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message", 0},
		// No words tell of whom these are; three domains that have met them do. Others were in hand.
		"unworded": {"RCPT", "550 not today", 3 + 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &refuser{at: c.at, reply: c.reply}
			m := newMailing(t, r.serve(t), "-j", "8", "--backoff", "20ms..50ms", "--bounced", "")
			m.args[len(m.args)-1] = m.path("dead.txt")
			const all = 40
			var list []string
			dead := 0
			for i := range all {
				who := "good"
				if i%16 == 10 {
					who = "dead"
					dead++
				}
				list = append(list, fmt.Sprintf("%s%d@d%d.example", who, i, i))
			}
			m.list(list...)
			code, said := m.run("r")
			if words := strings.Fields(c.reply); code != 4 || !strings.Contains(said, strings.Join(words[1:], " ")) {
				t.Fatalf("exit status %d\n%s", code, said)
			}
			used := failedGood(t, m)
			if used > c.used {
				t.Errorf("%d records are used up\n%s", used, said)
			}
			if r.asked > 3*8 {
				t.Errorf("it was asked %d times", r.asked)
			}
			r.mend()
			code, said = m.brood("resume", "r")
			if code != 1 { // for those that there are not
				t.Errorf("a resume: exit status %d\n%s", code, said)
			}
			if used > 0 {
				if code, said := m.brood("retry", "r", "--class", "policy", "--class", "reply"); code != 1 {
					t.Fatalf("retry: exit status %d\n%s", code, said)
				}
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, to := range list {
				want := 1
				if strings.HasPrefix(to, "dead") {
					want = 0
				}
				if r.taken[to] != want {
					t.Errorf("%s has %d messages", to, r.taken[to])
				}
			}
			b, err := os.ReadFile(m.path("dead.txt"))
			if got := strings.Fields(string(b)); err != nil || len(got) != dead || strings.Contains(string(b), "good") {
				t.Errorf("on the list of the dead: %v, %v", got, err)
			}
		})
	}
}

// failedGood is how many of the records have failed that are good.
func failedGood(t *testing.T, m *mailing) (n int) {
	for _, row := range readCSV(t, m.out) {
		if strings.HasPrefix(row["email"], "good") && row["_status"] != "ok" {
			n++
		}
	}
	return n
}

// TestMailOneSenderRefused: what only some recipients are answered, while others get their
// message, is about those: the run ends, and does not stop at the same record for ever.
func TestMailOneSenderRefused(t *testing.T) {
	t.Parallel()
	r := &refuser{at: "RCPT", reply: "550 5.7.1 relaying denied", fits: func(to string) bool { return strings.HasPrefix(to, "odd") }}
	m := newMailing(t, r.serve(t), "-j", "2", "--backoff", "20ms..50ms")
	var list []string
	for i := range 30 {
		list = append(list, fmt.Sprintf("good%d@d%d.example", i, i))
	}
	list[0], list[20] = "odd@e.example", "odd@f.example"
	m.list(list...)
	if code, said := m.run("r"); code != 1 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	for to, got := range m.rows() {
		want := "ok sent  dot 250"
		if strings.HasPrefix(to, "odd") {
			want = "failed bounced sender rcpt 550"
		}
		if got != want && got != "failed deferred sender rcpt 550" { // another worker, another try
			t.Errorf("%s: %q, want %q", to, got, want)
		}
	}
}
