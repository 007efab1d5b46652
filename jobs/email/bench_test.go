package email

import (
	"brood/jobs"
	"strings"
	"testing"
)

// BenchmarkComposePlain makes the message that is measured beside smtp-source: 1 kB of text, with a name in it.
func BenchmarkComposePlain(b *testing.B) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "name"}}
	rec := &jobs.Record{Attempt: 1, Shape: shape, Values: [][]byte{[]byte("user7@d7.example"), []byte("Name 7")}}
	c, err := newComposer(config{
		Use: []string{}, Headers: []header{{"From", "me@x.example"}, {"Subject", "Hello {{.name}}"}}, MakeText: true,
		Text: variants{"": {"text", "Dear {{.name}},\n\n" + strings.Repeat("this is one of the lines that make up the kilobyte of this message.\n", 12)}},
	}, shape)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.compose(rec, "user7@d7.example", "run", ""); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompose makes a message as most are: a name in the subject, the text and an address,
// 1 kB of text and HTML.
func BenchmarkCompose(b *testing.B) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "name", "plan", "rep"}}
	rec := &jobs.Record{Attempt: 1, Shape: shape, Values: [][]byte{[]byte("zoe@example.com"), []byte("Zoë Müller"), []byte("gold"), []byte("Ann Onym")}}
	text := "Dear {{.name}},\n\nthank you for another year with the plan {{.plan}}.\n\n"
	for range 10 {
		text += "It was a pleasure, and we hope that it will be one again next year.\n"
	}
	for name, headers := range map[string][]header{
		"fixed":  {{"From", "The Team <team@example.com>"}, {"Subject", "{{.name}}, your year with us"}, {"Reply-To", "help@example.com"}},
		"filled": {{"From", "{{.rep}} of The Team <team@example.com>"}, {"Subject", "{{.name}}, your year with us"}, {"Reply-To", "help@example.com"}},
	} {
		b.Run(name, func(b *testing.B) {
			c, err := newComposer(config{
				Use: []string{}, Headers: headers, Unsubscribe: "https://example.com/leave?a={{urlquery .email}}",
				Text: variants{"": {"text", text}}, HTML: variants{"": {"html", "<p>" + text + "</p>"}},
			}, shape)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.compose(rec, "zoe@example.com", "run", ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
