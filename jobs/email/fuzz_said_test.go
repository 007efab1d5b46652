package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"
)

// deaf is a connection to a server that has made up its mind: what it says comes byte by
// byte, whatever it is told, and then it closes.
type deaf struct {
	said *strings.Reader
	told bytes.Buffer
}

func (d *deaf) Read(p []byte) (int, error)       { return d.said.Read(p[:min(len(p), 1)]) }
func (d *deaf) Write(p []byte) (int, error)      { return d.told.Write(p) }
func (d *deaf) Close() error                     { return nil }
func (d *deaf) LocalAddr() net.Addr              { return nil }
func (d *deaf) RemoteAddr() net.Addr             { return nil }
func (d *deaf) SetDeadline(time.Time) error      { return nil }
func (d *deaf) SetReadDeadline(time.Time) error  { return nil }
func (d *deaf) SetWriteDeadline(time.Time) error { return nil }

// replyLine is a line of a reply: RFC 5321, section 4.2.
var replyLine = regexp.MustCompile(`^([2-5][0-9][0-9])([ -].*)?$`)

// codes are the codes of the replies of a text, as far as they are whole and each is one.
func codes(text string) (out []string) {
	last := ""
	for line := range strings.SplitSeq(text, "\n") {
		m := replyLine.FindStringSubmatch(strings.TrimRight(line, "\r"))
		if m == nil || last != "" && m[1] != last {
			return out
		}
		if last = m[1]; !strings.HasPrefix(m[2], "-") {
			out, last = append(out, m[1]), ""
		}
	}
	return out
}

// talkTo has a message sent to a server that says a text, and returns as well how much of
// it was read.
func talkTo(said string, to []string, lmtp bool, auth string) (out sentLetter, d *deaf, taken int) {
	d = &deaf{said: strings.NewReader(said)}
	s := &sender{server: server{Host: "localhost", Hello: "me.example", TLS: "never", LMTP: lmtp, Auth: auth, Network: "none"}}
	if auth != "" {
		s.User = "tim"
	}
	l := &letter{message: []byte("Subject: x\r\n\r\n.text\r\n"), from: "from@x.example", recipients: to}
	c, err := newClient(d, lmtp)
	if err == nil {
		err = c.hello(s.Hello)
	}
	if err != nil {
		return sentLetter{at: reply.Connect, err: err}, d, 0
	}
	if err := s.authenticate(c); err != nil {
		return sentLetter{at: reply.Auth, err: err}, d, 0
	}
	s.conn = c
	out.text, out.at, out.err = s.send(context.Background(), l)
	return out, d, len(said) - d.said.Len()
}

