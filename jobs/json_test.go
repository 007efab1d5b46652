package jobs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestTooDeep: brackets count where they are some, and not in strings.
func TestTooDeep(t *testing.T) {
	for text, want := range map[string]int{
		``: -1, `{"a":[1]}`: -1, `[[[]]]`: 2, `{"a":{"b":{}}}`: 10, `[[],[],[],[[1]]]`: 11,
		`["[[[[","{{\"[[[["]`: -1, `[ "\\\\" , [[1]]]`: 12, `[[{`: 2, `]]]][[[[`: -1, `["[[[`: -1, `["\`: -1,
	} {
		if got := TooDeep([]byte(text), 2); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
	deep := bytes.Repeat([]byte("["), 8_000_000)
	if got := TooDeep(deep, 1000); got != 1000 {
		t.Errorf("8 million: %d", got)
	}
	// What is allowed at most is read in a worker.
	nested := func(n int) []byte { return slices.Concat(bytes.Repeat([]byte("["), n), bytes.Repeat([]byte("]"), n)) }
	if !json.Valid(nested(DepthLimit)) || json.Valid(nested(DepthLimit+1)) {
		t.Error("encoding/json has another limit now")
	}
}

// TestCells: one pass finds what Value finds for each column.
func TestCells(t *testing.T) {
	objects := &Shape{Kind: Objects, Columns: []string{"a", "b", "", "a"}}
	for _, rec := range []*Record{
		{Shape: objects, Raw: []byte(`{"b":"x\n","a":[1, 2],"c":0,"a":3,"":null}`)},
		{Shape: objects, Raw: []byte(`{"\u0061":1}`)},
		{Shape: objects, Raw: []byte(`{"a":1,`)},
		{Shape: objects, Raw: []byte(`["x"]`)},
		{Shape: objects, Raw: []byte(`"x"`)},
		{Shape: objects},
		{Shape: &Shape{Kind: Fields, Columns: []string{"a", "b"}}, Values: [][]byte{[]byte("1")}},
		{Shape: &Shape{Kind: Lines, Columns: []string{LineColumn}}, Raw: []byte("[")},
	} {
		var want [][]byte
		for i := range rec.Shape.Columns {
			want = append(want, rec.Value(i))
		}
		if got := NewCells(rec.Shape).Values(rec); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("%s:\n got %q\nwant %q", rec.Raw, got, want)
		}
	}
	// What is no object has no members, not even one without a name.
	list := &Record{Shape: objects, Raw: []byte(`["x"]`)}
	list.Each(func(name string, value []byte) { t.Errorf("a list has a member %q: %q", name, value) })
	if v, there := list.Lookup(""); there {
		t.Errorf("a list has %q", v)
	}
	if got := string((&Record{Shape: objects, Raw: []byte(" {\"a\":\r[\n1]}\r")}).AppendJSON([]byte("\r"))); got != "\r{\"a\": [ 1]}" {
		t.Errorf("on one line: %q", got)
	}
}

// BenchmarkCells is linear in the number of columns.
func BenchmarkCells(b *testing.B) {
	for _, n := range []int{3, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			shape, text := &Shape{Kind: Objects}, make([]string, n)
			for i := range n {
				shape.Columns = append(shape.Columns, fmt.Sprintf("column%d", i))
				text[i] = fmt.Sprintf("\"column%d\":%d", i, i)
			}
			cells, rec := NewCells(shape), &Record{Shape: shape, Raw: []byte("{" + strings.Join(text, ",") + "}")}
			for b.Loop() {
				cells.Values(rec)
			}
		})
	}
}
