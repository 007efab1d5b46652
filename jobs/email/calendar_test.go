package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jhillyerd/enmime/v2"
)

const invitation = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:{{.uid}}@x.example\nDTSTAMP:20261130T120000Z\nDTSTART:{{.when}}\n" +
	"SUMMARY:Tee mit {{.name}}\nATTENDEE;CN=\"{{.name}}\";RSVP=TRUE:mailto:{{.email}}\n{{if has . \"note\"}}DESCRIPTION:Hinweis:\n  {{.note}}\n{{end}}END:VEVENT\nEND:VCALENDAR\n"

func invite(t *testing.T, template, name, when, note string) ([]byte, error) {
	t.Helper()
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "uid", "name", "when", "note"}}
	c, err := newComposer(config{
		Use: []string{}, Headers: []header{{"From", "a@x.example"}, {"Subject", "x"}}, Text: variants{"": {"text", "Come!"}}, HTML: variants{"": {"html", "<p>Come!</p>"}},
		Calendar: variants{"": {"tea.ics", template}},
	}, shape)
	if err != nil {
		return nil, err
	}
	l, err := c.compose(&jobs.Record{Attempt: 1, Shape: shape, Values: [][]byte{[]byte("to@x.example"), []byte("1"), []byte(name), []byte(when), []byte(note)}}, "key", "run", "")
	if err != nil {
		return nil, err
	}
	return l.message, nil
}

// TestCalendar: an invitation is a part beside text and HTML, with its method, and what a row
// brings into it is nothing but text.
func TestCalendar(t *testing.T) {
	m, err := invite(t, invitation, `Zoë, "die Erste"; und so weiter, ein langer Name`, "20261224T150000Z", "eins\nEND:VEVENT\r\nzwei; drei\\")
	if err != nil {
		t.Fatal(err)
	}
	e, err := enmime.ReadEnvelope(bytes.NewReader(m))
	if err != nil {
		t.Fatal(err)
	}
	part := e.Root.BreadthMatchFirst(func(p *enmime.Part) bool { return p.ContentType == "text/calendar" })
	if part == nil || part.Parent.ContentType != "multipart/alternative" || part.Header.Get("Content-Type") != "text/calendar; method=REQUEST; charset=UTF-8" || part != part.Parent.FirstChild.NextSibling.NextSibling {
		t.Fatalf("%v in %s", part, m)
	}
	text := string(part.Content)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line %q", line)
		}
	}
	want := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@x.example\r\nDTSTAMP:20261130T120000Z\r\nDTSTART:20261224T150000Z\r\n" +
		`SUMMARY:Tee mit Zoë\, "die Erste"\; und so weiter\, ein langer Name` + "\r\n" + `ATTENDEE;CN="Zoë, 'die Erste'; und so weiter, ein langer Name";RSVP=TRUE:mailto:to@x.example` + "\r\n" +
		`DESCRIPTION:Hinweis: eins\nEND:VEVENT\nzwei\; drei\\` + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	if got := strings.ReplaceAll(text, "\r\n ", ""); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if python, err := exec.LookPath("python3"); err == nil {
		const script = "import email, email.policy, sys\nm = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)\n" +
			"p = [p for p in m.walk() if p.get_content_type() == 'text/calendar'][0]\nassert p.get_param('method') == 'REQUEST'\nsys.stdout.buffer.write(p.get_payload(decode=True))"
		read := exec.CommandContext(t.Context(), python, "-c", script)
		read.Stdin, read.Stderr = bytes.NewReader(m), os.Stderr
		if got, err := read.Output(); err != nil || string(got) != strings.ReplaceAll(text, "\r\n", "\n") { // it reads line ends so
			t.Errorf("Python reads %q, %v", got, err)
		}
	}
	for _, c := range []struct{ template, name, when, err string }{
		{invitation, "x", "20261224T150000Z\nEND:VEVENT", "cannot stand in DTSTART"},
		{invitation, "a\x01b", "x", "control character"},
		{strings.ReplaceAll(invitation, `"`+"{{.name}}"+`"`, "{{.name}}"), "a;ROLE=CHAIR", "x", "needs quotes around it"},
		{strings.ReplaceAll(invitation, "METHOD:REQUEST\n", ""), "x", "x", "there is no METHOD in it"},
		{strings.ReplaceAll(invitation, "METHOD:REQUEST", "METHOD:{{.name}}"), "x", "x", "is none of those there are"},
		{"hello", "x", "x", "it is no calendar"},
		{strings.ReplaceAll(invitation, "{{.name}}", "{{.nosuch}}"), "x", "x", `there is no column "nosuch"`},
	} {
		if _, err := invite(t, c.template, c.name, c.when, "x"); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %v, want %q", c.name, err, c.err)
		}
	}
}

// TestEightBit: an attached message that is not ASCII goes only where that is taken, and as it is.
func TestEightBit(t *testing.T) {
	l := &letter{from: "from@x.example", recipients: []string{"a@x.example"}, eightBit: true}
	sent, _ := converseLetter(t.Context(), t, &server{TLS: "never"}, "> 220 mail.example ESMTP\n< EHLO me.example\n> 250 mail.example\n< RSET\n> 250 ok\n", l)
	if sent.at != reply.Mail || sent.err == nil || !strings.Contains(sent.err.Error(), "5.6.3") {
		t.Errorf("%s: %v", sent.at, sent.err)
	}
	f := partFile{"a.eml", []byte("Subject: x\n\nGrüße\n")}
	l = &letter{}
	if l.typed("attachment", &f); !l.eightBit || string(f.content) != "Subject: x\r\n\r\nGrüße\r\n" {
		t.Errorf("%v, %q", l.eightBit, f.content)
	}
}
