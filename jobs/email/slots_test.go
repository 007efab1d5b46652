package email

import (
	"brood/jobs"
	"bytes"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// headed composes the message of a row with some headers, and reads it.
func headed(headers []header, use []string, columns []string, row ...string) (*netmail.Message, *letter, error) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: append([]string{"email"}, columns...)}
	rec := &jobs.Record{Attempt: 1, Shape: shape, Values: [][]byte{[]byte("to@x.example")}}
	for _, v := range row {
		rec.Values = append(rec.Values, []byte(v))
	}
	all := []header{{"Subject", "x"}}
	if !slices.ContainsFunc(headers, func(h header) bool { return h.Name == "From" }) {
		all = append(all, header{"From", "team@x.example"})
	}
	c, err := newComposer(config{Use: append([]string{}, use...), Headers: append(all, headers...), Text: variants{"": {"text", "x"}}, Server: &server{}}, shape)
	if err != nil {
		return nil, nil, err
	}
	if err := c.checkShape(shape); err != nil {
		return nil, nil, err
	}
	l, err := c.compose(rec, "key", "run", "")
	if err != nil {
		return nil, nil, err
	}
	m, err := netmail.ReadMessage(bytes.NewReader(l.message))
	return m, l, err
}

// TestSlots: a value stays where the template has put it.
func TestSlots(t *testing.T) {
	const archive = "archive@shop.example"
	for _, c := range []struct{ header, template, name, cc, want, err string }{
		{"Cc", "{{.name}} <archive@shop.example>", "mallory@evil.example, Dan", "", `"mallory@evil.example, Dan" <archive@shop.example>`, ""},
		{"From", "{{.name}} via Shop <archive@shop.example>", "x <mallory@evil.example>", "", `"x <mallory@evil.example> via Shop" <archive@shop.example>`, ""},
		{"Cc", "{{.name}} <archive@shop.example>", "Müller, Zoë", "", "=?utf-8?b?TcO8bGxlciwgWm/Dqw==?= <archive@shop.example>", ""},
		{"Cc", `"{{.name}}" <archive@shop.example>`, `Dan "the man" \`, "", `"Dan \"the man\" \\" <archive@shop.example>`, ""},
		{"Cc", "{{.name}} <archive@shop.example>", "=?utf-8?q?mallory?=", "", "=?utf-8?b?PT91dGYtOD9xP21hbGxvcnk/PQ==?= <archive@shop.example>", ""},
		{"Cc", "{{.name}} <archive@shop.example>", "a\nBcc: mallory@evil.example", "", "", "line break"},
		{"Cc", "{{.name}} <archive@shop.example>", "a\x00", "", "", "zero byte"},
		{"Cc", "=?iso-8859-1?q?B=FCro?= {{.name}} <archive@shop.example>", "Wien", "", "=?utf-8?q?B=C3=BCro_Wien?= <archive@shop.example>", ""},
		{"Cc", archive + " ({{.name}})", "Dan, x@evil.example", "", `"Dan, x@evil.example" <archive@shop.example>`, ""},
		{"Cc", "{{.cc}}", "x", "boss@shop.example", "<boss@shop.example>", ""},
		{"Cc", "{{.cc}}", "x", "Boss <boss@shop.example>", `"Boss" <boss@shop.example>`, ""},
		{"Cc", "{{.cc}}", "x", "boss@shop.example, mallory@evil.example", "", "a value is never two"},
		{"Cc", "{{.cc}}", "x", "group: mallory@evil.example;", "", "it is a group"},
		{"Cc", "{{.cc}}", "x", "<@a.example,@b.example:c@d.example>", "", "is never two"},
		{"Cc", "{{.cc}}, " + archive, "x", "boss@shop.example", "<boss@shop.example>, <archive@shop.example>", ""},
		{"Cc", `{{get . "nosuch" ""}}, ` + archive, "x", "x", "<archive@shop.example>", ""},
		{"Cc", `{{if has . "cc"}}{{.cc}}{{end}}`, "x", "boss@shop.example", "<boss@shop.example>", ""},
		{"Cc", `{{if has . "cc"}}{{.cc}}{{end}}`, "x", "", "", ""},
		{"Cc", archive + `{{if has . "cc"}}, {{.cc}}{{end}}`, "x", "boss@shop.example", "<archive@shop.example>, <boss@shop.example>", ""},
		{"Cc", archive + `{{if has . "cc"}}, {{.cc}}{{end}}`, "x", "", "<archive@shop.example>", ""},
		{"Cc", `{{with .cc}}The boss <{{.}}>{{end}}`, "x", "boss@shop.example", `"The boss" <boss@shop.example>`, ""},
		{"Cc", "The boss <{{.cc}}>", "x", "Mallory <boss@shop.example>", "", "mail:"},
		{"Cc", "The boss <{{.cc}}>", "x", "a@x.example>, <mallory@evil.example", "", "is never two"},
		{"Cc", "{{.name}}@shop.example", "boss", "", "<boss@shop.example>", ""},
		{"Cc", "{{.name}}@shop.example", "mallory@evil.example, x", "", "", "cannot stand before the @"},
		{"Cc", "{{.name}}@shop.example", "a b", "", "", "cannot stand before the @"},
		{"Cc", "boss@{{.name}}", "bücher.example", "", "<boss@xn--bcher-kva.example>", ""},
		{"Cc", "boss@{{.name}}", "x.example, mallory@evil.example", "", "", "cannot stand behind the @"},
		{"Cc", "boss@{{.name}}", "[127.0.0.1]", "", "", "cannot stand behind the @"},
		{"Cc", "{{.name}} {{.cc}} <archive@shop.example>", "Ann", "Onym", `"Ann Onym" <archive@shop.example>`, ""},
		{"Cc", "Sales, Team <archive@shop.example>", "x", "", "", "header Cc:"},
		{"Cc", "{{.name}} {{.cc}}", "x", "y", "", "header Cc:"},
		{"Cc", "Team {{.name}}: archive@shop.example;", "x", "", "", "in a comment or in the name of a group"},
		{"Sender", "{{.name}} <archive@shop.example>", "Zoë", "", "=?utf-8?q?Zo=C3=AB?= <archive@shop.example>", ""},
		{"Errors-To", "{{.name}} <archive@shop.example>", "Zoë, x@evil.example", "", "=?utf-8?b?Wm/DqywgeEBldmlsLmV4YW1wbGU=?= <archive@shop.example>", ""},
		{"Disposition-Notification-To", "Zoë <archive@shop.example>", "x", "", "=?utf-8?q?Zo=C3=AB?= <archive@shop.example>", ""},
		{"To", "{{.name}} <{{.email}}>", "mallory@evil.example, Dan", "", `"mallory@evil.example, Dan" <to@x.example>`, ""},
		{"To", "{{.email}}", "Dan", "", `"Dan" <to@x.example>`, ""},
		{"To", `{{if has . "cc"}}{{.cc}} <{{.email}}>{{else}}{{.email}}{{end}}`, "Dan", "Dr. Dan", `"Dr. Dan" <to@x.example>`, ""},
		{"To", "list@x.example", "Dan", "", "", "others go into Cc or Bcc"},
		{"To", "{{.cc}}", "Dan", "x@y.example", "", "write To: {{.name}} <{{.email}}>"},
		{"To", "{{.email}}, x@y.example", "Dan", "", "", "others go into Cc or Bcc"},
		{"Date", "{{.name}}", "Dan", "", "", "leave it out"},
		{"Content-Type", "text/html", "Dan", "", "", "--html"},
	} {
		m, l, err := headed([]header{{c.header, c.template}}, nil, []string{"name", "cc"}, c.name, c.cc)
		if err != nil {
			if c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %s of %q, %q: %v; want %q", c.header, c.template, c.name, c.cc, err, c.err)
			}
			continue
		}
		if got := m.Header.Get(c.header); c.err != "" || got != c.want {
			t.Errorf("%s: %s of %q, %q is %s, want %s %s", c.header, c.template, c.name, c.cc, got, c.want, c.err)
		}
		for _, to := range l.recipients {
			if strings.Contains(to, "evil") {
				t.Errorf("%s: %s of %q, %q is sent to %q", c.header, c.template, c.name, c.cc, l.recipients)
			}
		}
	}
}

// TestMoreHeaders: a header of the flags comes beside those of the template where there may be
// several, and else takes their place; of a run that was begun before it takes their place anyway.
func TestMoreHeaders(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email"}}
	rec := &jobs.Record{Attempt: 1, Shape: shape, Values: [][]byte{[]byte("ann@example.org")}}
	for more, want := range map[bool]string{
		true:  "X-Tag [one two three] Cc [<a@x.example>, <b@x.example>] List-Id [=?utf-8?b?R3LDvMOfZQ==?= <news.x.example>] Subject [flag] X-Gap [a b]",
		false: "X-Tag [three] Cc [<b@x.example>] List-Id [=?utf-8?b?R3LDvMOfZQ==?= <news.x.example>] Subject [flag] X-Gap [a b]",
	} {
		c, err := newComposer(config{
			MoreHeaders: more, Use: []string{}, Template: variants{"": {"t", "From: t@x.example\nX-Tag: one\nX-Tag: two\nCc: a@x.example\nList-Id: old.x.example\nSubject: template\nX-Gap: a  b\n\nHello\n"}},
			Headers: []header{{"X-Tag", "three"}, {"Cc", "b@x.example"}, {"List-Id", "Grüße <news.x.example>"}, {"Subject", "flag"}},
		}, shape)
		if err != nil {
			t.Fatal(err)
		}
		l, err := c.compose(rec, "k", "r", "")
		if err != nil {
			t.Fatal(err)
		}
		m, err := netmail.ReadMessage(bytes.NewReader(l.message))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, name := range []string{"X-Tag", "Cc", "List-Id", "Subject", "X-Gap"} {
			got = append(got, fmt.Sprint(name, " ", m.Header[name]))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%t:\n%s, want\n%s", more, s, want)
		}
	}
}

// TestRepeated: what is said twice is there twice, but for what a message has once.
func TestRepeated(t *testing.T) {
	m, l, err := headed([]header{{"X-Tag", "a"}, {"X-Tag", "{{.name}}"}, {"Cc", "a@x.example"}, {"Cc", "{{.name}} <b@x.example>"}, {"X-Tag", "c"}}, nil, []string{"name"}, "Zoë")
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Header["X-Tag"]; !slices.Equal(got, []string{"a", "=?utf-8?b?Wm/Dqw==?=", "c"}) {
		t.Errorf("X-Tag: %q", got)
	}
	if got := m.Header["Cc"]; len(got) != 1 || got[0] != "<a@x.example>, =?utf-8?q?Zo=C3=AB?= <b@x.example>" {
		t.Errorf("Cc: %q", got)
	}
	if want := []string{"to@x.example", "a@x.example", "b@x.example"}; !slices.Equal(l.recipients, want) {
		t.Errorf("to %q, want %q", l.recipients, want)
	}
	two := header{"From", "a@x.example, {{.name}} <b@x.example>"}
	m, _, err = headed([]header{two, {"Sender", "b@x.example"}}, nil, []string{"name"}, "Zoë")
	if err != nil || m.Header.Get("From") != "<a@x.example>, =?utf-8?q?Zo=C3=AB?= <b@x.example>" {
		t.Errorf("%v, %v", m, err)
	}
	for _, c := range []struct {
		headers []header
		err     string
	}{
		{[]header{two}, "a header Sender must say"},
		{[]header{{"From", "a@x.example"}, {"From", "b@x.example"}}, "a header Sender must say"},
		{[]header{{"Subject", "again"}}, "header Subject stands there twice"},
		{[]header{{"Sender", "a@x.example"}, {"Sender", "b@x.example"}}, "header Sender has 2 addresses"},
	} {
		if _, _, err := headed(c.headers, nil, []string{"name"}, "x"); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v: %v, want %q", c.headers, err, c.err)
		}
	}
}

// TestNobodyByName: whatever the values, a message goes to those that the template and the
// columns of addresses name, and its headers have no others.
func TestNobodyByName(t *testing.T) {
	hostile := rapid.SampledFrom([]string{
		"mallory@evil.example", ",", "<", ">", "\"", "\\", "(", ")", ":", ";", "@", " ", "\r\n", "\n", "\t", "\x00", "Bcc: mallory@evil.example", "=?utf-8?q?mallory=40evil.example=2C?=",
		"=?", "?=", "Zoë", "Müller", "a", ".", "..", "[", "]", "漢", "\u00a0", "\u2028", "\U0001F389", "\xff", "Dan", "group:", "+", "=", "'", "%", "{{.name}}", "BroodN0X", strings.Repeat("x", 80), strings.Repeat("y", 1000),
	})
	value := rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "any") {
			return rapid.String().Draw(t, "text")
		}
		return strings.Join(rapid.SliceOfN(hostile, 1, 6).Draw(t, "pieces"), "")
	})
	templates := []header{
		{"Cc", "{{.a}} <cc@x.example>, Second {{.b}} <{{.boss}}>"},
		{"Cc", `{{if has . "a"}}"{{.a}}, {{.b}}" <cc@x.example>{{else}}other@x.example{{end}}`},
		{"Bcc", "bcc@x.example ({{.a}})"},
		{"Reply-To", "{{.b}} <reply@x.example>"},
		{"Sender", "{{.a}} {{.b}} <sender@x.example>"},
		{"To", "{{.a}} <{{.email}}>"},
		{"Errors-To", "\"{{.b}}\" <errors@x.example>"},
		{"Disposition-Notification-To", "{{.a}}{{.b}} <read@x.example>"},
		{"From", "{{.a}} via {{.b}} <from@x.example>"},
		{"Cc", "{{.boss}}, cc@x.example"},
		{"Cc", "{{.a}}@local.example"},
		{"Cc", "local@{{.a}}.x.example"},
	}
	allowed := []string{"cc@x.example", "boss@x.example", "bcc@x.example", "reply@x.example", "sender@x.example", "to@x.example", "errors@x.example", "read@x.example", "from@x.example", "team@x.example", "other@x.example"}
	made := 0
	rapid.Check(t, func(t *rapid.T) {
		h := rapid.SampledFrom(templates).Draw(t, "template")
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		m, l, err := headed([]header{h}, nil, []string{"a", "b", "boss", "name"}, a, b, "boss@x.example", a)
		if err != nil {
			return // refused: nobody gets it
		}
		made++
		seen := slices.Clone(l.recipients)
		for name := range m.Header {
			if !hasAddresses(name) {
				continue
			}
			if len(m.Header[name]) != 1 {
				t.Fatalf("%s is there %d times", name, len(m.Header[name]))
			}
			list, err := m.Header.AddressList(name)
			if err != nil {
				t.Fatalf("%s: %q: %v", name, m.Header[name], err)
			}
			for _, a := range list {
				seen = append(seen, a.Address)
			}
		}
		for _, address := range seen {
			_, domain, _ := cutAddress(address)
			if !slices.Contains(allowed, address) && domain != "local.example" && (!strings.HasPrefix(address, "local@") || !strings.HasSuffix(domain, ".x.example")) {
				t.Fatalf("%s: %s of %q, %q has %q in %s", h.Name, h.Value, a, b, address, l.message)
			}
		}
		for name := range m.Header {
			if name != h.Name && !slices.Contains([]string{"From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"}, name) {
				t.Fatalf("there is a header %s", name)
			}
		}
	})
	if made == 0 {
		t.Error("all was refused")
	}
}

// TestListColumns: a column with a list is one, where it is asked for.
func TestListColumns(t *testing.T) {
	m, l, err := headed(nil, []string{"cc", "bcc", "reply_to"}, []string{"cc", "bcc", "reply_to"}, `"Müller, Zoë" <a@x.example>, b@x.example`, "c@x.example", "r@x.example")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"to@x.example", "a@x.example", "b@x.example", "c@x.example"}; !slices.Equal(l.recipients, want) {
		t.Errorf("to %q, want %q", l.recipients, want)
	}
	if got := m.Header.Get("Cc"); got != "=?utf-8?b?TcO8bGxlciwgWm/Dqw==?= <a@x.example>, <b@x.example>" || m.Header.Get("Bcc") != "" || m.Header.Get("Reply-To") != "<r@x.example>" {
		t.Errorf("%v", m.Header)
	}
}

// FuzzAddresses: whatever a template of addresses is, hostile values make as many of them as
// harmless ones, and those that have no value in them stay as they are.
func FuzzAddresses(f *testing.F) {
	for _, s := range []string{
		"{{.a}} <cc@x.example>", "{{.b}}", "{{.a}}, x@y.example", "\"{{.a}}, {{.b}}\" <x@y.example>", "x@y.example ({{.a}})", "{{.a}}@y.example", "x@{{.a}}.example", "g: {{.b}}, x@y.example;", "{{if has . \"a\"}}{{.b}}{{else}}x@y.example{{end}}",
		"{{range $i, $c := .a}}{{$c}}{{end}} <x@y.example>", "{{with .a}}{{.}} <{{$.b}}>{{end}}", "=?utf-8?q?{{.a}}?= <x@y.example>", "<{{.b}}>", "\"\\\"{{.a}}\" <x@y.example>", "((({{.a}}", "\"a@b\"@x.example, {{.b}}", "{{define \"t\"}}{{.a}}{{end}}{{template \"t\" .}} <x@y.example>",
		"[{{.a}}] <x@y.example>", "{{.a}} {{.a}} <x@y.example>, , {{.b}},", "x@[{{.a}}]", "{{printf \"%d\" .a}} <x@y.example>", "{{.a}}\\ <x@y.example>",
	} {
		f.Add(s, "mallory@evil.example, Dan", "boss@x.example")
		f.Add(s, "\"<>(),:;\\", "B <boss@x.example>")
	}
	f.Fuzz(func(t *testing.T, text, a, b string) {
		if costly.MatchString(text) || strings.Contains(text, "slot") || strings.Contains(text, "Brood") {
			return
		}
		s, err := newSlotted("Cc", text, nil)
		if err != nil {
			return
		}
		_ = s.check()
		hostile, err := s.mailboxes(variables{"a": a, "b": b})
		if err != nil {
			return
		}
		harmless, err := s.mailboxes(variables{"a": "anna", "b": "boss@x.example"})
		if err != nil || strings.TrimSpace(a) == "" || strings.TrimSpace(b) == "" || strings.Contains(text, "if") || strings.Contains(text, "range") || strings.Contains(text, "with") {
			return // a condition may decide by what a value is
		}
		if len(hostile) != len(harmless) {
			t.Fatalf("%q of %q and %q is %v, but of harmless ones %v", text, a, b, hostile, harmless)
		}
		plain, err := s.mailboxes(variables{"a": "emil", "b": "zoe@y.example"})
		if err != nil {
			return
		}
		for i := range harmless {
			if harmless[i].address == plain[i].address && hostile[i].address != plain[i].address {
				t.Fatalf("%q of %q and %q is for %q, and not for %q", text, a, b, hostile[i].address, plain[i].address)
			}
		}
	})
}
