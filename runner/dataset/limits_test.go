package dataset

import (
	"brood/jobs"
	"fmt"
	"strings"
	"testing"
)

func nested(n int) string {
	return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}"
}

// TestDepth: an object that is nested too deep is bad input at the place where it is, and
// nobody goes down into it: it is 8 million deep here, which no stack takes.
func TestDepth(t *testing.T) {
	path := write(t, "x.jsonl", "{\"a\":1}\n"+nested(3)+"\n"+nested(4)+"\n"+strings.Repeat("[", 8_000_000)+"\n{\"a\":\"[[[[\"}\n")
	for depth, bad := range map[int][]string{
		3: {"", "", ":3:8: nested deeper than 3 levels; raise that with --max-depth", ":4:4: nested deeper", ""},
		2: {"", ":2:7: nested deeper than 2 levels", ":3:7: nested deeper", ":4:3: nested deeper", ""},
		0: {"", "", "", fmt.Sprintf(":4:%d: nested deeper than %d levels", DefaultMaxDepth+1, DefaultMaxDepth), ""},
	} {
		all := readAll(t, open(t, Spec{Paths: []string{path}, MaxDepth: depth}))
		if len(all) != len(bad) {
			t.Fatalf("%d: %d records", depth, len(all))
		}
		for i, want := range bad {
			if !strings.Contains(all[i].err, want) || (want == "") != (all[i].err == "") {
				t.Errorf("%d: record %d: %q, want %q", depth, i, all[i].err, want)
			}
		}
	}
	// Of a run that was begun when there was no limit; one too deep for the first record
	// has no columns.
	old := Spec{Paths: []string{write(t, "x.jsonl", nested(jobs.DepthLimit+1)+"\n"+nested(jobs.DepthLimit)+"\n")}, Format: FormatJSONL, MaxRecord: 1 << 20}
	r, err := Open(old, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if all := readAll(t, r); len(all) != 2 || all[0].err == "" || all[1].err != "" {
		t.Errorf("without a limit: %v, %v", all[0].err, all[1].err)
	}
}

// TestManyColumns: what is done at the beginning, and for each record, takes as long as
// there are columns and not as their square, which here would take many minutes.
func TestManyColumns(t *testing.T) {
	const n = 400_000
	var header, row, object strings.Builder
	for i := range n {
		fmt.Fprintf(&header, ",\"column %d\"", i)
		row.WriteString(",x")
		fmt.Fprintf(&object, ",\"column %d\":0", i)
	}
	for name, content := range map[string]string{
		"x.csv": header.String()[1:] + "\n" + row.String()[1:] + "\n", "x.jsonl": "{" + object.String()[1:] + "}\n",
	} {
		r := open(t, Spec{Paths: []string{write(t, name, content)}, FixedColumns: true})
		if all := readAll(t, r); len(r.Shape().Columns) != n || len(all) != 1 || all[0].err != "" {
			t.Errorf("%s: %d columns, %d records", name, len(r.Shape().Columns), len(all))
		}
	}
}
