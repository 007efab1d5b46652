package email

import (
	"brood/jobs"
	"bytes"
	"encoding/base64"
	"html"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// costly are templates that nobody should wait for: text/template counts as far as it
// is told to.
var costly = regexp.MustCompile(`[0-9]{4}|0[xXoObB]|(?s:range.*range.*range)|[0-9][eE]`)

// values are a record whose columns are fuzzed.
func values(t *testing.T, names []string, texts ...string) (*columns, *jobs.Record, variables) {
	t.Helper()
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: names}
	rec := &jobs.Record{Shape: shape, Attempt: 1}
	for _, v := range texts {
		rec.Values = append(rec.Values, []byte(v))
	}
	c := composer{columns: columnsOf(shape, "")}
	vars, _, err := c.variablesOf(rec)
	if err != nil {
		return nil, nil, nil
	}
	return &c.columns, rec, vars
}

// FuzzMailTemplate: no template makes the parser panic, and what comes of one is text. A
// value comes out as it is, whatever it is, and what is no text is an error and not made
// into some.
func FuzzMailTemplate(f *testing.F) {
	for _, s := range []string{
		"Dear {{.name}}", "{{if has . \"name\"}}{{upper .name}}{{else}}you{{end}}", "{{range .list}}{{.}}, {{end}}", "{{get . \"x\" \"friend\" | capital}}", "{{index . \"name\"}}",
		"{{with .name}}{{.}}{{end}}", "{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}", "{{printf \"%d\" .name}}", "<a href=\"{{.name}}\">{{.name}}</a><!--[if mso]>x<![endif]-->",
		"<script>var x = {{.name}}</script><p style=\"color:{{.name}}\">", "{{.name | html | js}}", "BroodComment0X<!--[if mso]>{{", "{{/* */}}{{- .name -}}", "{{slice .name 1 2}}{{len .name}}{{call .name}}",
		"Subject: {{.name}}\nX-A: b\n c\n\nText", "{{$x := .name}}{{range $i, $c := .name}}{{$c}}{{end}}{{break}}", "# {{.name}}\n\n* {{range .list}}\n- {{.}}\n{{end}}", "{{template \"none\"}}", "{{capital \"\xff\"}}",
	} {
		for _, v := range []string{"Ada", "<b>&{{.secret}}", "BroodComment0X", "\xe9ric", "<no value> %!d(x) ZgotmplZ", "\x00\u2028"} {
			f.Add(s, v)
		}
	}
	f.Fuzz(func(t *testing.T, text, v string) {
		checkValue(t, v)
		cols, _, vars := values(t, []string{"name", "list", "secret"}, v, "x", "hidden")
		if cols == nil || costly.MatchString(text) {
			return
		}
		if _, body, err := splitTemplate("t", text); err == nil && len(body) > len(text) {
			t.Fatalf("%q has the body %q", text, body)
		}
		asHTML, err := markdownToHTML(text)
		if err != nil {
			asHTML = text
		}
		for _, make := range []func() (filler, error){
			func() (filler, error) { return textTemplate("t", text, cols.known) },
			func() (filler, error) { return htmlTemplate("t", text, cols.known) },
			func() (filler, error) { return htmlTemplate("t", asHTML, cols.known) },
		} {
			tpl, err := make()
			if err != nil {
				continue
			}
			if out, err := fill(tpl, vars); err == nil && !utf8.ValidString(out) {
				t.Fatalf("%q makes %q", text, out)
			}
		}
	})
}

var likeMark = regexp.MustCompile(`(?i)<(no value|nil)>|%!|ZgotmplZ`)

