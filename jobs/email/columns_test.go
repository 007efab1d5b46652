package email

import (
	"brood/jobs"
	"strings"
	"testing"
)

// TestEmailIsTheAddress: {{.email}} is the address of a record whatever its column is called, and
// what an error tells to write is a template.
func TestEmailIsTheAddress(t *testing.T) {
	for _, c := range []struct {
		columns, values []string
		want            string
	}{
		{[]string{"E-Mail", "name"}, []string{" a@x.example ", "Ada"}, "a@x.example"},
		{[]string{"name", "Mail"}, []string{"Ada", "a@x.example"}, "a@x.example"},
		{[]string{"to", "email"}, []string{"a@x.example", "b@x.example"}, "b@x.example"},
		{[]string{"to", "mail"}, []string{"", "b@x.example"}, "b@x.example"},
		{[]string{"to", "email"}, []string{"a@x.example", ""}, "the template needs email"},
	} {
		shape := &jobs.Shape{Kind: jobs.Fields, Columns: c.columns}
		rec := &jobs.Record{Attempt: 1, Shape: shape}
		for _, v := range c.values {
			rec.Values = append(rec.Values, []byte(v))
		}
		out := &composer{columns: columnsOf(shape, "")}
		f, err := textTemplate("t", "{{.email}}", out.known)
		if err != nil {
			t.Fatal(c.columns, err)
		}
		vars, _, err := out.variablesOf(rec)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fill(f, vars)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%q %q: %q, want %q", c.columns, c.values, got, c.want)
		}
	}
	config := config{Headers: []header{{"Subject", "x"}, {"From", "team@x.example"}, {"To", "boss@x.example"}}, Text: variants{"": {"text", "x"}}, Server: &server{}}
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"E-Mail"}}
	check := func() error {
		c, err := newComposer(config, shape)
		if err == nil {
			err = c.checkShape(shape)
		}
		return err
	}
	if err := check(); err == nil || !strings.Contains(err.Error(), `write To: {{.name}} <{{index . "E-Mail"}}>`) {
		t.Error(err)
	}
	for _, to := range []string{`{{index . "E-Mail"}}`, "{{.email}}"} {
		config.Headers[2].Value = to
		if err := check(); err != nil {
			t.Error(to, err)
		}
	}
	if _, err := textTemplate("t", "{{.unsubscribe_url}}", columnsOf(shape, "").known); err == nil || !strings.Contains(err.Error(), "give it with --unsubscribe URL") {
		t.Error(err)
	}
}
