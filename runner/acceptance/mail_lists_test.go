package acceptance

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// TestSuppressLate: who leaves the list while a mailing goes on is not written to
// any more, also when the list is replaced by another file.
func TestSuppressLate(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	m := newMailing(t, address, "-j", "2", "--rate", "20/s")
	var list []string
	for i := range 40 {
		list = append(list, fmt.Sprintf("user%d@d%d.example", i, i))
	}
	m.list(list...)
	m.write("stop.txt", "user0@d0.example\n")
	m.args = append(m.args, "--suppress", m.path("stop.txt"))
	done := make(chan struct{})
	go func() {
		defer close(done)
		waitFor(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.taken) > 1 })
		f, err := os.OpenFile(m.path("stop.txt"), os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			_, _ = f.WriteString("USER30@d30.example") // without the end of the line yet
			_ = f.Close()
		}
		waitFor(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.taken) > 5 })
		m.write("stop.new", "d35.example\nuser30@d30.example\n")
		if err := os.Rename(m.path("stop.new"), m.path("stop.txt")); err != nil {
			t.Error(err)
		}
	}()
	code, said := m.run("late")
	<-done
	if code != 0 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	rows := m.rows()
	for i, to := range list {
		want, sent := "ok sent  dot 250", 1
		if i == 0 || i == 30 || i == 35 {
			want, sent = "skipped suppressed suppressed  ", 0
		}
		if rows[to] != want || s.taken[to] != sent {
			t.Errorf("%s: %q, taken %d times; want %q", to, rows[to], s.taken[to], want)
		}
	}
}

// TestBounced: addresses that there are not go on a list, those that are refused
// for the sender's sake do not; and that list keeps the next mailing from them.
func TestBounced(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	m := newMailing(t, address, "-j", "2", "--retries", "0", "--breaker", "0")
	m.list("rcpt-550-5.1.1@a.example", "rcpt-550-5.7.1@b.example", "dot-550-5.1.10@c.example", "rcpt-552-5.2.2@d.example", "good@e.example")
	list := m.path("bounced.txt")
	if code, said := m.run("first", "--bounced", list); code != 1 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(text))
	slices.Sort(got)
	if want := []string{"dot-550-5.1.10@c.example", "rcpt-550-5.1.1@a.example"}; !slices.Equal(got, want) {
		t.Errorf("the list has %q, want %q", got, want)
	}
	if code, said := m.run("second", "--bounced", list, "--suppress", list); code != 1 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	s.mu.Lock()
	if n := len(s.tries["rcpt-550-5.1.1@a.example"]); n != 1 {
		t.Errorf("an address that there is not was tried %d times", n)
	}
	s.mu.Unlock()
	// A list that cannot be written stops the run: the address is not lost.
	code, said := m.run("full", "--bounced", "/dev/full")
	if code != 4 || !strings.Contains(said, "--bounced: ") || !strings.Contains(said, "no space left") {
		t.Errorf("exit status %d\n%s", code, said)
	}
	if code, said := m.run("nowhere", "--bounced", m.path("no/such/folder")); code != 2 || !strings.Contains(said, "--bounced") {
		t.Errorf("exit status %d\n%s", code, said)
	}
}

// TestMendAndResume: a run that stopped at its settings goes on with better ones, and
// with those alone from then on; what it sends may not change.
func TestMendAndResume(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	m := newMailing(t, "ada@"+address, "-j", "1")
	m.list("a@a.example", "b@b.example", "c@c.example")
	m.write("pw", "wrong\n")
	m.write("stop", "b@b.example\n")
	code, said := m.run("mend", "--password-file", m.path("pw"))
	if code != 4 || !strings.Contains(said, "--run mend --resume") {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	for _, other := range [][]string{{"--header", "X-Other: y"}, {"--text", m.path("pw")}, {"--attach", m.path("pw")}} {
		if code, said := m.run("mend", append(other, "--resume")...); code != 2 || !strings.Contains(said, "was begun with something else for: ") {
			t.Errorf("%q: exit status %d\n%s", other, code, said)
		}
	}
	// What is left out stays as it was, here the list.
	if code, said := m.run("mend", "--resume", "--password-file", m.path("pw"), "--suppress", m.path("stop")); code != 4 || !strings.Contains(said, "from here on as said now: suppress\n") {
		t.Errorf("exit status %d\n%s", code, said)
	}
	if code, said := m.run("mend", "--resume", "--transport", "maildir:"+m.path("box")); code != 2 || !strings.Contains(said, "was begun with something else for: maildir") {
		t.Errorf("exit status %d\n%s", code, said)
	}
	// Without the file the password comes from the environment.
	code, said = m.run("mend", "--resume")
	rows := m.rows()
	if code != 0 || !strings.Contains(said, "from here on as said now: server\n") || rows["b@b.example"] != "skipped suppressed suppressed  " || rows["c@c.example"] != "ok sent  dot 250" {
		t.Errorf("exit status %d, %v\n%s", code, rows, said)
	}
	if len(s.taken) != 2 {
		t.Errorf("taken: %v", s.taken)
	}
	var config string
	queryRun(t, m.path("state"), "mend", `SELECT config FROM run`, &config)
	if !strings.Contains(config, m.path("stop")) || strings.Contains(config, m.path("pw")) {
		t.Errorf("kept: %s", config)
	}
}

// TestSendAt: a message waits for its time, alone, and that costs no try.
func TestSendAt(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	m := newMailing(t, address, "-j", "1", "--retries", "0", "--use-columns", "send_at")
	at := time.Now().Add(2 * time.Second).Truncate(time.Second)
	m.write("in.csv", fmt.Sprintf("email,name,send_at\nlater@a.example,N,%s\nnow@a.example,N,\nbefore@a.example,N,2020-01-01\n", at.Format(time.RFC3339)))
	if code, said := m.run("at"); code != 0 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) != 3 || s.tries["later@a.example"][0].Before(at) || s.tries["now@a.example"][0].After(s.tries["later@a.example"][0]) {
		t.Errorf("taken %v, tried %v; the first not before %s", s.taken, s.tries, at)
	}
	for _, row := range readCSV(t, m.out) {
		if row["_attempts"] != "1" {
			t.Errorf("%s took %s attempts", row["email"], row["_attempts"])
		}
	}
}