// checkValue fills templates of which it is known what comes.
func checkValue(t *testing.T, v string) {
	if strings.TrimSpace(v) == "" {
		return // as good as missing
	}
	cols, _, vars := values(t, []string{"name", "secret"}, v, "hidden")
	const comment = "<!--[if mso]><table><![endif]-->"
	for _, c := range []struct {
		html       bool
		text, want string
	}{
		{false, "{{.name}}", v},
		{false, `{{get . "name" "x"}}{{index . "name"}}`, v + v},
		{false, "{{upper .name}}", strings.ToUpper(v)},
		{false, "{{lower .name | trim}}", strings.TrimSpace(strings.ToLower(v))},
		{false, "{{capital .name}}", ""},
		{true, comment + "<p>{{.name}}</p>", comment + "<p>" + strings.ReplaceAll(v, "\x00", "\ufffd") + "</p>"},
		{true, `<p title="{{.name}}">`, `<p title="` + strings.ReplaceAll(v, "\x00", "\ufffd") + `">`},
	} {
		parse := textTemplate
		if c.html {
			parse = htmlTemplate
		}
		tpl, err := parse("t", c.text, cols.known)
		if err != nil {
			t.Fatal(err)
		}
		out, err := fill(tpl, vars)
		if err != nil && likeMark.MatchString(v+v) {
			continue // it is taken for what the template has made of something
		}
		if (err == nil) != utf8.ValidString(v) {
			t.Fatalf("%s of %q is %q, %v", c.text, v, out, err)
		}
		if c.html && err == nil {
			if i := strings.Index(out, "<p"); strings.ContainsAny(strings.Trim(out[i:], "<>p/"), "<>") {
				t.Fatalf("%s of %q is %q", c.text, v, out)
			}
			out = html.UnescapeString(out)
		}
		if err == nil && c.want != "" && out != c.want {
			t.Fatalf("%s of %q is %q", c.text, v, out)
		}
	}
}

