package email

import (
	"brood/jobs"
	"brood/jobs/jobtest/needs"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"mime"
	netmail "net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"
)

var update = flag.Bool("update", false, "write the golden files")

// said is what a reader finds in a message.
type said struct {
	Subject string      `json:"subject"`
	From    [][2]string `json:"from"`
	To      [][2]string `json:"to"`
	CC      [][2]string `json:"cc"`
	ReplyTo [][2]string `json:"reply_to"`
	Note    string      `json:"note"`
	Text    *string     `json:"text"`
	HTML    *string     `json:"html"`
	Files   [][4]string `json:"files"` // name, type, Content-ID, SHA-256
	Defects []string    `json:"defects"`
}

// compose makes the message, and what is to be read in it.
func (o *odd) compose(t *testing.T, dir string) ([]byte, *said, error) {
	t.Helper()
	or := func(s, other string) string {
		switch s {
		case "":
			return other
		case none, none + none:
			return ""
		}
		return s
	}
	row := [][2]string{{"email", or(o.to, "ada@example.com")}, {"name", or(o.toName, "Ada")}, {"subject", or(o.subject, "Hello")}, {"cc", o.cc}, {"reply_to", o.replyTo}, {"note", o.note}}
	c := config{Use: usable, Headers: []header{{"From", or(o.from, "Team <team@example.com>")}}}
	w := &said{Subject: row[2][1], Note: o.note, From: people(t, or(o.from, "Team <team@example.com>")), CC: people(t, o.cc), ReplyTo: people(t, o.replyTo)}
	w.To = people(t, (&netmail.Address{Address: "a@example.com"}).String())
	w.To[0] = [2]string{row[1][1], people(t, row[0][1])[0][1]}
	if o.note != "" {
		c.Headers = append(c.Headers, header{"X-Note", "{{.note}}"})
	}
	if o.text != none+none {
		text := or(o.text, "Hello Ada,\n\nthis is a message.\n")
		// A zero byte cannot come out of a file by way of a template's text alone.
		c.Text, w.Text = variants{"": {"text", text}}, &text
	}
	if o.html != "" {
		c.HTML, w.HTML = variants{"": {"html", o.html}}, &o.shown
		o.shown = cmp.Or(o.rendered, o.html)
	}
	if c.MakeText = o.made != ""; c.MakeText && o.made != none {
		w.Text = &o.made
	}
	if o.markdown != "" {
		c.Markdown, w.HTML = variants{"": {"markdown", o.markdown}}, &o.shown
		c.Text, w.Text = c.Markdown, &o.markdown
	}
	add := func(list *[]string, names []string, inline bool) {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(oddFiles[name]), 0o600); err != nil {
				t.Fatal(err)
			}
			*list = append(*list, path)
			sum := sha256.Sum256([]byte(oddFiles[name]))
			kind, id := strings.Split(mime.TypeByExtension(filepath.Ext(name))+";", ";")[0], ""
			if kind == "" {
				kind = "application/octet-stream"
			}
			kind = cmp.Or(oddKinds[name], kind)
			if inline {
				id = contentID(name, "example.com")
				o.shown = strings.ReplaceAll(o.shown, "cid:"+url.PathEscape(name), "cid:"+id)
				id = "<" + id + ">"
			}
			w.Files = append(w.Files, [4]string{name, kind, id, hex.EncodeToString(sum[:])})
		}
	}
	add(&c.Inline, o.inline, true)
	add(&c.Attach, o.files, false)
	shape := &jobs.Shape{Kind: jobs.Fields}
	rec := &jobs.Record{Attempt: 1, Shape: shape}
	for _, column := range row {
		shape.Columns = append(shape.Columns, column[0])
		rec.Values = append(rec.Values, []byte(column[1]))
	}
	comp, err := newComposer(c, shape)
	if err != nil {
		return nil, nil, err
	}
	comp.now = func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.FixedZone("", 3600)) }
	l, err := comp.compose(rec, o.name, "golden", "")
	if err != nil {
		return nil, nil, err
	}
	return l.message, w, nil
}

// people are the addresses of a header, with domains as they are sent.
func people(t *testing.T, list string) [][2]string {
	t.Helper()
	out := [][2]string{}
	if list == "" {
		return out
	}
	all, err := netmail.ParseAddressList(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		address, err := asciiDomain(a.Address)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, [2]string{a.Name, address})
	}
	return out
}

// boundaries are the same every time in a golden file.
var boundary = regexp.MustCompile(`boundary=([0-9a-f]{20,})`)

func numbered(message []byte) []byte {
	for i, m := range boundary.FindAllSubmatch(message, -1) {
		message = bytes.ReplaceAll(message, m[1], fmt.Appendf(nil, "boundary-%d", i+1))
	}
	return message
}

