package jobs

import (
	"fmt"
	"slices"
	"testing"
)

func fieldsOf(values ...string) *Record {
	r := &Record{Seq: 7, Attempt: 2, Shape: &Shape{Kind: Fields, Columns: []string{"email", "no"}, Rows: true}}
	for _, v := range values {
		r.Values = append(r.Values, []byte(v))
	}
	return r
}

// A record of several rows has the columns of the first, and all of them as rows.
func TestRows(t *testing.T) {
	objects := &Shape{Kind: Objects, Columns: []string{"email", "no"}, Rows: true}
	for _, c := range []struct {
		name string
		rec  *Record
		rows []string
		json string
	}{
		{
			"fields", fieldsOf("a", "1", "A", "2\n"),
			[]string{"a 1", "A 2\n"},
			`{"email":"a","no":"1","rows":[{"email":"a","no":"1"},{"email":"A","no":"2\n"}]}`,
		},
		{"one row", fieldsOf("a", "1"), []string{"a 1"}, `{"email":"a","no":"1","rows":[{"email":"a","no":"1"}]}`},
		{"bad input with too little", fieldsOf("a"), []string{"a "}, `{"email":"a","no":"","rows":[{"email":"a","no":""}]}`},
		{"bad input with nothing", fieldsOf(), []string{" "}, `{"email":"","no":"","rows":[{"email":"","no":""}]}`},
		{
			"objects", &Record{Seq: 7, Attempt: 2, Shape: objects, Raw: []byte(`{"email":"a","no":1,"rows":9}` + "\n" + ` {"no":[2],"email":"A"}`)},
			[]string{"a 1", "A [2]"},
			`{"email":"a","no":1,"rows":[{"email":"a","no":1,"rows":9},{"no":[2],"email":"A"}]}`,
		},
		{"an empty object", &Record{Seq: 7, Attempt: 2, Shape: objects, Raw: []byte(`{}`)}, []string{" "}, `{"rows":[{}]}`},
	} {
		var got []string
		for row := range c.rec.Rows() {
			if row.Seq != 7 || row.Attempt != 2 || row.Shape.Rows {
				t.Errorf("%s: a row is %+v", c.name, row)
			}
			got = append(got, fmt.Sprintf("%s %s", row.Value(0), row.Value(1)))
		}
		if !slices.Equal(got, c.rows) || c.rec.CountRows() != len(c.rows) {
			t.Errorf("%s: %q, counted %d, want %q", c.name, got, c.rec.CountRows(), c.rows)
		}
		if json := string(c.rec.AppendJSON(nil)); json != c.json {
			t.Errorf("%s: %s, want %s", c.name, json, c.json)
		}
		if first := fmt.Sprintf("%s %s", c.rec.Value(0), c.rec.Value(1)); first != c.rows[0] {
			t.Errorf("%s: the record is %q, its first row %q", c.name, first, c.rows[0])
		}
	}
	for range fieldsOf("a", "1", "b", "2").Rows() {
		break // and no more
	}
	one := &Record{Raw: []byte("x\ny"), Shape: &Shape{Kind: Lines}}
	for row := range one.Rows() {
		if row != one {
			t.Error("a record that is no group is its own row")
		}
	}
}