// FuzzLetter: whatever stands in a record, its message is for whom it names and nobody
// else, says what it says, has the headers it should have, and can be sent.
func FuzzLetter(f *testing.F) {
	for i := range odds {
		o := &odds[i]
		if len(o.text) < 2000 {
			f.Add(o.to, o.toName, o.subject, o.note, o.text)
			f.Add("ada@example.com", o.toName, "x"+o.subject, o.note, o.text)
		}
	}
	for _, a := range []string{
		"Ada <ada@example.com>", "\"a\\\"b\"@example.com", "a@b@c.example", "<a@x.example>, b@x.example", "a@x.example\r\nRCPT TO:<b@x.example>", "\"a>b\"@x.example", "a@[127.0.0.1]", "a@xn--.example", "=?utf-8?q?a?= <a@x.example>",
		"a@x.example (comment)", "@x.example", "a@", "group: a@x.example;", "\"\r\"@x.example", "\"\\\x00\"@x.example", "a@\u00df.example", "a@x.example.", "\"\"@x.example", "=?utf-8?q?a=0Ab?= <a@x.example>", "\" \"@x.example",
	} {
		f.Add(a, "Name", "Subject", "note", "text")
		f.Add("a@x.example", a, a, a, a)
	}
	f.Fuzz(func(t *testing.T, to, name, subject, note, text string) {
		names := []string{"email", "name", "subject", "note", "text"}
		_, rec, vars := values(t, names, to, name, subject, note, text)
		c := config{
			Headers: []header{{"From", "Team <team@example.com>"}, {"X-Note", `{{get . "note" "none"}}`}},
			Text:    variants{"": {"text", `{{get . "text" "none"}}`}},
		}
		comp, err := newComposer(c, rec.Shape)
		if err != nil {
			t.Fatal(err)
		}
		l, err := comp.compose(rec, "key", "run", "")
		if err != nil {
			return
		}
		checkWire(t, map[bool]string{false: "letter", true: "address-utf8"}[l.utf8], l.message)
		m, err := netmail.ReadMessage(bytes.NewReader(l.message))
		if err != nil {
			t.Fatalf("%v\n%s", err, l.message)
		}
		checkTo(t, m, l, to)
		checkHeaders(t, m, strings.Trim(subject, " \t"), strings.Trim(map[bool]string{true: vars.text("note"), false: "none"}[vars["note"] != nil], " \t"))
		want := "none"
		if vars["text"] != nil {
			want = text
		}
		if got := body(t, m); plainText(got) != plainText(want) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

// checkTo: a message is for the address that stands in the record, in its envelope as in
// its header.
func checkTo(t *testing.T, m *netmail.Message, l *letter, to string) {
	want, err := netmail.ParseAddress(strings.TrimSpace(string(jobs.CleanAddress([]byte(to)))))
	if err != nil {
		t.Fatal(err)
	}
	if want.Address, err = asciiDomain(want.Address); err != nil {
		t.Fatal(err)
	}
	list, err := m.Header.AddressList("To")
	if err != nil || len(list) != 1 || list[0].Address != want.Address || len(l.recipients) != 1 || l.recipients[0] != want.Address {
		t.Fatalf("%q is to %v, %q, %v", to, list, l.recipients, err)
	}
	told := path(l.recipients[0])
	if back, err := netmail.ParseAddress(told); err != nil || back.Address != want.Address || strings.ContainsAny(told, "\r\n\x00") || told[0] != '<' || told[len(told)-1] != '>' {
		t.Fatalf("%q is told as %q", to, told)
	}
}

// checkHeaders: the headers are those that are set, each once.
func checkHeaders(t *testing.T, m *netmail.Message, subject, note string) {
	words := new(mime.WordDecoder)
	for name, values := range m.Header {
		value, err := words.DecodeHeader(values[0])
		if err != nil && (name == "Subject" || name == "X-Note") || len(values) != 1 {
			t.Fatalf("%s: %q, %v", name, values, err)
		}
		switch name {
		case "Subject":
			if value != subject {
				t.Fatalf("%q is the subject %q: %q", subject, values[0], value)
			}
		case "X-Note":
			if value != note {
				t.Fatalf("%q is the note %q: %q", note, values[0], value)
			}
		case "To", "From", "Date", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding":
		default:
			t.Fatalf("there is a header %s: %q", name, values)
		}
	}
}

// body is the text of a message that has no parts.
func body(t *testing.T, m *netmail.Message) string {
	in := m.Body
	switch enc := m.Header.Get("Content-Transfer-Encoding"); strings.ToLower(enc) {
	case "quoted-printable":
		in = quotedprintable.NewReader(in)
	case "base64":
		in = base64.NewDecoder(base64.StdEncoding, in)
	case "7bit", "8bit":
	default:
		t.Fatalf("the encoding %q", enc)
	}
	b, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// plainText is a text without what the wire does to the ends of its lines, for which a
// carriage return alone is one as well.
func plainText(s string) string {
	return strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n")
}

// FuzzSuppress: a list that grows says what it says when it is read at once; who is added
// to it is on it from then on, with nobody beside.
func FuzzSuppress(f *testing.F) {
	for _, s := range []string{
		"email\na@b.example\n", "Ada <a@b.example>\n*.b.example\n", "@b.example\n.c.example\nb.example,x\n", "a@b.example; why\n\"a@b.example\",1\n# note\n\n", "mailto:a@b.example?subject=x\n'a@b.example'\n",
		"2c740ae0d8d1b5e0ce6c4a44a4f10c4e1d1e0b3e1e0b3e1e0b3e1e0b3e1e0b3e\n", "a@B\u00dcCHER.example\n", "\ufeffa@b.example\r\n", "a@b.example", "\xff\xfea\x00", "a@b.example b@b.example\n", "*\n@\n.\n..\n*.*\n?\n",
	} {
		for _, a := range []string{"a@b.example", "\"a b\"@b.example", "\u00e4@b\u00fccher.example", "a@b.example.", "#a@b.example", "*a@b.example", "mailto:a@b.example", "\"a,b\"@x.example", "'a'@b.example", "email@x.example", "a?b@x.example", "\"@\"@x.example", "a/b@x.example"} {
			f.Add([]byte(s), a, uint16(7))
		}
	}
	path := filepath.Join(f.TempDir(), "list")
	f.Fuzz(func(t *testing.T, list []byte, text string, cut uint16) {
		put := func(b []byte) {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		to := ""
		if a, err := netmail.ParseAddress(strings.TrimSpace(text)); err == nil {
			to, _ = asciiDomain(a.Address)
		}
		_, domain, _ := cutAddress(to)
		others := []string{"somebody.else.entirely@" + domain, "x@other.example", "x@b.example", to}
		put(list)
		whole, wholeErr := openSuppressions([]string{path})
		put(list[:min(int(cut), len(list))])
		pieces, err := openSuppressions([]string{path})
		if err == nil {
			put(list)
			if err := pieces.files[0].load(); (err == nil) != (wholeErr == nil) {
				t.Fatalf("%v in pieces, %v at once", err, wholeErr)
			}
			if whole != nil {
				for _, a := range others {
					if whole.has(a, complain) != pieces.has(a, complain) {
						t.Fatalf("in pieces it is another one for %q", a)
					}
				}
			}
		}
		if whole == nil || to == "" || len(list) > 0 && !bytes.HasSuffix(list, []byte("\n")) {
			return
		}
		if err := noteBounce(path, to); err != nil {
			t.Fatal(err)
		}
		after, err := openSuppressions([]string{path})
		if err != nil {
			t.Fatalf("%q cannot be read any more: %v", to, err)
		}
		if !after.has(to, complain) {
			t.Fatalf("%q is not on the list it was added to", to)
		}
		for _, a := range others[:3] {
			if string(jobs.NormalAddress([]byte(a))) != string(jobs.NormalAddress([]byte(to))) && after.has(a, complain) != whole.has(a, complain) {
				t.Fatalf("%q has put %q on the list", to, a)
			}
		}
	})
}
