package where

import (
	"brood/jobs"
	"slices"
	"strings"
	"testing"
)

var table = &jobs.Shape{Kind: jobs.Fields, Columns: []string{"status", "country", "age", "name", "mail", "First Name", "E-Mail", "from", "1", "active", "date"}}

func row(values ...string) *Record {
	rec := &jobs.Record{Seq: 7, Shape: table}
	for _, v := range values {
		rec.Values = append(rec.Values, []byte(v))
	}
	return &Record{Record: rec, Status: jobs.StatusFailed, Class: "exit:1", Error: "timeout while reading", Attempts: 3}
}

func object(json string) *Record {
	shape := &jobs.Shape{Kind: jobs.Objects, Columns: []string{"n", "text", "tags", "status"}}
	return &Record{Record: &jobs.Record{Seq: 2, Raw: []byte(json), Shape: shape}, Status: jobs.StatusUnknown}
}

// TestPlain: what people type is read as they mean it, whether there are spaces or not.
func TestPlain(t *testing.T) {
	r := row("enabled", "AT", "9", "", "ann@example.com", "Ann", "x@y.example", "from", "one", "no", "2026-03-01")
	o := object(`{"n":9,"text":"9","tags":["a","b"],"status":"enabled","new":true,"none":[]}`)
	for _, c := range []struct {
		text string
		rec  *Record
		want bool
	}{
		{"status=enabled", r, true},
		{"status = enabled", r, true},
		{"status=disabled", r, false},
		{"status == enabled", r, true},
		{"status != enabled", r, false},
		{"status!=disabled", r, true},
		{`status != "disabled"`, r, true},
		{"status = Enabled", r, false},
		{"age>=18", r, false},
		{"age > 16", r, false}, // as text, 9 comes behind 16
		{"age < 16.5", r, true},
		{"age >= 9", r, true},
		{"age > -1", r, true},
		{"age<=9 and status=enabled", r, true},
		{"country in AT,DE", r, true},
		{"country in AT, DE", r, true},
		{"country in (DE, AT)", r, true},
		{`country in ("DE", 'AT')`, r, true},
		{"country in AT", r, true},
		{"country in DE", r, false},
		{"country not in DE,CH and status=enabled", r, true},
		{"name empty", r, true},
		{"name is empty", r, true},
		{"name not empty", r, false},
		{"status is not empty", r, true},
		{"name empty or age>18", r, true},
		{`mail ~ @example\.com$`, r, true},
		{`mail ~ ^(bob|ann)@`, r, true},
		{`(mail ~ ^(bob|ann)@) and age < 10`, r, true},
		{`mail !~ ^(bob|ann)@`, r, false},
		{`mail ~ "^ann@"`, r, true},
		{`mail~(?i)EXAMPLE`, r, true},
		{`First Name = Ann`, r, true},
		{`"First Name" = Ann`, r, true},
		{`"First Name" == "Ann"`, r, true}, // and not two texts
		{`$env["First Name"] = Ann`, r, true},
		{`E-Mail ~ y\.example$`, r, true},
		{`1 = one`, r, true},
		{`not status=enabled`, r, false},
		{`not (status=enabled and age>18)`, r, true},
		{`status=enabled && (country=DE || country=AT)`, r, true},
		{`status=enabled AND NOT country=DE`, r, true},
		{`status=enabled&&age<10`, r, true},
		{"date >= 2026-01-01", r, true},
		{`date < "2026-01-01"`, r, false},
		{`name = ""`, r, true},
		{`status = "active"`, r, false},
		{"_seq < 10", r, true},
		{"_class = exit:1 and _attempts >= 3 and _status = failed", r, true},
		{"_error ~ timeout", r, true},
		{"status = enabled or float(age) > 9", r, false}, // set right below: an expression
		// Of JSON.
		{"n > 16", o, false},
		{"n >= 9", o, true},
		{"text > 16", o, false},
		{"text = 9", o, true},
		{"n = 9", o, true},
		{"n == 9", o, true},
		{`n == "9"`, o, false}, // which is what package expr says
		{"status == enabled", o, true},
		{"status != enabled", o, false},
		{"new = true", o, true},
		{"none empty and missing empty", o, true},
		{"missing not empty", o, false},
		{`"b" in tags`, o, true},
		{`status in enabled, active`, o, true},
		{`n in 1..10`, o, true},
	} {
		e, err := Parse(c.text, c.rec.Shape)
		if strings.HasPrefix(c.text, "status = enabled or float") {
			if err == nil || !strings.Contains(err.Error(), "left over") && !strings.Contains(err.Error(), "must be followed by") {
				t.Errorf("%s: %v", c.text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got, err := e.Match(c.rec); got != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.text, got, err)
		}
	}
}

// TestNotTold: what cannot be told of a record is an error of that record.
func TestNotTold(t *testing.T) {
	for _, c := range []struct{ text, age, date, want string }{
		{"age >= 18", "n/a", "", `age is "n/a", which is no number`},
		{"age >= 18", "", "", "age is empty, and no number; say what is to be then: age not empty and …"},
		{"age >= 18", "0x12", "", "which is no number"},
		{"age >= 18", "1,5", "", "which is no number"},
		{"date >= 16:00", "", "9:30", "their numbers are of different length"},
		{"float(age) > 1", "n/a", "", "n/a"},
		{`age > date`, "9", "16", "compare them as such"},
		{`lower(age) > "a"`, "9", "", ""},
	} {
		e, err := Parse(c.text, table)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		r := row("", "", c.age, "", "", "", "", "", "", "", c.date)
		_, err = e.Match(r)
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "of record 7")) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
	e, err := Parse("age not empty and age >= 18", table)
	if err != nil {
		t.Fatal(err)
	}
	if yes, err := e.Match(row("", "", "", "", "", "", "", "", "", "", "")); yes || err != nil {
		t.Errorf("%v, %v", yes, err)
	}
	objects := object(`{"n":"9","text":"16"}`)
	if e, err = Parse("n > text", objects.Shape); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Match(objects); err == nil || !strings.Contains(err.Error(), "compare them as such") {
		t.Errorf("texts of JSON: %v", err)
	}
}

