package fill

import (
	"brood/jobs"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

var table = &jobs.Shape{Kind: jobs.Fields, Columns: []string{"name", "id", "First Name", "v"}}

func row(values ...string) *jobs.Record {
	r := &jobs.Record{Shape: table, Seq: 6}
	for _, v := range values {
		r.Values = append(r.Values, []byte(v))
	}
	return r
}

func grammar() *Grammar { return &Grammar{Shape: table, Secrets: []string{"KEY"}} }

func secretOf(name string) string { return "<" + name + ">" }

// TestEscapes: the same hostile value at every place.
func TestEscapes(t *testing.T) {
	const hostile = "a/b?c=d&e#f%20\"'<ü>"
	for _, c := range []struct {
		text   string
		escape Escape
		want   string
	}{
		{"x{v}y", Plain, "x" + hostile + "y"},
		{"{v}", Encoded, "a%2Fb%3Fc%3Dd%26e%23f%2520%22%27%3C%C3%BC%3E"},
		{"{v}", Header, hostile},
		{`{"a": {v}}`, JSON, `{"a": "a/b?c=d&e#f%20\"'<ü>"}`},
		{`{"a": "x {v} y"}`, JSON, `{"a": "x a/b?c=d&e#f%20\"'<ü> y"}`},
		{`<a b="{v}">`, XML, `<a b="a/b?c=d&amp;e#f%20&#34;&#39;&lt;ü&gt;">`},
		{"{#} {secret:KEY} {1} {First Name}", Plain, "7 <KEY> Ann F"},
		{`\{v} {}`, JSON, "{v} {}"},
		{`{"a": "\\", "b": {v}}`, JSON, `{"a": "\\", "b": "a/b?c=d&e#f%20\"'<ü>"}`},
		{`{"a": "\"{name}"}`, JSON, `{"a": "\"Ann"}`},
		{`{"a": {id:json}, "b": [{id:json}]}`, JSON, `{"a": 12, "b": [12]}`},
		{`{"a": {}, "b": {"c": {"d": {name}}}}`, JSON, `{"a": {}, "b": {"c": {"d": "Ann"}}}`},
		{`{"n": {#}}`, JSON, `{"n": 7}`},
	} {
		tpl, err := grammar().Parse(c.text, c.escape)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got, err := tpl.Append(nil, row("Ann", "12", "F", hostile), secretOf)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v; want %s", c.text, got, err, c.want)
		}
		if c.escape == JSON && c.text[0] != '\\' {
			if err := tpl.CheckJSON(); err != nil || !json.Valid(got) {
				t.Errorf("%s: %v", c.text, err)
			}
		}
	}
}

// TestRefusedValues: what a place cannot hold fails the record.
func TestRefusedValues(t *testing.T) {
	for _, c := range []struct {
		escape Escape
		text   string
		values []string
	}{
		{Header, "{v}", []string{"a\r\nX: y", "a\nb", "\x00", "a\x7f"}},
		{Host, "{v}", []string{"", "a/b", "a@b", "a?b", "a#b", `a\b`, "a b", "a%2eb", "[::1]"}},
		{Path, "{v}", []string{"", ".", "..", "a/b", `a\b`, "a\x00", "../x"}},
		{JSON, "{v:json}", []string{"", " ", "x", "1,2", "{", "1 2", `"a" "b"`}},
	} {
		tpl, err := grammar().Parse(c.text, c.escape)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range c.values {
			if got, err := tpl.Append(nil, row("", "", "", v), secretOf); err == nil {
				t.Errorf("%s %q: %q", c.text, v, got)
			}
		}
	}
}

// TestParseRefuses: what looks like a placeholder and is none, with what was meant.
func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"{nmae}": "did you mean {name}", "{First Nmae}": "did you mean {First Name}", "{{name}}": "one pair of braces", "{secret:OTHER}": "no such secret", "{9}": "has 4 columns", "{ name }": "no spaces", "{id:json}": ":json is for values in JSON", "{mail}": "no such column",
	} {
		if _, err := grammar().Parse(text, Plain); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := grammar().Parse(`{"a": "{id:json}"}`, JSON); err == nil || !strings.Contains(err.Error(), "between quotes") {
		t.Error(err)
	}
	for _, text := range []string{`{"a" {name}}`, `{"a": {name}`, `{name} x`, `{"a": x{name}}`} {
		tpl, err := grammar().Parse(text, JSON)
		if err != nil {
			t.Fatal(err)
		}
		if tpl.CheckJSON() == nil {
			t.Errorf("%s is taken for JSON", text)
		}
	}
}

