package invoice

import (
	"strings"
	"testing"
)

// TestTemplate fills a template of the user's, and refuses one that leaves a hole.
func TestTemplate(t *testing.T) {
	for _, c := range []struct{ text, why string }{
		{"{{.Title}} {{.Number}} {{.Metadata.plan}} {{range .Lines}}{{.Description}}{{end}} {{.Total.Value}}", ""},
		{"{{.Amount}} <no value> ZgotmplZ", ""},
		{"{{.Titel}}", "Titel"},
		{"{{.Metadata.other}}", "other"},
		{"{{range .Lines}}{{.Name}}{{end}}", "Name"},
		{"{{.Title", "template"},
		{"{{printf \"%d\" .Title}}", ""},
		{"<p style=\"color: {{.Email}}\">", "ZgotmplZ"},
		{"{{print nil}}", "nil"},
	} {
		s := theSeller()
		s.Invoice.Template = c.text
		err := CheckTemplate(c.text, []string{"plan"})
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	ch := aCharge(English, 1)
	s := theSeller()
	s.Invoice.Template = "<p>{{.Metadata.plan}}|{{.Customer.Name}}</p>"
	ch.Name = "<nil> <no value>"
	docs, err := pressOf(t, s, ch).Make(ch)
	if err != nil || string(docs.HTML) != "<p>Größe &lt;M&gt;|&lt;nil&gt; &lt;no value&gt;</p>" {
		t.Errorf("%s, %v", docs, err)
	}
	ch.Metadata = nil
	if _, err := pressOf(t, s, ch).Make(ch); err == nil || !strings.Contains(err.Error(), "plan") {
		t.Errorf("a record without the value: %v", err)
	}
}

// FuzzPage puts any text of a record into the page: it adds no markup, and nothing that is not seen.
func FuzzPage(f *testing.F) {
	f.Add("<script>alert(1)</script>", "\" onload=x \u202e", "a\nb\x00")
	f.Add("</title><!--", "{{.Title}}", "&lt;ZgotmplZ")
	s := theSeller()
	c := aCharge(English, 1)
	p, err := ownTemplate()
	if err != nil {
		f.Fatal(err)
	}
	of := sellerOf(s)
	page := func(t testing.TB, name, description, id string) string {
		c.Name, c.Lines[0].Description, c.CustomerID = name, description, id
		v, err := of.view(c)
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.fill(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	marks := func(html string) [3]int {
		return [3]int{strings.Count(html, "<"), strings.Count(html, ">"), strings.Count(html, `"`)}
	}
	plain := marks(page(f, "a", "b", "c"))
	f.Fuzz(func(t *testing.T, name, description, id string) {
		if clean(id) == "" {
			return // one fact less
		}
		html := page(t, name, description, id)
		if got := marks(html); got != plain {
			t.Fatalf("markup of a record's: %v, want %v\n%s", got, plain, html)
		}
		if strings.ContainsAny(html, "\x00\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\r") {
			t.Fatalf("a character that is not seen:\n%q", html)
		}
	})
}

// FuzzTemplate reads any template: it is refused, or fills the page without a panic.
func FuzzTemplate(f *testing.F) {
	f.Add("{{.Title}}<script>{{.Number}}</script>")
	f.Add("{{define \"x\"}}{{template \"x\"}}{{end}}{{range .Lines}}{{.Amount}}{{else}}{{end}}")
	f.Fuzz(func(_ *testing.T, text string) {
		if len(text) < 500 {
			_ = CheckTemplate(text, []string{"a"})
		}
	})
}
