package email

import (
	"brood/jobs"
	"strings"
	"testing"
	"time"
)

// fillOne fills a template with a record of JSON, at noon of 30 November 2026.
func fillOne(kind, lang, text, row string) (string, error) {
	rec := &jobs.Record{Shape: &jobs.Shape{Kind: jobs.Objects}, Raw: []byte(row)}
	cols := &composer{columns: columnsOf(rec.Shape, "")}
	vars, _, err := cols.variablesOf(rec)
	if err != nil {
		return "", err
	}
	parse := textTemplate
	if kind == "html" {
		parse = htmlTemplate
	}
	f, err := parse("t", text, cols.known)
	if err != nil {
		return "", err
	}
	bindTo(f, bound(lang, func() time.Time { return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) }))
	return fill(f, vars)
}

// TestFunctions: what the functions of templates make, and what they refuse.
func TestFunctions(t *testing.T) {
	const row = `{"name":"ada","empty":" ","amount":"1234567.005","small":"-0.004","n":3,"one":"1","age":"9","old":"16.0","zip":"016","text":"x","comma":"1,5","day":"2026-12-24","odd":"12/24/2026","when":"24.12.2026","list":["a","b"],"rows":[{"sum":"0.1","p":{"q":"r"}},{"sum":"0.2"}],"yes":true,"huge":"1e999999999","lang":"de","who":"ada o'brien-lovelace"}`
	for _, c := range []struct{ lang, text, want, err string }{
		// Missing values.
		{"", `{{.name | default "friend"}} {{.nosuch | default "friend"}} {{.empty | default "friend"}}`, "ada friend friend", ""},
		{"", `{{default "friend" .nosuch}} {{default "x" .name}} {{print (.nosuch | default "y")}}`, "friend ada y", ""},
		{"", `{{.nosuch.deeper | default "-"}}{{.nosuch | default 0 | number 2}}{{if .nosuch | default ""}}x{{end}}`, "-0.00", ""},
		{"", `{{range .rows}}{{.p.q | default "none"}},{{.sum}},{{$.nosuch | default $.name}};{{end}}`, "r,0.1,ada;none,0.2,ada;", ""},
		{"", `{{given .nosuch}} {{given .nosuch.deeper}} {{.empty | given}} {{given .name}} {{given .yes}} {{given .small}} {{given "0.0"}} {{given .list}}`, "false false false true true true false true", ""},
		{"", `{{range .nosuch}}x{{else}}none{{end}} {{range $i, $x := .nosuch.deeper}}x{{else}}none{{end}} {{range .list}}{{.}}{{else}}none{{end}} {{range .rows}}{{range .p}}{{.}}{{else}}-{{end}}{{end}}`, "none none ab r-", ""},
		{"", `{{with .nosuch}}{{.}}{{else}}friend{{end}} {{with .empty}}x{{else with $.nosuch}}x{{else}}y{{end}} {{with $x := .name}}{{$x}}{{else}}y{{end}}`, "friend y ada", ""},
		{"", `{{range .nosuch}}x{{end}}`, "", "the template needs nosuch"},
		{"", `{{with .nosuch}}x{{end}}`, "", "the template needs nosuch"},
		{"", `{{index .name 0}}`, "a", ""},
		{"", `{{index .name 9}}`, "", "the template needs 9"},
		{"", `{{.nosuch | upper}}`, "", "the template needs nosuch"},
		{"", `{{define "a"}}{{.nosuch | default "in a"}}{{end}}{{template "a" .}}`, "in a", ""},
		{"", `{{.nosuch | title | default "friend"}}`, "friend", ""},
		// Text.
		{"", `{{.who | title}} {{title "ADA VON"}} {{title "ada McX"}} {{title "it's"}}`, "Ada O'Brien-Lovelace Ada Von Ada McX It's", ""},
		{"", `{{.name | replace "a" "b"}} {{.list | join ", "}}`, "bdb a, b", ""},
		{"", `{{.name | join ", "}}`, "", "the template has {{join \", \"}}: join is for lists"},
		{"", `{{.who | word 1}} {{.who | word -1}} {{.who | word 3}}{{.name | word -2}}! {{contains "a" .list}} {{contains "c" .list}} {{.who | contains "brien"}}`, "ada o'brien-lovelace ! true false true", ""},
		// Numbers.
		{"", `{{.amount | number 2}} {{.amount | number}} {{.n | number 0}} {{.small | number 2}}`, "1234567.01 1234567.005 3 0.00", ""},
		{"de", `{{.amount | number 2}} {{.amount | number 2 "en"}} {{number 1 "fr-CA" 12345.25}} {{number 0 999}}`, "1.234.567,01 1,234,567.01 12\u202f345,3 999", ""},
		{"de-DE", `{{.amount | money "EUR"}} {{.small | money "USD" "en"}} {{money "JPY" "ja" 1500}} {{money "CHF" "de-CH" -1500}}`, "1.234.567,01\u00a0€ $0.00 ¥1,500 -CHF\u00a01’500.00", ""},
		{"", `{{.amount | money "EUR"}} {{1234 | money "EUR" "es"}} {{12345 | money "USD" .lang}}`, "EUR 1234567.01 1234,00\u00a0€ 12.345,00\u00a0US$", ""},
		{"", `{{add 0.1 0.2}} {{sub 1 .n}} {{mul 1.005 100}} {{div 1 4}} {{div 1 3 | round 4}} {{add (mul .n "2") 1}}`, "0.3 -2 100.5 0.25 0.3333 7", ""},
		{"", `{{div 1 0}}`, "", "nothing can be divided by 0"},
		{"", `{{.rows | sum "sum" | money "EUR"}}`, "EUR 0.30", ""},
		{"", `{{.list | sum "sum"}}`, "", "number 1 of the list"},
		{"", `{{.comma | number 2}}`, "", `"1,5" may be two numbers`},
		{"", `{{.comma | replace "," "." | number 2}}`, "1.50", ""},
		{"", `{{.text | money "EUR"}}`, "", `"x" is not a number such as 1234.50`},
		{"", `{{.huge | number}}`, "", "is not a number"},
		{"", `{{.n | plural "item" "items"}} {{.one | plural "item" "items"}} {{plural "item" "items" 1.0}}`, "items item item", ""},
		{"", `{{round 2 .text}}`, "", `the template has {{round 2 .text}}: "x" is not a number`},
		// Dates.
		{"", `{{now | date "2 January 2006 15:04"}} {{now.Year}} {{.day | date "02.01.2006"}} {{.when | date "2006-01-02"}}`, "30 November 2026 12:00 2026 24.12.2026 2026-12-24", ""},
		{"de", `{{.day | date "Monday, 2. January 2006"}} {{.day | date "Mon, 2 Jan 2006"}} {{.day | date "2 January" "en"}}`, "Donnerstag, 24. Dezember 2026 Don, 24 Dez 2026 24 December", ""},
		{"tr", `{{.day | date "02.01.2006"}}`, "24.12.2026", ""},
		{"tr", `{{.day | date "2 January 2006"}}`, "", `the names of months are not known in language "tr"`},
		{"", `{{now | plusdays 14 | date "2006-01-02"}} {{.day | plusdays -24 | date "2006-01-02"}}`, "2026-12-14 2026-11-30", ""},
		{"", `{{.odd | date "2006"}}`, "", `"12/24/2026" is not a date such as 2026-12-24`},
		// Comparisons: a nine-year-old is no adult.
		{"", `{{if gt .age "16"}}adult{{else}}child{{end}} {{if gt .age 16}}adult{{else}}child{{end}} {{lt .age 16}} {{ge .old "16"}} {{le .old 16}}`, "child child true true true", ""},
		{"", `{{if gt .text 16}}x{{end}}`, "", `the template has {{gt .text 16}}: a number is compared with what is none: "x" is not a number`},
		{"", `{{if lt "5" .text}}x{{end}}`, "", "a number is compared with what is none"},
		{"", `{{lt "a" "b"}} {{gt .day "2026-02-01"}} {{lt .when .day}} {{le .when .day}} {{lt .day now}}`, "true true false true false", ""},
		{"", `{{lt .list 1}}`, "", "a number is compared with what is none"},
		{"", `{{eq .old "16"}} {{eq .old 16}} {{eq .zip "16"}} {{eq .zip 16}} {{eq .text 16}} {{eq .name "x" "ada"}} {{ne .old 16}} {{eq .yes true}} {{eq .yes "true"}}`, "false true false true false true false true true", ""},
		{"", `{{if and (gt .age 5) (lt .age 10)}}yes{{end}}`, "yes", ""},
		// Refused before anything is filled.
		{"", `{{.amount | money "Euro"}}`, "", `"Euro" is no currency such as EUR or USD`},
		{"", `{{.amount | money}}`, "", "money takes 2 to 3 values, not 1; as in"},
		{"", `{{.amount | number 2 "xx"}}`, "", `numbers are not known in language "xx"`},
		{"", `{{.amount | number 2.5}}`, "", "decimals are a whole number"},
		{"", `{{.amount | number 99}}`, "", "99 decimals: there are 0 to 20"},
		{"", `{{.day | date "%d.%m.%Y"}}`, "", `date "%d.%m.%Y": a date is described by how 2 January 2006`},
		{"", `{{.day | date "d.m.y"}}`, "", "a date is described by"},
		{"", `{{.name | replace "a"}}`, "", "replace takes 3 values, not 2"},
		{"", `{{add .n}}`, "", "add takes 2 values, not 1"},
		{"", `{{now 1 | date "2006"}}`, "", "now takes 0 values, not 1"},
	} {
		for _, kind := range []string{"text", "html"} {
			got, err := fillOne(kind, c.lang, c.text, row)
			if kind == "html" {
				got = strings.NewReplacer("&#39;", "'", "&#34;", `"`).Replace(got)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || err == nil && got != c.want {
				t.Errorf("%s: %s makes %q, %v; want %q, %q", kind, c.text, got, err, c.want, c.err)
			}
		}
	}
}

// TestDefaultColumns: a column that default is asked about need not be there, unless one is there
// that was meant.
func TestDefaultColumns(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "name"}}
	for text, want := range map[string]string{
		`{{.city | default "x"}}`: "", `{{.nmae | default "x"}}`: "did you mean {{.name}}?", `{{.city | default "x"}} {{.city}}`: `no column "city"`, `{{.name | default .email}}`: "",
	} {
		_, err := textTemplate("t", text, shape)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestValueFirst: whoever knows another language writes the value first, and is told so before
// anything is sent.
func TestValueFirst(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "amount", "day", "name", "rows"}}
	for text, wrong := range map[string]bool{
		`{{sum .rows "amount"}}`: true, `{{money .amount "EUR"}}`: true, `{{date .day "2006"}}`: true, `{{number .amount 2}}`: true, `{{default .name "x"}}`: true, `{{replace .name "a" "b"}}`: true,
		`{{sum "amount" .rows}}`: false, `{{.amount | money "EUR"}}`: false, `{{default "x" .name}}`: false, `{{contains .name "Ann, Bob"}}`: false, `{{add .amount 1}}`: false, `{{default .name .day}}`: false,
	} {
		_, err := textTemplate("t", text, shape)
		if (err != nil) != wrong || wrong && !strings.Contains(err.Error(), "the value comes last, or from before a |; as in {{") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestUnsubscribeInText: the text of a message shows what its header says, the address for a
// browser first; in HTML it is escaped where it stands.
func TestUnsubscribeInText(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email"}}
	rec := &jobs.Record{Attempt: 1, Shape: shape, Values: [][]byte{[]byte("a+b@example.com")}}
	c := config{
		Use: []string{}, Headers: []header{{"From", "t@example.com"}, {"Subject", "x"}}, Unsubscribe: "mailto:leave@example.com,https://example.com/?a=1&e={{urlquery .email}}",
		Text: variants{"": {"text", "Leave: {{.unsubscribe_url}}"}}, HTML: variants{"": {"html", `<a href="{{.unsubscribe_url}}">{{.unsubscribe_url}}</a>`}},
	}
	comp, err := newComposer(c, shape)
	if err != nil {
		t.Fatal(err)
	}
	l, err := comp.compose(rec, "k", "r", "")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(string(l.message))
	for _, want := range []string{
		"Leave: https://example.com/?a=1&e=a%2Bb%40example.com", `<a href="https://example.com/?a=1&amp;e=a%2Bb%40example.com">https://example.com/?a=1&amp;e=a%2Bb%40example.com</a>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in\n%s", want, got)
		}
	}
	c.Unsubscribe = ""
	if _, err := newComposer(c, shape); err == nil || !strings.Contains(err.Error(), `no column "unsubscribe_url"`) {
		t.Errorf("without --unsubscribe: %v", err)
	}
}

// FuzzNumbers: whatever a value is, a number of it is one that is read as itself again, and takes
// no more room than it may.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1", "-1.50", "1e100", "1e-100", ".5", "5.", "0x10", "1/3", "1_0", "٣", "--1", "+1", "", ".", "e5", "1,5", "NaN", "Inf", "1e999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := numberOf(s)
		if err != nil {
			return
		}
		text := n.FloatString(mostDecimals)
		if len(text) > 2*(longestNumber+largestPower+mostDecimals) || strings.Trim(s, " \t\r\n\v\f+-0123456789.eE\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000") != "" {
			t.Fatalf("%q became %s", s, text)
		}
		if back, err := numberOf(decimals(n)); err == nil && back.FloatString(mostDecimals) != text {
			t.Fatalf("%q became %s and %s", s, text, back.FloatString(mostDecimals))
		}
		for _, lang := range []string{"", "de", "es", "en"} {
			if _, err := spoken(lang).number(2, s); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestLines: what is wrong below the headers of a template is told with the line of its file.
func TestLines(t *testing.T) {
	for text, want := range map[string]string{
		"From: a@example.com\nSubject: x\n\nHello\n{{if}}\n": "letter.eml:5:", "From: a@example.com\r\nSubject: x\r\n\r\n{{nosuch .x}}\r\n": "letter.eml:4:",
	} {
		_, err := newComposer(config{Template: variants{"": {"letter.eml", text}}}, &jobs.Shape{Kind: jobs.Objects})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