// TestTypes: of a dataset of JSON a value without quotes keeps its type.
func TestTypes(t *testing.T) {
	g := &Grammar{Shape: &jobs.Shape{Kind: jobs.Objects, Columns: []string{"a"}}}
	tpl, err := g.Parse(`[{a}, "{a}", {other}]`, JSON)
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{
		`{"a": 1.50, "other": null}`: `[1.50, "1.50", null]`, `{"a": "x", "other": [1, 2]}`: `[x, "x", [1, 2]]`, `{"a": true, "other": {"b": "c"}}`: `[true, "true", {"b": "c"}]`,
	} {
		want = strings.Replace(want, "[x,", `["x",`, 1)
		got, err := tpl.Append(nil, &jobs.Record{Shape: g.Shape, Raw: []byte(raw)}, nil)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", raw, got, err)
		}
	}
	if _, err := tpl.Append(nil, &jobs.Record{Shape: g.Shape, Raw: []byte(`{"a": 1}`)}, nil); err == nil || !strings.Contains(err.Error(), "no other") {
		t.Error(err)
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"https://api.example.com/c/{name}":                 "https://api.example.com/c/a%20%2Fb",
		"https://api.example.com":                          "https://api.example.com/",
		"https://api.example.com?x={name}":                 "https://api.example.com/?x=a%20%2Fb",
		"HTTPS://api.example.com/ü x/{id}?q={id}&r":        "HTTPS://api.example.com/%C3%BC%20x/1?q=1&r",
		"https://api.example.com/a//b/../{id}.json":        "https://api.example.com/a//b/../1.json",
		"https://{id}.example.com:8080/":                   "https://1.example.com:8080/",
		"https://api.example.com/{id}#frag":                "https://api.example.com/1",
		"https://api.example.com/a%2Fb/%7B?k={secret:KEY}": "https://api.example.com/a%2Fb/%7B?k=%3CKEY%3E",
		"https://api.example.com/{#}/{id}?n={#}#{#}":       "https://api.example.com/7/1?n=7",
		"https://api.example.com/100%25/{id}?p=50%":        "https://api.example.com/100%25/1?p=50%",
		"{v}#x":                      "https://other.example/x",
		"{v}":                        "https://other.example/x",
		"https://[::1]:8080/{id}":    "https://[::1]:8080/1",
		"https://a.example/{id}{id}": "https://a.example/11",
	} {
		a, err := grammar().ParseAddress(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		text = strings.Replace(text, "{secret:KEY}", "%3CKEY%3E", 1)
		got, err := a.Append(nil, row("a /b", "1", "", "https://other.example/x#y"), func(string) string { return "<KEY>" }, nil)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"api.example.com/{id}", "ftp://x/", "https://user:pw@x/", "https://", "https:///x", "{v}/x", "{name}://x/", "https://x/{nmae}", "https://x/100%", "https://x/%zz/{id}", "https://x/{id", "https://x/{#"} {
		if _, err := grammar().ParseAddress(text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	p, err := grammar().ParsePair("a b={name}&c")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"https://x/": "https://x/?a%20b=N%26c", "https://x/?y=1": "https://x/?y=1&a%20b=N%26c", "https://x/?": "https://x/?a%20b=N%26c"} {
		a, err := grammar().ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		want = strings.Replace(want, "https://x/?a", "https://x/?a", 1)
		if got, err := a.Append(nil, row("N", "1", "", ""), secretOf, []Pair{p}); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

// TestSplitting: what the name of a column has in it takes nothing apart.
func TestSplitting(t *testing.T) {
	of := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"Lat/Lon", "why?", "n#", "a=b", "x:\u002f/@"}}
	g, rec := &Grammar{Shape: of}, &jobs.Record{Shape: of}
	for _, v := range []string{"1/2", "w", "n", "ab", "c"} {
		rec.Values = append(rec.Values, []byte(v))
	}
	a, err := g.ParseAddress("https://x.example/p/{Lat/Lon}/{why?}.{n#}?q={Lat/Lon}&{a=b}={a=b}#{n#}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Append(nil, rec, nil, nil); err != nil || string(got) != "https://x.example/p/1%2F2/w.n?q=1%2F2&ab=ab" {
		t.Errorf("%s, %v", got, err)
	}
	p, err := g.ParsePair("{a=b}=x{a=b}=")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Append(nil, rec, nil); err != nil || string(got) != "ab=xab%3D" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := g.ParsePair("{a=b}"); err == nil {
		t.Error("a name without a value is taken")
	}
	whole, err := g.Parse("/a/{n#}/b{Lat/Lon}/", Path)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, part := range whole.Split("/") {
		got = append(got, part.shape("x"))
	}
	if strings.Join(got, "|") != "|a|x|bx|" {
		t.Errorf("%q", got)
	}
}

// TestSegments: a value never makes another path of the URL.
func TestSegments(t *testing.T) {
	for _, text := range []string{"https://x/users/{v}", "https://x/users/{v}/mails", "https://x/{id}{v}"} {
		a, err := grammar().ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []string{"", ".", ".."} {
			id := ""
			if v == ".." && strings.Contains(text, "{id}") {
				id, v = ".", "."
			}
			if got, err := a.Append(nil, row("", id, "", v), secretOf, nil); err == nil {
				t.Errorf("%s %q: %s", text, v, got)
			}
		}
	}
}

// FuzzFill: whatever a value is, the URL has the same host and path it would have with another, the
// JSON is JSON and holds the value, and a header is one line.
func FuzzFill(f *testing.F) {
	for _, s := range []string{"", "a", "../..", "a\r\nb", `"}, {"x": "`, "\xff\xfe", "%2e%2e", "a&b=c", "]]>", "\u2028"} {
		f.Add(s)
	}
	g := grammar()
	address, err := g.ParseAddress("https://api.example.com/a/{v}/b?q={v}&r=1")
	if err != nil {
		f.Fatal(err)
	}
	object, err := g.Parse(`{"a": {v}, "b": "x{v}y", "c": 1}`, JSON)
	if err != nil {
		f.Fatal(err)
	}
	header, err := g.Parse("x {v}", Header)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, v string) {
		rec := row("", "", "", v)
		if got, err := address.Append(nil, rec, secretOf, nil); err == nil {
			u, err := url.Parse(string(got))
			if err != nil || u.Host != "api.example.com" || u.Path != "/a/"+v+"/b" || len(u.Query()) != 2 || u.Query().Get("q") != v || u.Query().Get("r") != "1" {
				t.Errorf("%q: %s, %v", v, got, err)
			}
			if s := strings.Split(u.EscapedPath(), "/"); len(s) != 4 || s[2] == "." || s[2] == ".." {
				t.Errorf("%q: %s", v, u.EscapedPath())
			}
		}
		got, err := object.Append(nil, rec, secretOf)
		var back struct {
			A, B string
			C    int
		}
		valid := strings.ToValidUTF8(v, "\ufffd")
		if err != nil || json.Unmarshal(got, &back) != nil || back.C != 1 || strings.ToValidUTF8(v, "") == v && (back.A != valid || back.B != "x"+valid+"y") {
			t.Errorf("%q: %s, %v", v, got, err)
		}
		if got, err := header.Append(nil, rec, secretOf); err == nil && strings.ContainsAny(string(got), "\r\n\x00") {
			t.Errorf("%q: %q", v, got)
		}
	})
}

// FuzzParse: no template makes it stumble, and one without placeholders is its text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"{name}", `{"a": {v:json}}`, "{{name}}", `\{`, "{", "}", "{secret:KEY}", "{}"} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(JSON))
	}
	f.Fuzz(func(t *testing.T, text string, escape uint8) {
		g := grammar()
		tpl, err := g.Parse(text, Escape(escape%uint8(URL+1)))
		if err != nil {
			return
		}
		if lit, ok := tpl.Literal(); ok && !strings.Contains(text, `\{`) && lit != text {
			t.Errorf("%q: %q", text, lit)
		}
		_, _ = tpl.Append(nil, row("a", "b", "c", "d"), secretOf)
		_ = tpl.CheckJSON()
		_, _ = g.ParseAddress(text)
	})
}
