package email

import (
	"brood/jobs"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/dns/dnsmessage"
)

// crowd is a mail server that holds the first message of each connection until so many
// connections have one, so that they are in hand at the same time. Of recipients that begin with
// "gone" it says that there are none, of those with "grey" that they are to come later.
type crowd struct {
	mu      sync.Mutex
	wanted  int // connections that have not got a message yet
	all     chan struct{}
	letters map[string][]byte // by recipient
	again   []string          // recipients of more than one message
}

func (s *crowd) NewSession(*smtp.Conn) (smtp.Session, error) { return &crowdSession{server: s}, nil }

// serveCrowd starts a server for so many connections.
func serveCrowd(t *testing.T, connections int) (*crowd, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &crowd{wanted: connections, all: make(chan struct{}), letters: make(map[string][]byte)}
	server := smtp.NewServer(s)
	server.Domain = "mail.example"
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return s, l.Addr().String()
}

type crowdSession struct {
	server *crowd
	to     string
	had    bool
}

func (s *crowdSession) Reset()        {}
func (s *crowdSession) Logout() error { return nil }

func (s *crowdSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *crowdSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	switch {
	case strings.HasPrefix(to, "gone"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	case strings.HasPrefix(to, "grey"):
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted, come back in 300 seconds"}
	}
	return nil
}

func (s *crowdSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	if _, there := s.server.letters[s.to]; there {
		s.server.again = append(s.server.again, s.to)
	}
	s.server.letters[s.to] = text
	if !s.had {
		s.had = true
		if s.server.wanted--; s.server.wanted == 0 {
			close(s.server.all)
		}
	}
	s.server.mu.Unlock()
	<-s.server.all
	return nil
}

const (
	forks       = 8
	ofEach      = 40 // records of a kind
	domainCount = 5
)

// forked opens a runner with all that is shared in use, and its forks.
func forked(t *testing.T, c config, shape *jobs.Shape) []jobs.Runner {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	first, err := open(t.Context(), jobs.Setup{
		Config: text, Shape: shape, Run: "run", Key: jobs.KeySpec{Scope: "run", Columns: []string{"email"}}, MaxOutput: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	out := []jobs.Runner{first}
	for len(out) < forks {
		fork, err := first.(jobs.Forker).Fork()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fork)
	}
	t.Cleanup(func() {
		for _, r := range slices.Backward(out) {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return out
}

// doAll works on records with several runners at a time, and gives what became of each.
func doAll(t *testing.T, runners []jobs.Runner, records []*jobs.Record) map[string]jobs.Result {
	t.Helper()
	work := make(chan *jobs.Record)
	out := make(map[string]jobs.Result)
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, r := range runners {
		all.Go(func() {
			for rec := range work {
				var res jobs.Result
				if err := r.Do(context.Background(), rec, &res); err != nil {
					t.Error(err)
				}
				mu.Lock()
				out[string(rec.Values[0])] = res
				mu.Unlock()
			}
		})
	}
	for _, rec := range records {
		work <- rec
	}
	close(work)
	all.Wait()
	return out
}

// TestForks has several records in hand at a time: each gets its own message and its own answer,
// and what the runners share is the list of all of them.
func TestForks(t *testing.T) {
	server, address := serveCrowd(t, forks)
	names := make(map[string]dnsmessage.ResourceBody)
	for i := range domainCount {
		names[fmt.Sprintf("d%d.example.", i)] = &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName("mail.example.")}
	}
	dir := t.TempDir()
	stop, bounced := filepath.Join(dir, "stop.txt"), filepath.Join(dir, "bounced.txt")
	if err := os.WriteFile(stop, []byte("email\n@d4.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "name", "rep", "lang"}}
	letter := func(greeting string) source {
		return source{"letter.html", "<p>" + greeting + " {{.name}}, this is {{.rep}}: {{1234.5 | number 2}}.</p>"}
	}
	runners := forked(t, config{
		Use: []string{}, MakeText: true, DefaultLang: "en",
		Headers:     []header{{"From", "{{.rep}} <team@example.com>"}, {"Subject", "Für {{.name}}"}},
		Unsubscribe: "https://example.com/leave?a={{urlquery .email}}",
		HTML:        variants{"en": letter("Dear"), "de": letter("Hallo")},
		Calendar:    variants{"": {"invitation.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:PUBLISH\nBEGIN:VEVENT\nUID:{{.email}}\nSUMMARY:With {{.name}}\nEND:VEVENT\nEND:VCALENDAR\n"}},
		Server:      notSafe(address), Suppress: []string{stop}, Bounced: bounced,
		CheckMX: true, Resolver: serveNames(t, "127.0.0.1:0", names), SeedEvery: 1000,
	}, shape)

	record := func(seq int, kind string, i int) *jobs.Record {
		domain := fmt.Sprintf("d%d.example", i%(domainCount-1))
		switch kind {
		case "stopped":
			domain = "d4.example"
		case "nowhere":
			domain = "nowhere.example"
		}
		return &jobs.Record{Seq: jobs.Seq(seq), Attempt: 1, Shape: shape, Values: [][]byte{
			fmt.Appendf(nil, "%s%d@%s", kind, i, domain), fmt.Appendf(nil, "%s Nämé %d", kind, i), fmt.Appendf(nil, "Rep %d", i), []byte([]string{"en", "de"}[i%2]),
		}}
	}
	want := map[string]string{
		"sent": "ok sent", "gone": "failed bounced", "grey": "retry deferred", "stopped": "skipped suppressed", "nowhere": "failed invalid", "late": "skipped suppressed",
	}
	var first, second []*jobs.Record
	seq := 0
	for i := range ofEach {
		for _, kind := range []string{"sent", "gone", "grey", "stopped", "nowhere"} {
			first = append(first, record(seq, kind, i))
			seq++
		}
		second = append(second, record(seq+1, "late", i))
		seq += 2
	}
	got := doAll(t, runners, first)
	// Who is put on the list now is not written to, whichever runner has the record.
	var late []byte
	for _, rec := range second {
		late = append(append(late, rec.Values[0]...), '\n')
	}
	f, err := os.OpenFile(stop, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.Write(late)
		_ = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	more := doAll(t, runners, second)
	for _, rec := range slices.Concat(first, second) {
		to := string(rec.Values[0])
		res, there := got[to]
		if !there {
			res = more[to]
		}
		kind := strings.TrimRight(to[:strings.IndexByte(to, '@')], "0123456789")
		if is := fmt.Sprintf("%s %s", res.Verdict, res.Values[0]); is != want[kind] {
			t.Errorf("%s: %s (%s), want %s", to, is, res.Error, want[kind])
		}
		if kind == "sent" {
			checkOwn(t, rec, &res, server.letters[to])
		} else if server.letters[to] != nil {
			t.Errorf("%s has a message", to)
		}
	}
	if len(server.again) > 0 {
		t.Errorf("twice: %v", server.again)
	}
	checkBounced(t, bounced)
}

// notSafe is a server without TLS.
func notSafe(address string) *server {
	return &server{Network: "tcp", Address: address, Host: "127.0.0.1", TLS: "never", Hello: "me.example"}
}

// checkOwn holds that a message is its record's, all of it.
func checkOwn(t *testing.T, rec *jobs.Record, res *jobs.Result, text []byte) {
	t.Helper()
	to, name, rep := string(rec.Values[0]), string(rec.Values[1]), string(rec.Values[2])
	m, err := netmail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		t.Errorf("%s: %v", to, err)
		return
	}
	greeting := "Dear"
	if string(rec.Values[3]) == "de" {
		greeting = "Hallo"
	}
	all := shown(text)
	for _, has := range []string{"From: \"" + rep + "\" <team@example.com>", "To:", "<" + to + ">", "Subject: Für " + name, greeting + " " + name + ", this is " + rep, "Content-Language: " + string(rec.Values[3])} {
		if !strings.Contains(all, has) {
			t.Errorf("%s: there is no %q in\n%s", to, has, all)
		}
	}
	if id := m.Header.Get("Message-Id"); id != "<"+string(res.Values[5])+">" {
		t.Errorf("%s: message %s, and the result says %s", to, id, res.Values[5])
	}
	if leave := m.Header.Get("List-Unsubscribe"); !strings.Contains(leave, strings.ReplaceAll(to, "@", "%40")) {
		t.Errorf("%s leaves the list by %s", to, leave)
	}
	if !bytes.Contains(text, []byte("UID:"+to)) {
		t.Errorf("%s has the invitation of another", to)
	}
}

// checkBounced holds that the list of --bounced has each address that there is not, once.
func checkBounced(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		seen[strings.TrimSpace(line)]++
	}
	for i := range ofEach {
		if a := fmt.Sprintf("gone%d@d%d.example", i, i%(domainCount-1)); seen[a] != 1 {
			t.Errorf("%s is on the list of --bounced %d times", a, seen[a])
		}
	}
	if len(seen) != ofEach {
		t.Errorf("%d on the list of --bounced, of %d", len(seen), ofEach)
	}
}