// FuzzReplies: whatever a server says, a message counts as taken only if the replies say
// so, one that may be taken is not sent again, and no server keeps a worker for ever.
func FuzzReplies(f *testing.F) {
	f.Setenv(PasswordVariable, "secret")
	const hello = "220 mail\r\n250-mail\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
	for _, s := range []string{
		hello + "250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued as 4\r\n",
		hello + "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250-2.0.0 a\r\n250 2.0.0 b\r\n250 ok\r\n",
		hello + "250 ok\r\n550-5.1.1 no\r\n550 5.1.1 such\r\n503 no\r\n250 ok\r\n",
		hello + "250 ok\r\n250 ok\r\n354 go\r\n250-ok\r\n550 no\r\n",
		hello + "250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 Ok: que",
		hello + "250 ok\r\n250 ok\r\n452 4.5.3 too many\r\n354 go\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n",
		"220 mail\n250-mail\n550 no\n250 ok\n250 ok\n354\n250\n", "220 mail\r\n502 what\r\n250 ok\r\n421 4.3.2 go\r\n",
		"220 mail\r\n250-mail\r\n250 SIZE 10\r\n", "220 mail\r\n250-mail\r\n250 AUTH LOGIN PLAIN XOAUTH2\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n", "220 mail\r\n250-mail\r\n250 AUTH XOAUTH2\r\n250 ok\r\n",
		"220 mail\r\n250-mail\r\n250 AUTH CRAM-MD5\r\n" + strings.Repeat("334 PDE4OTYu\r\n", 50), "220 mail\r\n250-mail\r\n250 AUTH XOAUTH2\r\n" + strings.Repeat("334 \r\n", 50),
		"554 5.7.1 \xff blocked\r\n", "220 " + strings.Repeat("x", lineBytes) + "\r\n", strings.Repeat("220-x\r\n", 20_000), "220-a\r\n220", "+20 \r\n", "2 0\r\n",
		"220 mail\r\n" + strings.Repeat("250-X\r\n", 1000) + "250 ok\r\n", "220 x\r\n550 5.+1.-1 no\r\n",
	} {
		for how := range uint8(3) {
			f.Add(s, how<<2|how&1)
		}
	}
	to := []string{"a@x.example", "b@x.example"}
	f.Fuzz(func(t *testing.T, said string, how uint8) {
		sameReplies(t, said)
		auths := []string{"", "auto", "xoauth2", "cram-md5", "login"}
		all, lmtp := to[:1+int(how>>1&1)], how&1 == 1
		l, d, read := talkTo(said, all, lmtp, auths[int(how>>2)%len(auths)])
		if n := bytes.Count(d.told.Bytes(), []byte("\r\n")); n > 40 {
			t.Fatalf("it was told %d lines:\n%.1000s", n, d.told.Bytes())
		}
		dot := bytes.Contains(d.told.Bytes(), []byte("\r\n.\r\n"))
		if l.err == nil {
			replies := 1
			if lmtp {
				replies = bytes.Count(d.told.Bytes(), []byte("RCPT TO"))
			}
			got := codes(said[:read])
			if want := "354" + strings.Repeat(" 2", replies); !dot || len(got) < replies+1 || !followed(got[len(got)-replies-1:], strings.Fields(want)) {
				if !dot || !lmtp || len(all) == 1 || !followed(got[max(0, len(got)-2):], []string{"354", "2"}) { // in several transactions
					t.Fatalf("it counts as sent, and these are the replies: %v", got)
				}
			}
			return
		}
		checkJudged(t, &l, dot)
	})
}

// followed says whether codes begin as they should.
func followed(codes, want []string) bool {
	return slices.EqualFunc(codes, want, strings.HasPrefix)
}

// checkJudged: what is made of an error is one of what there is, and it is not tried again
// what may have been taken.
func checkJudged(t *testing.T, l *sentLetter, dot bool) {
	for _, attempt := range []int{1, 1000} {
		o := judge(l.at, l.err, attempt)
		var said *reply.Reply
		isReply := errors.As(l.err, &said)
		switch {
		case o.Verdict == jobs.VerdictOK || o.Verdict == jobs.VerdictSkipped || o.Class == "" || o.Status == "" || o.After < 0 || o.After > jobs.MaxRetryAfter:
			t.Fatalf("%s, %v: %+v", l.at, l.err, o)
		case isReply && (said.Code < 400 || said.Code > 599):
			t.Fatalf("%v is no refusal", l.err)
		case dot && !isReply && o.Verdict != jobs.VerdictUnknown:
			t.Fatalf("the dot was sent, and after %s: %v it is %s", l.at, l.err, o.Verdict)
		}
	}
}

var enhancedCode = regexp.MustCompile(`^([245]\.[0-9]{1,3}\.[0-9]{1,3})?$`)

// sameReplies reads the replies in one piece, and byte by byte.
func sameReplies(t *testing.T, said string) {
	var all [2][]string
	for i, in := range []io.Reader{strings.NewReader(said), iotest.OneByteReader(strings.NewReader(said))} {
		c := &client{Conn: &deaf{}, in: bufio.NewReaderSize(in, lineBytes)}
		for {
			r, err := c.read(replyTime)
			if err != nil {
				if r != nil || errors.Is(err, io.EOF) {
					t.Fatalf("%v, %v", r, err)
				}
				break
			}
			if r.Code < 200 || r.Code > 599 || len(r.Text) > replyBytes*3 || !utf8.ValidString(r.Text) || strings.Contains(r.Text, "\n") || !enhancedCode.MatchString(r.Enhanced) {
				t.Fatalf("%+v", r)
			}
			all[i] = append(all[i], fmt.Sprint(r.Code))
		}
	}
	if want := codes(said); !slices.Equal(all[0], all[1]) || len(all[0]) > len(want) || !slices.Equal(all[0], want[:len(all[0])]) {
		t.Fatalf("%v in one piece, %v in pieces; there are %v", all[0], all[1], want)
	}
}