// TestGolden composes odd messages, and has them read by two who did not write
// them: Python's email package, and enmime. With -update it writes testdata/golden.
func TestGolden(t *testing.T) {
	dir, messages := t.TempDir(), t.TempDir()
	want := make(map[string]*said)
	for _, o := range odds {
		m, w, err := o.compose(t, dir)
		if o.refused != "" {
			if err == nil || !strings.Contains(err.Error(), o.refused) {
				t.Errorf("%s: %v; want %q", o.name, err, o.refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", o.name, err)
			continue
		}
		want[o.name] = w
		if err := os.WriteFile(filepath.Join(messages, o.name), m, 0o600); err != nil {
			t.Fatal(err)
		}
		checkWire(t, o.name, m)
		checkGolden(t, o.name, numbered(m))
		compare(t, "enmime", o.name, readByEnmime(t, m), w)
	}
	if len(want) < 50 {
		t.Errorf("there are only %d messages", len(want))
	}
	needs.Programs(t, "python3")
	read := exec.Command("python3", "testdata/read.py", messages)
	read.Stderr = os.Stderr
	out, err := read.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]*said
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for name, w := range want {
		if name == "name-emoji" || name == "name-unbroken-long" {
			// It leaves the spaces in between two encoded words of a name (its issue
			// 35547), which RFC 2047, section 6.2, wants taken out.
			for _, s := range []*said{w, got[name]} {
				s.To[0][0] = strings.ReplaceAll(s.To[0][0], " ", "")
			}
		}
		compare(t, "python", name, got[name], w)
	}
}

// checkWire checks what every server and everybody on the way may rely on: RFC
// 5321, section 4.5.3.1.6, and RFC 5322, section 2.1.1.
func checkWire(t *testing.T, name string, m []byte) {
	t.Helper()
	head := true
	for line := range bytes.SplitSeq(bytes.TrimSuffix(m, []byte("\r\n")), []byte("\r\n")) {
		switch {
		case len(line) > 998:
			t.Errorf("%s: a line of %d octets", name, len(line))
		case bytes.ContainsAny(line, "\r\n\x00"):
			t.Errorf("%s: a line %q", name, line)
		case head && len(line) > 0 && len(bytes.TrimSpace(line)) == 0:
			t.Errorf("%s: a header has a line of nothing but space", name)
		}
		if len(line) == 0 {
			head = false
		}
		if !strings.HasPrefix(name, "address-utf8") && bytes.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("%s: a line is not ASCII: %q", name, line)
		}
	}
}

func checkGolden(t *testing.T, name string, m []byte) {
	t.Helper()
	path := filepath.Join("testdata/golden", name+".eml")
	if *update {
		if err := os.WriteFile(path, m, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	} else if !bytes.Equal(old, m) {
		t.Errorf("%s is another one than %s:\n%s", name, path, m)
	}
}

func readByEnmime(t *testing.T, m []byte) *said {
	t.Helper()
	// It may not guess.
	p := enmime.NewParser(enmime.DisableCharacterDetection(true), enmime.DisableTextConversion(true))
	e, err := p.ReadEnvelope(bytes.NewReader(m))
	if err != nil {
		t.Error(err)
		return nil
	}
	s := &said{Subject: e.GetHeader("Subject"), Note: e.GetHeader("X-Note")}
	for name, to := range map[string]*[][2]string{"From": &s.From, "To": &s.To, "Cc": &s.CC, "Reply-To": &s.ReplyTo} {
		*to = [][2]string{}
		if e.GetHeader(name) == "" {
			continue
		}
		list, err := e.AddressList(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, a := range list {
			*to = append(*to, [2]string{a.Name, a.Address})
		}
	}
	for _, p := range e.Root.DepthMatchAll(func(*enmime.Part) bool { return true }) {
		text := string(p.Content)
		switch {
		case p.FileName != "":
			sum, id := sha256.Sum256(p.Content), p.ContentID
			if id != "" {
				id = "<" + id + ">"
			}
			s.Files = append(s.Files, [4]string{p.FileName, p.ContentType, id, hex.EncodeToString(sum[:])})
		case p.ContentType == "text/plain":
			s.Text = &text
		case p.ContentType == "text/html":
			s.HTML = &text
		}
	}
	for _, err := range e.Errors {
		if err.Severe || err.Name != enmime.ErrorPlainTextFromHTML { // it misses a text where there is only HTML
			s.Defects = append(s.Defects, err.Error())
		}
	}
	return s
}

// compare compares what was found with what was to be said. The line ends are
// those of the wire, and there is one at the end.
func compare(t *testing.T, reader, name string, got, want *said) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: %s finds nothing", name, reader)
		return
	}
	plain := func(s *string) string {
		if s == nil {
			return "(nothing)"
		}
		return strings.TrimSuffix(strings.ReplaceAll(*s, "\r\n", "\n"), "\n")
	}
	for _, f := range []struct {
		what      string
		got, want any
	}{
		{"Subject", got.Subject, want.Subject},
		{"From", got.From, want.From},
		{"To", got.To, want.To},
		{"Cc", got.CC, want.CC},
		{"Reply-To", got.ReplyTo, want.ReplyTo},
		{"X-Note", got.Note, want.Note},
		{"text", plain(got.Text), plain(want.Text)},
		{"HTML", plain(got.HTML), plain(want.HTML)},
		{"files", slices.Concat([][4]string{}, got.Files), slices.Concat([][4]string{}, want.Files)},
		{"defects", len(got.Defects), 0},
	} {
		if !reflect.DeepEqual(f.got, f.want) {
			t.Errorf("%s: %s reads %s as\n%.600q; want\n%.600q %q", name, reader, f.what, f.got, f.want, got.Defects)
		}
	}
}
