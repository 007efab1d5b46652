package email

import (
	"brood/jobs"
	"bytes"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
)

func TestUnsubscribe(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "v", "unsubscribe_url"}}
	for _, c := range []struct{ template, v, column, want, err string }{
		{"https://x.example/?a=1,2,{{.v}}", "a,b", "", "<https://x.example/?a=1,2,a,b>", ""},
		{"https://x.example/?a={{.v}}", "1,mailto:mallory@evil.example", "", "<https://x.example/?a=1,mailto:mallory@evil.example>", ""},
		{"https://x.example/?a={{.v}}", "1>, <https://evil.example", "", "", "is no place to unsubscribe"},
		{"https://x.example/{{.v}},mailto:leave@x.example?subject={{.v}}", "7", "", "<https://x.example/7>, <mailto:leave@x.example?subject=7>", ""},
		{"https://x.example/{{.v}}, mailto:leave@x.example", "7", "", "<https://x.example/7>, <mailto:leave@x.example>", ""},
		{"<https://x.example/a,mailto:b/{{.v}}> <mailto:leave@x.example>", "7", "", "<https://x.example/a,mailto:b/7>, <mailto:leave@x.example>", ""},
		{"{{.v}}", "https://x.example/,1, MAILTO:a@x.example", "", "<https://x.example/,1>, <MAILTO:a@x.example>", ""},
		{"https://x.example/", "v", "https://y.example/?a=1,2", "<https://y.example/?a=1,2>", ""},
		{"", "v", "mailto:a@x.example, https://y.example/é", "<mailto:a@x.example>, <https://y.example/%C3%A9>", ""},
		{"https://x.example/{{.v}}", "a b", "", "", "is no place to unsubscribe"},
		{"https://x.example/{{.v}}", "a\r\nBcc: x@y.example", "", "", "line break"},
		{"https://x.example/,", "v", "", "<https://x.example/>", ""},
	} {
		cc := config{Use: []string{"unsubscribe_url"}, Headers: []header{{"From", "a@x.example"}, {"Subject", "x"}}, Text: variants{"": {"text", "x"}}, Unsubscribe: c.template}
		comp, err := newComposer(cc, shape)
		if err != nil {
			t.Fatal(err)
		}
		l, err := comp.compose(&jobs.Record{Attempt: 1, Shape: shape, Values: [][]byte{[]byte("to@x.example"), []byte(c.v), []byte(c.column)}}, "key", "run", "")
		if err != nil {
			if c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s of %q: %v, want %q", c.template, c.v, err, c.err)
			}
			continue
		}
		m := strings.ReplaceAll(string(l.message), "\r\n ", " ")
		if got := header1(m, "List-Unsubscribe"); c.err != "" || got != c.want {
			t.Errorf("%s of %q is %s, want %s %s", c.template, c.v, got, c.want, c.err)
		}
		if got := header1(m, "List-Unsubscribe-Post"); (got == "List-Unsubscribe=One-Click") != strings.Contains(c.want, "https:") {
			t.Errorf("%s: one click is %q", c.template, got)
		}
	}
}

// header1 is a header of a message that was unfolded.
func header1(m, name string) string {
	lines := strings.Split(m, "\r\n")
	if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+": ") }); i >= 0 {
		return lines[i][len(name)+2:]
	}
	return ""
}

// TestListID: a list that one can leave has a name, and that of the user where there is one.
func TestListID(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email"}}
	rec := &jobs.Record{Attempt: 1, Shape: shape, Values: [][]byte{[]byte("ann@example.org")}}
	for name, c := range map[string]struct {
		more  []header
		leave string
		named bool
		want  string
	}{
		"named":          {nil, "https://example.com/u", true, "<list.example.com>"},
		"by the user":    {[]header{{listID, "News <news.example.com>"}}, "https://example.com/u", true, "News <news.example.com>"},
		"no list":        {nil, "", true, ""},
		"an earlier run": {nil, "https://example.com/u", false, ""},
	} {
		comp, err := newComposer(config{Use: []string{}, Headers: append([]header{{"From", "t@example.com"}, {"Subject", "x"}}, c.more...), Unsubscribe: c.leave, NameList: c.named, Text: variants{"": {"t", "x"}}}, shape)
		if err != nil {
			t.Fatal(err)
		}
		l, err := comp.compose(rec, "k", "r", "")
		if err != nil {
			t.Fatal(err)
		}
		m, err := netmail.ReadMessage(bytes.NewReader(l.message))
		if err != nil || m.Header.Get(listID) != c.want {
			t.Errorf("%s: %q (%v), want %q", name, m.Header.Get(listID), err, c.want)
		}
	}
}
