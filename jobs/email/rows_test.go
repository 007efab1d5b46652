package email

import (
	"brood/jobs"
	"strings"
	"testing"
)

// ofRows is a record of rows, each with its fields separated by commas.
func ofRows(columns string, rows ...string) *jobs.Record {
	rec := &jobs.Record{Shape: &jobs.Shape{Kind: jobs.Fields, Columns: strings.Split(columns, ","), Rows: true}}
	for _, row := range rows {
		for v := range strings.SplitSeq(row, ",") {
			rec.Values = append(rec.Values, []byte(v))
		}
	}
	return rec
}

func TestTemplateOfRows(t *testing.T) {
	rec := ofRows("email,name,Order No,amount,note", "a@b.example,Ada,7,1.50,", "A@b.example,Ada,8,2,gift")
	for _, c := range []struct{ text, want, err string }{
		{"{{.name}}: {{len .rows}}{{range .rows}} {{.order_no}}={{.amount}}{{end}}", "Ada: 2 7=1.50 8=2", ""},
		{"{{range $i, $r := .rows}}{{$i}}{{$r.order_no}} {{$.name}};{{end}}", "07 Ada;18 Ada;", ""},
		{`{{range .rows}}{{if has . "note"}}{{.note}}{{else}}-{{end}}{{get . "note" "none"}} {{end}}`, "-none giftgift ", ""},
		{`{{with index .rows 1}}{{.amount}}{{end}}`, "2", ""},
		{`{{.rows | sum "amount"}}`, "3.5", ""},
		{`{{sum "amount" .rows | number 2}}`, "3.50", ""},
		{`{{.rows | len}} {{range $.rows}}{{.amount}},{{end}}`, "2 1.50,2,", ""},
		{"{{range .rows}}{{.note}}{{end}}", "", "the template needs note, which is empty or missing"},
		{`{{.rows | sum "note"}}`, "", "number 1 of the list: the template needs note"},
		{`{{.name | sum "amount"}}`, "", "sum adds up a list"},
		{"{{range .rows}}{{.amout}}{{end}}", "", `there is no column "amout" (did you mean {{.amount}}?); the dataset has email, name, Order No, amount, note`},
		{"{{range $r := .rows}}{{$r.amout}}{{end}}", "", `there is no column "amout"`},
		{"{{range $.rows}}{{if .rows}}{{end}}{{end}}", "", `there is no column "rows"`},
		{`{{.rows | sum "amout"}}`, "", `there is no column "amout"`},
		{`{{sum "amout" $.rows}}`, "", `there is no column "amout"`},
		{`{{range .rows}}{{.amout | default "0"}}{{end}}`, "", `there is no column "amout" (did you mean {{.amount}}?)`},
		{`{{range .rows}}{{.note | default "-"}}{{.zzz | default ""}} {{end}}`, "- gift ", ""},
		{"{{.amout}}", "", `there is no column "amout"`},
	} {
		cols := &composer{columns: columnsOf(rec.Shape, "")}
		vars, _, err := cols.variablesOf(rec)
		if err != nil {
			t.Fatal(err)
		}
		filler, err := textTemplate("x", c.text, cols.known)
		got := ""
		if err == nil {
			got, err = fill(filler, vars)
		}
		if got != c.want && c.err == "" || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v\nwant %q, %q", c.text, got, err, c.want, c.err)
		}
	}
	without := columnsOf(&jobs.Shape{Kind: jobs.Fields, Columns: []string{"email"}}, "")
	if _, err := textTemplate("x", "{{range .rows}}{{.a}}{{end}}", without.known); err == nil || !strings.Contains(err.Error(), "without --group-by") {
		t.Errorf("rows where there are none: %v", err)
	}
}

// Rows of objects are as those of a table, and what is nothing is missing there too.
func TestTemplateOfObjects(t *testing.T) {
	rec := &jobs.Record{Shape: &jobs.Shape{Kind: jobs.Objects, Rows: true}, Raw: []byte(`{"email":"a@b.example","n":1.10,"x":null}` + "\n" + `{"email":"a@b.example","n":"2"}`)}
	cols := &composer{columns: columnsOf(rec.Shape, "")}
	vars, _, err := cols.variablesOf(rec)
	if err != nil {
		t.Fatal(err)
	}
	filler, err := textTemplate("x", `{{.n}} {{len .rows}} {{.rows | sum "n"}}{{range .rows}} {{.n}} {{has . "x"}}{{end}}`, cols.known)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fill(filler, vars); err != nil || got != "1.10 2 3.1 1.10 false 2 false" {
		t.Errorf("%q, %v", got, err)
	}
}

// Nobody gets what is another's: rows with several addresses are no message.
func TestOneAddress(t *testing.T) {
	for _, c := range []struct {
		rows []string
		ok   bool
	}{
		{[]string{"a@b.example,1"}, true},
		{[]string{"a@b.example,1", "A@B.example.,2", "Ada <a@b.example>,3", ",4"}, true},
		{[]string{"a@b.example,1", "a@b.example,2", "c@b.example,3"}, false},
		{[]string{",1", "a@b.example,2", "c@b.example,3"}, false},
	} {
		rec := ofRows("email,order", c.rows...)
		cols := &composer{columns: columnsOf(rec.Shape, "")}
		if err := cols.oneAddress(rec); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.rows, err)
		}
	}
}

// Files of all rows are attached, each once, where columns of files act.
func TestFilesOfRows(t *testing.T) {
	rec := ofRows("email,attachments,cc", "a@b.example,1.pdf; agb.pdf,x@y.example", "a@b.example,2.pdf;agb.pdf,z@y.example")
	for use, want := range map[string]string{"attachments": "1.pdf;agb.pdf;2.pdf", "cc": ""} {
		cols := &composer{columns: columnsOf(rec.Shape, "")}
		cols.Use = []string{use}
		_, acting, err := cols.variablesOf(rec)
		if err != nil || acting.text("attachments") != want {
			t.Errorf("%s: %q, %v", use, acting.text("attachments"), err)
		}
		if use == "cc" && acting.text("cc") != "x@y.example" {
			t.Errorf("copies go to %q", acting.text("cc"))
		}
	}
}