// TestPlainRefused: an error says where, and how it is written.
func TestPlainRefused(t *testing.T) {
	for text, want := range map[string]string{
		"contry=AT":                       "column 1: there is no column contry; did you mean country?",
		"age>18 and contry=AT":            "column 12: there is no column contry; did you mean country?",
		"Status=enabled":                  "column 1: there is no column Status; did you mean status?",
		"plan=gold":                       "column 1: there is no column plan; the columns are status, country,",
		"First Name = Ann Lee":            `column 18: "Lee" is left over; text with spaces stands in quotes: First Name = "Ann Lee"`,
		"country=New York and age>1":      `column 13: "York" is left over; text with spaces stands in quotes: country="New York"`,
		"country=AT,DE":                   "column 9: these are several values: country in AT,DE",
		"status=active":                   `column 8: active is a column too: for the text write status="active", and to compare the two columns status == active`,
		"status != active":                `column 11: active is a column too: for the text write status != "active", and to compare the two columns not (status == active)`,
		`age > "16"`:                      `column 7: "16" in quotes is text, as which 9 comes behind 16; without them numbers are compared: age > 16`,
		`lower(age) > "16"`:               "compare numbers, as in float(amount) > 16",
		"name=":                           "column 6: a value is missing behind =; if none is meant: name empty",
		"mail ~ (a":                       "column 8: missing closing ): `(a`",
		"mail =~ a":                       "column 6: there is no operator =~; write ~",
		"age => 18":                       "column 5: there is no operator =>; write ~, >= or <=",
		"country in ()":                   "column 13: a value is missing; as in country in AT, DE",
		"country in (AT":                  "column 15: a ) or a comma is missing",
		"age in 16..18":                   "for numbers from one to another write age >= … and age <= …",
		"float(age) in 1..3 and name = x": "= is written ==",
		"name empty name empty":           `column 12: "name empty" is left over`,
		"status=enabled)":                 `column 15: ")" is left over`,
		"(status=enabled":                 "column 16: a ) is missing",
		`status="enabled`:                 "column 8: the quotes are not closed",
		"upper(name) = ANN":               "= is written ==",
		"lower(mail) ~ x":                 "~ is written matches",
		"status == enabled and len(name) > 3 and country == AT": "text stands in quotes",
		"age > old":            `column 7: there is no column old; the columns are`,
		"zoë = x":              "column 1: there is no column zoë",
		"name empty and x = 1": "column 16: there is no column x",
	} {
		_, err := Parse(text, table)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v, want\n%s", text, err, want)
		}
	}
}