// bounceOptions are the flags of brood bounces.
type bounceOptions struct {
	jobs.Options
	list string
}

func (o bounceOptions) String(name string) string {
	if name == "append" {
		return o.list
	}
	return ""
}
func (o bounceOptions) StringSlice(string) []string { return nil }
func (o bounceOptions) Bool(string) bool            { return false }
func (o bounceOptions) Int(string) int              { return 0 }

// reportClasses are those that the help of brood bounces names.
var reportClasses = []string{"bounce", "full", "policy", "content", "greylisted", "reply", "delayed", "expanded", "relayed", "delivered", "complaint", "auto-reply", "unsubscribe", "busy", "auth", "sender"}

// FuzzReports: a folder of anything makes lines of five words, about addresses, of classes
// that there are; and what is appended to a list is these addresses, and nothing beside.
func FuzzReports(f *testing.F) {
	reports, err := filepath.Glob("../../testdata/mail/reports/*/*")
	if more, e := filepath.Glob("../../testdata/mail/reports/*"); e == nil {
		reports = append(reports, more...)
	}
	for _, path := range reports {
		if b, e := os.ReadFile(path); e == nil {
			f.Add(b)
			f.Add(slices.Concat([]byte("From a\n"), b, []byte("\n\nFrom b\n"), b))
		}
	}
	if err != nil || len(reports) == 0 {
		f.Fatal("no reports", err)
	}
	status := func(s string) {
		f.Add([]byte("To: x\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n" + s + "\r\n--b--\r\n"))
		f.Add([]byte("To: bounces+ann=example.org@x.example\nContent-Type: message/delivery-status\n\n" + s))
	}
	for _, s := range []string{
		"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550-5.1.1 no\n such user", "Final-Recipient: rfc822;@example.org\nAction: failed\nStatus: 5.1.1",
		"Final-Recipient: rfc822; a@b.example\nAction: \x1b[2Jbounce\nStatus: 5.1.1\tx", "Final-Recipient: rfc822; <a@b.example>, c@d.example\nAction: bounce", "Original-Recipient: x;*@b.example\nAction: Failed\nStatus: 4.0.0",
		"Final-Recipient: utf-8; ä@bücher.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 \xff\x00", "Final-Recipient: rfc822; \"a b\"@b.example\nAction: failed\nStatus: 5.1.1",
	} {
		status(s)
	}
	dir := f.TempDir()
	name, list := filepath.Join(dir, "m"), filepath.Join(dir, "list")
	f.Fuzz(func(t *testing.T, m []byte) {
		if err := errors.Join(os.WriteFile(name, m, 0o600), os.WriteFile(list, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		var out, told bytes.Buffer
		if err := bounces(bounceOptions{list: list}, []string{name}, &out, &told); err != nil {
			t.Fatal(err)
		}
		var gone []string
		for line := range strings.Lines(out.String()) {
			words := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			address, ok := reported(words[0])
			if len(words) != 5 || !ok || !slices.Contains(reportClasses, words[1]) || visible(line) != line {
				t.Fatalf("%q", line)
			}
			if words[1] == "bounce" || words[1] == "complaint" || words[1] == "unsubscribe" {
				gone = append(gone, address)
			}
		}
		if strings.Contains(told.String(), "\x1b") {
			t.Fatalf("told %q", told.String())
		}
		checkAppended(t, list, gone)
	})
}

// checkAppended: a list has the addresses that are gone, and not others of their domains.
func checkAppended(t *testing.T, list string, gone []string) {
	s, err := openSuppressions([]string{list})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range gone {
		_, domain, _ := cutAddress(a)
		if !s.has(a, complain) || s.has("somebody.else.entirely@"+domain, complain) {
			t.Fatalf("%q is to be suppressed, and nobody else there", a)
		}
	}
	if n := s.files[0].count(); n > len(gone) {
		t.Fatalf("%d entries for %q", n, gone)
	}
}
