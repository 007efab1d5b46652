package dataset

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// list is a source of words.
func list(link Link, words ...string) Source {
	s := Source{Link: link}
	for _, w := range words {
		s.Values = append(s.Values, Value(w))
	}
	return s
}

// Combinations come in the order of GNU parallel.
func TestCombinations(t *testing.T) {
	long, short := []string{"a", "b", "c"}, []string{"1", "2"}
	for name, c := range map[string]struct {
		sources []Source
		want    string
	}{
		"two":          {[]Source{list("", long...), list("", short...)}, "a|1 a|2 b|1 b|2 c|1 c|2"},
		"three":        {[]Source{list("", short...), list("", "x"), list("", short...)}, "1|x|1 1|x|2 2|x|1 2|x|2"},
		"linked":       {[]Source{list("", long...), list(LinkShort, short...)}, "a|1 b|2"},
		"wrapped":      {[]Source{list("", long...), list(LinkWrap, short...)}, "a|1 b|2 c|1"},
		"wrapped too":  {[]Source{list("", short...), list(LinkWrap, long...)}, "1|a 2|b 1|c"},
		"pairs":        {[]Source{list("", short...), list(LinkShort, long...), list("", "x", "y"), list(LinkShort, "8", "9")}, "1|a|x|8 1|a|y|9 2|b|x|8 2|b|y|9"},
		"empty":        {[]Source{list("", long...), list("")}, ""},
		"empty first":  {[]Source{list(""), list("", long...)}, ""},
		"empty linked": {[]Source{list("", long...), list(LinkWrap)}, ""},
		"odd values":   {[]Source{list("", "", "a\nb"), list("", "\xff")}, "|\xff a\nb|\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, Spec{Sources: c.sources})
			all := readAll(t, r)
			var got []string
			for i, k := range all {
				got = append(got, strings.Join(k.values, "|"))
				if k.raw != strings.Join(k.values, " ") || k.pos.Line != int64(i+1) {
					t.Errorf("record %d is %q, in line %d", i, k.raw, k.pos.Line)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if r.Consumed() != r.Total() {
				t.Errorf("consumed %d of %d bytes", r.Consumed(), r.Total())
			}
		})
	}
}

// One source is a dataset of plain records, whatever is in them; it may have a name, and
// be taken apart.
func TestOneSource(t *testing.T) {
	r := open(t, Spec{Sources: []Source{list("", "a b", "c\nd", "", "\xff")}})
	if got := raws(t, r); !slices.Equal(got, []string{"a b", "c\nd", "", "\xff"}) || r.Shape().Columns[0] != "line" || r.Shape().End != "\n" {
		t.Errorf("%q, %+v", got, r.Shape())
	}
	if all := readAll(t, open(t, Spec{Sources: []Source{list("", "a\nb", "c")}})); all[1].pos.Line != 2 {
		t.Errorf("the second value is in line %d", all[1].pos.Line)
	}
	if got := raws(t, open(t, Spec{Sources: []Source{list("", "1", "2\n", "3")}, Group: &Group{Lines: 2}})); !slices.Equal(got, []string{"1\x002\n", "3"}) {
		t.Errorf("in groups: %q", got)
	}
	named := open(t, Spec{Sources: []Source{list("", "name", "a", "b")}, Named: true})
	if got := columns(t, named); !slices.Equal(got, []string{"a", "b"}) || named.Shape().Columns[0] != "name" {
		t.Errorf("%q, %v", got, named.Shape().Columns)
	}
	if got := columns(t, open(t, Spec{Sources: []Source{list("", "a,b", "c,d")}, ColSep: ","})); !slices.Equal(got, []string{"a|b", "c|d"}) {
		t.Errorf("taken apart: %q", got)
	}
}

// Files are sources, read as often as needed, also where they are too large to be kept.
func TestSourcesOfFiles(t *testing.T) {
	for _, width := range []int{1, keptValues/3 + 1} {
		pad := strings.Repeat("x", width)
		path := write(t, "list", "1"+pad+"\n2"+pad+"\n3"+pad)
		spec := Spec{Paths: []string{path}, Sources: []Source{list("", "a", "b"), {File: 1}}}
		var got []string
		all := readAll(t, open(t, spec))
		for _, k := range all {
			got = append(got, k.values[0]+k.values[1][:1])
		}
		if strings.Join(got, " ") != "a1 a2 a3 b1 b2 b3" {
			t.Errorf("width %d: %q", width, got)
		}
		for i := range all {
			r := open(t, spec)
			if err := r.SeekTo(all[i].pos); err != nil {
				t.Fatal(err)
			}
			if rest := readAll(t, r); !reflect.DeepEqual(rest, all[i:]) {
				t.Errorf("width %d: from record %d on there are %d", width, i, len(rest))
			}
		}
	}
}

// The first value of each source may be its name, also of a file.
func TestNamedSources(t *testing.T) {
	path := write(t, "list", "size\n1\n2\n")
	spec := Spec{Paths: []string{path}, Named: true, Sources: []Source{list("", "colour", "red", "blue"), {File: 1}}}
	r := open(t, spec)
	if got := strings.Join(r.Shape().Columns, " "); got != "colour size" {
		t.Errorf("columns: %s", got)
	}
	all := readAll(t, r)
	if got := fmt.Sprint(len(all), all[0].values, all[3].values); got != "4 [red 1] [blue 2]" {
		t.Error(got)
	}
	if err := r.SeekTo(all[2].pos); err != nil {
		t.Fatal(err)
	}
	if rest := readAll(t, r); !reflect.DeepEqual(rest, all[2:]) {
		t.Errorf("from the third on: %v", rest)
	}
	spec.MaxRecord = 100
	spec.Sources[0] = list("", "size", "red")
	if _, err := Open(spec, nil); err == nil || !strings.Contains(err.Error(), "is called") {
		t.Errorf("the same name twice: %v", err)
	}
	spec.Sources[0] = list("")
	if _, err := Open(spec, nil); err == nil || !strings.Contains(err.Error(), "source 1") {
		t.Errorf("no name: %v", err)
	}
}

// What a value cannot be ends the dataset, with its place.
func TestBadSources(t *testing.T) {
	for content, want := range map[string]string{"a\nb\x00c\n": "list:2:2: a zero byte", "a\n" + strings.Repeat("x", 99): "list:2: the record has 99 bytes"} {
		r := open(t, Spec{Paths: []string{write(t, "list", content)}, Format: FormatLines, MaxRecord: 20, Sources: []Source{list("", "1"), {File: 1}}})
		var rec Record
		var err error
		for err == nil {
			err = r.Next(&rec)
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	all := readAll(t, open(t, Spec{MaxRecord: 5, Sources: []Source{list("", "a", "b"), list("", "12345", "1")}}))
	if len(all) != 4 || all[0].err != "sources:1: the record has 8 bytes, the limit is 5; raise it with --max-record" || all[2].pos.Line != 3 || all[1].err+all[3].err != "" {
		t.Errorf("%+v", all)
	}
}

// A source of standard input that has not come yet is not waited for where there is
// something else to do.
func TestSourcesOfStdin(t *testing.T) {
	spool, err := NewSpool(filepath.Join(t.TempDir(), "spool"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spool.Close() }()
	if err := spool.Append([]byte("a\nb\nc")); err != nil {
		t.Fatal(err)
	}
	r, err := Open(Spec{Paths: []string{Stdin}, Format: FormatLines, MaxRecord: 100, Sources: []Source{{File: 1}, list("", "1", "2")}}, spool)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var rec Record
	for _, want := range []string{"a 1", "a 2", "b 1", "b 2"} {
		if !r.Ready() {
			t.Fatalf("%s is not ready", want)
		}
		if err := r.Next(&rec); err != nil || string(rec.Raw) != want {
			t.Fatalf("%q, %v, want %q", rec.Raw, err, want)
		}
	}
	if r.Ready() {
		t.Error("the rest has not come")
	}
	if err := spool.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"c 1", "c 2"} {
		if err := r.Next(&rec); err != nil || string(rec.Raw) != want {
			t.Fatalf("%q, %v, want %q", rec.Raw, err, want)
		}
	}
}

// However many sources there are and however they are linked: the combinations are those
// that simple loops make, and the same from any of them on.
func TestCombinationsFromAnywhere(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var spec Spec
		spec.MaxRecord, spec.Format = 100, FormatLines
		var lists [][]string
		wraps := rapid.Bool().Draw(t, "wraps")
		for i := range rapid.IntRange(2, 4).Draw(t, "sources") {
			values := rapid.SliceOfN(rapid.StringMatching("[a-c]{0,2}"), 0, 4).Draw(t, "values")
			lists = append(lists, values)
			src := list(LinkNone, values...)
			if i > 0 && rapid.Bool().Draw(t, "linked") {
				if src.Link = LinkShort; wraps {
					src.Link = LinkWrap
				}
			}
			if rapid.Bool().Draw(t, "file") {
				path := filepath.Join(dir, fmt.Sprint(i))
				text := ""
				for _, v := range values {
					text += v + "\n"
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				spec.Paths = append(spec.Paths, path)
				src.Values, src.File = nil, len(spec.Paths)
			}
			spec.Sources = append(spec.Sources, src)
		}
		want := byLoops(spec.Sources, lists)
		from := rapid.IntRange(0, len(want)).Draw(t, "from")
		r, err := Open(spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		check := func(want []string) {
			var rec Record
			for i := 0; ; i++ {
				if err := r.Next(&rec); err != nil {
					if i != len(want) {
						t.Fatalf("%d combinations, want %d: %v", i, len(want), err)
					}
					return
				}
				if i >= len(want) || string(rec.Raw) != want[i] {
					t.Fatalf("combination %d is %q, of %q", i, rec.Raw, want)
				}
			}
		}
		check(want)
		if err := r.SeekTo(Position{Offset: 7, Line: int64(from + 1)}); err != nil {
			t.Fatal(err)
		}
		check(want[from:])
	})
}

// byLoops makes the combinations in the simplest way.
func byLoops(sources []Source, lists [][]string) []string {
	var turns [][]string // of each wheel
	for i := 0; i < len(sources); {
		j, n := i+1, len(lists[i])
		none := n == 0
		for ; j < len(sources) && sources[j].Link != LinkNone; j++ {
			none = none || len(lists[j]) == 0
			if sources[j].Link == LinkWrap {
				n = max(n, len(lists[j]))
			} else {
				n = min(n, len(lists[j]))
			}
		}
		var turn []string
		for k := 0; k < n && !none; k++ {
			var v []string
			for _, l := range lists[i:j] {
				v = append(v, l[k%len(l)])
			}
			turn = append(turn, strings.Join(v, " "))
		}
		turns = append(turns, turn)
		i = j
	}
	all := turns[0]
	for _, turn := range turns[1:] {
		var next []string
		for _, a := range all {
			for _, b := range turn {
				next = append(next, a+" "+b)
			}
		}
		all = next
	}
	return all
}

// A billion combinations need no room, and any of them is found at once.
func TestManyCombinations(t *testing.T) {
	var digits []string
	for i := range 1000 {
		digits = append(digits, fmt.Sprintf("%03d", i))
	}
	r := open(t, Spec{Sources: []Source{list("", digits...), list("", digits...), list("", digits...)}})
	if r.Total() != 12e9 {
		t.Errorf("%d bytes in all", r.Total())
	}
	if err := r.SeekTo(Position{Line: 987654321 + 1}); err != nil {
		t.Fatal(err)
	}
	var rec Record
	if err := r.Next(&rec); err != nil || string(rec.Raw) != "987 654 321" {
		t.Errorf("%q, %v", rec.Raw, err)
	}
}

// Any bytes are stored as they are.
func TestValuesAreStored(t *testing.T) {
	want := []Source{list(LinkWrap, "a", "", "ü\n\"", "\xff\x80", "{}"), {File: 2}}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got []Source
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, %v", b, got, err)
	}
}