// TestRow: before a record has begun it is not known how it ended; columns of those names are
// columns.
func TestRow(t *testing.T) {
	for _, text := range []string{"_status = failed", `_error contains "x"`, "status=enabled and _class=exit:1"} {
		if _, err := ParseRow(text, table); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
	if _, err := ParseRow("_class=timeout", table); err == nil || !strings.Contains(err.Error(), "brood retry --where") {
		t.Errorf("%v", err)
	}
	if _, err := ParseRow(`_class startsWith "x"`, object("{}").Shape); err == nil || !strings.Contains(err.Error(), "brood retry --where") {
		t.Errorf("%v", err)
	}
	results := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"a", "_seq", "_status"}}
	rec := &Record{Record: &jobs.Record{Seq: 3, Shape: results, Values: [][]byte{nil, []byte("55"), []byte("failed")}}}
	for _, text := range []string{"_seq > 50 and _status = failed", `_seq == "55" and trim(_status) == "failed"`} {
		e, err := ParseRow(text, results)
		if err != nil {
			t.Fatal(err)
		}
		if yes, err := e.Match(rec); !yes || err != nil {
			t.Errorf("%s: %v, %v", text, yes, err)
		}
	}
	e, err := ParseRow("sttus=enabled and nothing empty", object("{}").Shape)
	if err != nil || !slices.Equal(e.Notes(), []string{"the first record has no member sttus, but status"}) {
		t.Errorf("%v, %v", e.Notes(), err)
	}
}

// FuzzWhere: no condition breaks what reads it, and what is read can be asked of any record.
func FuzzWhere(f *testing.F) {
	for _, s := range []string{"status=enabled", `country in (AT, "D E") or not name empty`, `float(age) > 1 and mail ~ x`, `$env["First Name"] = 'a\'b'`, "age>=18&&1=one", `"b" in tags`, "n > text", "let x = n; x > 1", "filter(tags, # > 1) == []"} {
		f.Add(s, "9", `{"n":1}`)
	}
	f.Fuzz(func(t *testing.T, text, value, json string) {
		if len(text) > 500 || strings.Contains(text, "..") || strings.Contains(text, "repeat") {
			return // a range within a range takes as long as it says
		}
		for _, rec := range []*Record{row(value, value, value, value, value, value, value, value, value, value, value), object(json)} {
			for _, parse := range []func(string, *jobs.Shape) (*Expr, error){Parse, ParseRow} {
				e, err := parse(text, rec.Shape)
				if err != nil {
					continue
				}
				a, errA := e.Match(rec)
				b, errB := e.Match(rec)
				if a != b || (errA == nil) != (errB == nil) {
					t.Fatalf("%q: %v, %v, and then %v, %v", text, a, errA, b, errB)
				}
			}
		}
	})
}

func BenchmarkHolds(b *testing.B) {
	r := row("enabled", "AT", "9", "", "ann@example.com", "Ann", "x@y.example", "from", "one", "no", "2026-03-01")
	for _, text := range []string{"status=enabled", "age>=18", `mail ~ @example\.com$`, `float(age) > 18`, `country == "AT" and upper(status) == "ENABLED"`} {
		e, err := Parse(text, table)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if _, err := e.Match(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
