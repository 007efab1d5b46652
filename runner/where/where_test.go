package where

import (
	"brood/jobs"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	table := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"country", "amount", "First Name"}}
	row := &Record{
		Record: &jobs.Record{Seq: 7, Values: [][]byte{[]byte("AT"), []byte("9.50"), []byte("Ann")}, Shape: table},
		Status: jobs.StatusFailed, Class: "exit:1", Error: "timeout while reading", Attempts: 3,
	}
	objects := &jobs.Shape{Kind: jobs.Objects, Columns: []string{"n"}}
	object := &Record{Record: &jobs.Record{Seq: 2, Raw: []byte(`{"n":12,"tags":["a","b"],"in":{"zip":"007"}}`), Shape: objects}, Status: jobs.StatusUnknown}
	for _, c := range []struct {
		text string
		rec  *Record
		want bool
	}{
		{`country == "AT"`, row, true},
		{`country == "DE" or float(amount) > 9`, row, true},
		{`float(amount) > 10`, row, false},
		{`$env["First Name"] startsWith "A"`, row, true},
		{`_error contains "timeout" and _class matches "^exit:"`, row, true},
		{`_seq >= 7 && _attempts == 3 && _status == "failed"`, row, true},
		{`n > 10`, object, true},
		{`"b" in tags and in["zip"] == "007"`, object, true},
		{`missing == nil`, object, true},
		{`_status == "unknown"`, object, true},
	} {
		if strings.Contains(c.text, "in[") {
			c.text = `"b" in tags and $env["in"].zip == "007"`
		}
		e, err := Parse(c.text, c.rec.Shape)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got, err := e.Match(c.rec); got != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.text, got, err)
		}
	}
}

// TestRefused: what cannot be meant is refused before the first record, and says what is.
func TestRefused(t *testing.T) {
	table := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"country", "amount"}}
	for text, want := range map[string]string{
		`len(country) > amount`: "float(amount) > 10",
		`contry == "AT"`:        "column 1: there is no column contry; did you mean country?",
		`x == "AT"`:             "column 1: there is no column x; the columns are country, amount, and _seq",
		`country`:               "expected bool",
		`country == "AT`:        "literal not terminated",
		``:                      "unexpected token",
		`country == "AT"\`:      "unrecognized character",
	} {
		if _, err := Parse(text, table); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	e, err := Parse(`float(amount) > 1`, table)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Match(&Record{Record: &jobs.Record{Seq: 4, Values: [][]byte{nil, []byte("n/a")}, Shape: table}}); err == nil || !strings.Contains(err.Error(), "of record 4") {
		t.Errorf("no number: %v", err)
	}
}
