package email

import (
	"brood/jobs"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
)

// sentDraft is what comes of a draft for a row, as a reader finds it.
func sentDraft(t *testing.T, name string) (*enmime.Envelope, []string) {
	t.Helper()
	v, err := readVariants(filepath.Join("testdata/drafts", name))
	if err != nil {
		t.Fatal(err)
	}
	c := config{Use: []string{}, Template: v}
	if err := c.readDrafts(); err != nil {
		t.Fatal(err)
	}
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "name", "plan"}}
	comp, err := newComposer(c, shape)
	if err != nil {
		t.Fatal(err)
	}
	if err := comp.checkShape(shape); err != nil {
		t.Fatal(err)
	}
	l, err := comp.compose(&jobs.Record{Attempt: 1, Shape: shape, Values: [][]byte{[]byte("to@x.example"), []byte("Dan, Jr."), []byte("gold")}}, "key", "run", "")
	if err != nil {
		t.Fatal(err)
	}
	checkWire(t, name, l.message)
	e, err := enmime.NewParser(enmime.DisableCharacterDetection(true), enmime.DisableTextConversion(true)).ReadEnvelope(bytes.NewReader(l.message))
	if err != nil {
		t.Fatal(err)
	}
	return e, c.notes
}

// TestDrafts: what mail programs save works as a template: its parts become text, HTML,
// pictures and files, and the placeholders in them are filled.
func TestDrafts(t *testing.T) {
	e, notes := sentDraft(t, "thunderbird.eml")
	for name, want := range map[string]string{
		"From": "Müller, Zoë (für Dan, Jr.) <team@example.com>", "To": `"Dan, Jr." <to@x.example>`, "Cc": "Büro, Wien <office@example.com>, <boss@example.com>", "Subject": "Grüße, Dan, Jr.",
		"X-Campaign": "winter", "User-Agent": "", "X-Identity-Key": "", "X-Mozilla-Status": "", "Content-Language": "",
	} {
		if got := e.GetHeader(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := e.GetHeader("Message-Id"); strings.Contains(got, "0f3c7c1e") {
		t.Errorf("its Message-ID is that of the draft: %s", got)
	}
	text := "Grüß Gott Dan, Jr.,\n\ndas ist ein langer Absatz, den Thunderbird in zwei Zeilen schreibt, Tarif gold.\n\n-- \nDas Team\n"
	if got := plainText(e.Text); got != plainText(text) {
		t.Errorf("the text is %q, want %q", got, text)
	}
	logo := e.Inlines
	if len(logo) != 1 || logo[0].FileName != "logo.png" || string(logo[0].Content) != "\x89PNG\r\n\x1a\n" {
		t.Fatalf("pictures: %v", logo)
	}
	for _, want := range []string{"charset=utf-8", "<p>Grüß Gott&nbsp;Dan, Jr.<b></b>,</p>", "<p><span></span> Tarif gold</p>", `"https://example.com/?a=to%40x.example"`, `<img src="cid:` + logo[0].ContentID + `"`} {
		if !strings.Contains(e.HTML, want) {
			t.Errorf("there is no %s in %s", want, e.HTML)
		}
	}
	if f := e.Attachments; len(f) != 1 || f[0].FileName != "Prämie.pdf" || string(f[0].Content) != "%PDF-1.4\n" || f[0].ContentType != "application/pdf" {
		t.Errorf("files: %v", f)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "Message-Id, Date, Mime-Version, User-Agent") {
		t.Errorf("%q", notes)
	}

	e, _ = sentDraft(t, "outlook.eml")
	if e.GetHeader("Subject") != "Grüße Dan, Jr." || !strings.Contains(e.HTML, "Dear Dan, Jr.<span class=SpellE></span>, Grüße") || !strings.Contains(e.HTML, "MsoNormal {margin:0cm;}") || e.GetHeader("X-Unsent") != "" {
		t.Errorf("%s: %s", e.GetHeader("Subject"), e.HTML)
	}
	e, _ = sentDraft(t, "apple.eml")
	if plainText(e.Text) != "Hello Dan, Jr. – bye" || !strings.Contains(e.HTML, "Hello&nbsp;Dan, Jr. – bye") {
		t.Errorf("%q, %q", e.Text, e.HTML)
	}
}

// TestOddDrafts are what is taken apart or refused.
func TestOddDrafts(t *testing.T) {
	for _, c := range []struct{ raw, text, html, markdown, err string }{
		{"Subject: x\nContent-Type: text/html\n\n<p>{{.name}}</p>\n", "", "<p>{{.name}}</p>\n", "", ""},
		{"Subject: x\nContent-Type: text/markdown; charset=utf-8\n\n*{{.name}}*\n", "", "", "*{{.name}}*\n", ""},
		{"Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße\n", "Grüße\n", "", "", ""},
		{"Subject: x\nContent-Type: text/plain; charset=us-ascii\n\nGrüße\n", "Grüße\n", "", "", ""},
		{"Subject: x\nContent-Type: text/plain; charset=utf-8\n\nGr\xfc\xdfe\n", "", "", "", "has letters that its charset"},
		{"Subject: x\nContent-Type: text/plain; charset=no-such\n\nx\n", "", "", "", "no-such"},
		{"Subject: x\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b--\n", "", "", "", "signed or encrypted"},
		{"From - Mon Nov 30 10:00:00 2026\nSubject: x\nContent-Type: text/plain; format=flowed; delsp=yes\n\none \ntwo\n> quoted \nthree\n from\n", "onetwo\n> quoted \nthree\nfrom\n", "", "", ""},
		{"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: application/pdf; name=\"../a.pdf\"\n\nx\n--b\n\ntwo\n--b--\n", "onetwo", "", "", ""},
	} {
		if !isDraft([]byte(c.raw)) {
			t.Errorf("%q is no draft", c.raw)
		}
		d, err := readDraft([]byte(c.raw))
		if err != nil || c.err != "" {
			if err == nil || c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v, want %q", c.raw, err, c.err)
			}
			continue
		}
		if d.text != c.text || d.html != c.html || d.markdown != c.markdown {
			t.Errorf("%q is %q, %q, %q", c.raw, d.text, d.html, d.markdown)
		}
		for _, f := range d.files {
			if f.Name != "a.pdf" {
				t.Errorf("a file is called %q", f.Name)
			}
		}
	}
	if isDraft([]byte("Subject: x\n\nContent-Type: text/html\n")) || isDraft([]byte("just text")) {
		t.Error("what is written by hand is taken for a draft")
	}
}

// FuzzDraft: whatever is in a file, what is taken out of it can be stored, and read again as a
// template.
func FuzzDraft(f *testing.F) {
	names, err := filepath.Glob("testdata/drafts/*.eml")
	if err != nil || len(names) == 0 {
		f.Fatal("there are no drafts", err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("Subject: =?utf-8?q?a?= =?utf-8?b?IQ==?=\nCc: =?x?q?y?= <a@b>, =?utf-8?q?a=22{{.x}}?= <c@d>\nContent-Type: text/html\n\n{<b>{.x}</b>}%7B%7B.y%7D%7D\n"))
	f.Add([]byte("Subject: =?utf-8?q?a=0Ab?=\nMIME-Version: 1.0\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !isDraft(raw) {
			return
		}
		d, err := readDraft(raw)
		if err != nil {
			return
		}
		for _, s := range []string{d.text, d.html, d.markdown, d.calendar} {
			if !utf8.ValidString(s) {
				t.Fatalf("%q is no text", s)
			}
		}
		headers, _, err := splitTemplate("t", d.template())
		if err != nil {
			t.Fatalf("%q: %v", d.template(), err)
		}
		if !slices.EqualFunc(headers, d.headers, func(a, b header) bool { return a.Name == b.Name && a.Value == strings.TrimSpace(b.Value) }) {
			t.Fatalf("%q becomes %q", d.headers, headers)
		}
		for _, file := range d.files {
			if file.Name == "" || strings.ContainsRune(file.Name, '/') {
				t.Fatalf("a file is called %q", file.Name)
			}
		}
	})
}
