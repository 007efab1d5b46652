package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// hostile are messages that a stranger may send to keep a reader busy: each as long as it is given.
func hostile(size int) map[string][]byte {
	report := "Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nSubject: failure notice\n"
	fill := func(head, unit string) []byte {
		return append([]byte(head), bytes.Repeat([]byte(unit), max(size-len(head), 0)/len(unit)+1)...)
	}
	nested := []byte(report)
	for i := 0; len(nested) < min(size, 1<<20); i++ {
		nested = fmt.Appendf(nested, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	status := report + "Content-Type: message/delivery-status\n\n"
	return map[string][]byte{
		"nested parts":        nested,
		"one line":            fill(report+"\n", "x"),
		"at signs":            fill(report+"\n", "@"),
		"addresses":           fill(report+"\n", "a@b.example "),
		"lines of addresses":  fill(report+"\n", "a@b.example\n"),
		"other addresses":     fill(report+"\n", "<a@b.example>: 550\n<c@d.example>: 550\n"),
		"a header":            fill(report, "X: y\n"),
		"a folded header":     fill(report, " z\n"),
		"parts":               fill(report+"Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n"),
		"parts within":        fill(report+"Content-Type: multipart/mixed; boundary=b\n\n", "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n"),
		"boundaries":          fill(report+"\n", "--abcdefghi\n"),
		"tags":                fill(report+"Content-Type: text/html\n\n", "<style>"),
		"angles":              fill(report+"Content-Type: text/html\n\n", "<"),
		"base64":              fill(report+"Content-Transfer-Encoding: base64\n\n", "QGEu\n"),
		"quoted":              fill(report+"Content-Transfer-Encoding: quoted-printable\n\n", "=40="),
		"recipients":          fill(status, "Final-Recipient: rfc822; a@b.example\nAction: failed\n\n"),
		"one field":           fill(status, "Final-Recipient: rfc822; a@b.example\n x\n"),
		"fields":              fill(report+"\n", "Received: x\nFrom: y\nTo: z\n"),
		"quoted lines":        fill(report+"\n", "> "),
		"codes":               fill(report+"\na@b.example ", "550 "),
		"braces":              fill("From: no-reply@sns.amazonaws.com\n\n{\"notificationType\":", "[{\"a\":"),
		"words":               fill("Subject: x\n\n", "not deliver "),
		"encoded words":       fill("Subject: ", "=?utf-8?q?=40?= "),
		"an address":          fill("To: ", "a+"),
		"japanese":            fill(report+"Content-Type: text/plain; charset=iso-2022-jp\n\n", "\x1b$B"),
		"x-failed-recipients": fill(report+"X-Failed-Recipients: ", "a@b.example, "),
	}
}

// The time for whatever anybody sends is about that to read it.
func TestHostile(t *testing.T) {
	// What is bounded is bounded below this size: what took time by the square of it took minutes. The
	// limit is for the race detector, which takes 3 s for some; without it all take less than 0.2 s.
	const size, most = 384 << 10, 10 * time.Second
	for name, raw := range hostile(size) {
		begun := busy(t)
		m := Read(raw, written)
		if d := busy(t) - begun; d > most {
			t.Errorf("%s: %s for %d bytes", name, d, len(raw))
		} else if os.Getenv("BROOD_TEST_VERBOSE") != "" {
			t.Logf("%s: %s", name, d)
		}
		check(t, m)
	}
}

// busy is for how long this process has worked.
func busy(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// check says what holds of whatever is read.
func check(t *testing.T, m Message) {
	t.Helper()
	if len(m.About) > 3*maxRecipients || len(m.ID) != 32 || m.Kind == Other && len(m.About) > 0 {
		t.Fatalf("%s with ID %q about %d", m.Kind, m.ID, len(m.About))
	}
	for _, r := range m.About {
		for _, s := range []string{r.Status, r.Action, r.Text, string(r.Class)} {
			if len(s) > max(maxSaid, 200) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) || strings.ContainsAny(s, "\t\n") {
				t.Fatalf("%q", s)
			}
		}
		if r.Class == "" {
			t.Fatalf("%+v has no class", r)
		}
	}
}

// FuzzRead: anything can be read, the same way each time, as lines that harm no terminal; and
// who is dead is named in the message.
func FuzzRead(f *testing.F) {
	for _, dir := range []string{samples + "*.eml", samples + "../*.eml"} {
		paths, err := filepath.Glob(dir)
		if err != nil || len(paths) == 0 {
			f.Fatal(dir, err)
		}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	for _, raw := range hostile(300) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Read(raw, nil)
		check(t, m)
		if again := Read(bytes.Clone(raw), nil); !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v, then %+v", m, again)
		}
	})
}