// TestCheckMX asks a name server before it writes to a domain.
func TestCheckMX(t *testing.T) {
	t.Parallel()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	go func() { // good.example has a mail server, for broken.example nobody can say
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(buf[:n]) != nil || len(q.Questions) == 0 {
				continue
			}
			q.Response, q.Authoritative, q.Additionals, q.RCode = true, true, nil, dnsmessage.RCodeNameError
			switch name := q.Questions[0].Name; name.String() {
			case "good.example.":
				q.RCode = dnsmessage.RCodeSuccess
				q.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: 60}, Body: &dnsmessage.MXResource{MX: dnsmessage.MustNewName("mail.good.example.")}}}
			case "broken.example.":
				q.RCode = dnsmessage.RCodeServerFailure
			}
			if out, err := q.Pack(); err == nil {
				_, _ = c.WriteTo(out, from)
			}
		}
	}()
	s, address := serveMail(t)
	m := newMailing(t, address, "-j", "1", "--retries", "0", "--check-mx", "--resolver", c.LocalAddr().String())
	m.list("a@good.example", "b@gone.example", "c@broken.example")
	if code, said := m.run("mx"); code != 1 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	rows := m.rows()
	for to, want := range map[string]string{
		"a@good.example": "ok sent  dot 250", "b@gone.example": "failed invalid address  ", "c@broken.example": "failed deferred dns  ",
	} {
		if rows[to] != want {
			t.Errorf("%s: %q, want %q", to, rows[to], want)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) != 1 {
		t.Errorf("taken: %v", s.taken)
	}
}

// TestDomainRates: each domain has its rate, some another one, and by default none
// gets much at a time.
func TestDomainRates(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	m := newMailing(t, address, "-j", "8", "--retries", "0")
	var list []string
	for i := range 14 {
		list = append(list, fmt.Sprintf("u%d@slow.example", i), fmt.Sprintf("u%d@quick.example", i))
	}
	m.list(list...)
	last := func(domain string) time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		var t time.Time
		for to, tries := range s.tries {
			if strings.HasSuffix(to, domain) && tries[len(tries)-1].After(t) {
				t = tries[len(tries)-1]
			}
		}
		return t
	}
	begun := time.Now()
	if code, said := m.run("rates", "--rate-by", "domain(email)=10/s,quick.example=1000/s"); code != 0 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	// A burst of a second's worth, or less, goes first.
	if slow, quick := last("slow.example"), last("quick.example"); slow.Sub(begun) < 300*time.Millisecond || quick.After(slow) {
		t.Errorf("the slow domain took %s, the quick one %s", slow.Sub(begun), quick.Sub(begun))
	}
	begun = time.Now()
	if code, said := m.run("presets"); code != 0 {
		t.Fatalf("exit status %d\n%s", code, said)
	}
	if took := last("slow.example").Sub(begun); took < 1500*time.Millisecond {
		t.Errorf("14 messages to one domain took %s with 5/s", took)
	}
}

// TestRefusedCopy: whoever gets a copy of each message and does not exist is no reason to call
// those dead whom the records are about; and it is seen soon.
func TestRefusedCopy(t *testing.T) {
	t.Parallel()
	s, address := serveMail(t)
	m := newMailing(t, address, "-j", "1", "--retries", "0", "--verp=false", "--header", "Cc: rcpt-550-5.1.1@copy.example")
	var list []string
	for i := range 30 {
		list = append(list, fmt.Sprintf("ann%d@d%d.example", i, i))
	}
	m.list(list...)
	bounced := m.path("bounced.txt")
	if code, said := m.run("copy", "--bounced", bounced); code != 4 {
		t.Errorf("exit status %d\n%s", code, said)
	}
	rows := m.rows()
	if len(rows) < 3 || len(rows) > 5 {
		t.Errorf("%d records were used up", len(rows))
	}
	for to, row := range rows {
		if row != "failed copy deferred rcpt 550" && row != "failed deferred copy rcpt 550" {
			t.Errorf("%s: %q", to, row)
		}
	}
	if text, err := os.ReadFile(bounced); err != nil || string(text) != "rcpt-550-5.1.1@copy.example\n" {
		t.Errorf("the list has %q (%v)", text, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) > 0 {
		t.Errorf("taken: %v", s.taken)
	}
}
