package dataset

import (
	"brood/jobs"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// raws are the raw bytes of all records, and their places as far as they can be had again.
func raws(t testing.TB, r *Reader) (out []string) {
	t.Helper()
	for _, k := range readAll(t, r) {
		out = append(out, k.raw+k.err)
	}
	return out
}

// A group has as many lines as it may, and the last of a file what is left.
func TestGroups(t *testing.T) {
	ten := &jobs.Fit{Bytes: 10, Times: 1, Plus: 1}
	for name, c := range map[string]struct {
		content string
		spec    Spec
		want    []string
	}{
		"lines":            {"a\nb\nc\nd\ne\n", Spec{Group: &Group{Lines: 2}}, []string{"a\nb", "c\nd", "e"}},
		"no last line end": {"a\nb\nc", Spec{Group: &Group{Lines: 2}}, []string{"a\nb", "c"}},
		"empty lines":      {"\n\n\n", Spec{Group: &Group{Lines: 2}}, []string{"\n", ""}},
		"one":              {"a\nb\n", Spec{Group: &Group{Lines: 1}}, []string{"a", "b"}},
		"nothing":          {"", Spec{Group: &Group{Lines: 3}}, nil},
		"zero bytes":       {"a\nb\x00c\x00d\x00", Spec{Format: FormatNUL, Group: &Group{Lines: 2}}, []string{"a\nb\x00c", "d"}},
		"as fit":           {"12345\n1234\n5\n12345678\n", Spec{Group: &Group{Fit: ten}}, []string{"12345", "1234\n5", "12345678"}},
		"fit and lines":    {"1\n2\n3\n45678901\n1\n", Spec{Group: &Group{Lines: 2, Fit: ten}}, []string{"1\n2", "3", "45678901", "1"}},
		"larger than fits": {"1\n12345678901234\n2\n3\n", Spec{Group: &Group{Fit: ten}}, []string{"1", "12345678901234", "2\n3"}},
		"quotes cost more": {"a'\nb\n", Spec{Group: &Group{Fit: &jobs.Fit{Bytes: 7, Times: 1, Plus: 1, Quoted: true}}}, []string{"a'", "b"}},
		"max-record":       {"123\n456\n7\n", Spec{MaxRecord: 5, Group: &Group{Lines: 3}}, []string{"123", "456\n7"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.spec.Paths = []string{write(t, "x.txt", c.content)}
			r := open(t, c.spec)
			if got := raws(t, r); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if r.Shape().Join != c.spec.joint() {
				t.Errorf("lines are joined by %q", r.Shape().Join)
			}
		})
	}
}

// A group ends with its file, and a line that is too long is bad input by itself.
func TestGroupsOfFiles(t *testing.T) {
	a, b := write(t, "a.txt", "1\n2\n3\n"), write(t, "b.txt", "4\n"+strings.Repeat("x", 50)+"\n5\n6\n")
	got := readAll(t, open(t, Spec{Paths: []string{a, b}, MaxRecord: 20, Group: &Group{Lines: 2}}))
	want := []kept{
		{raw: "1\n2", pos: Position{0, 0, 1}, size: 4},
		{raw: "3", pos: Position{0, 4, 3}, size: 2},
		{raw: "4", pos: Position{1, 0, 1}, size: 2},
		{pos: Position{1, 2, 2}, size: 51, err: b + ":2: the record has 51 bytes, the limit is 20; raise it with --max-record"},
		{raw: "5\n6", pos: Position{1, 53, 3}, size: 4},
	}
	if len(got) != len(want) {
		t.Fatalf("%d records: %v", len(got), got)
	}
	for i := range want {
		if got[i].raw != want[i].raw || got[i].pos != want[i].pos || got[i].size != want[i].size || got[i].err != want[i].err {
			t.Errorf("record %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

// Whatever is in a file: groups have its lines in their order, each as many as the limits
// allow and no more, and are the same from wherever reading begins.
func TestGroupsHoldAllLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.SliceOfN(rapid.SampledFrom([]byte("ab'\r")), 0, 12)).Draw(t, "lines")
		content := slices.Concat(bytes.Join(lines, []byte("\n")), []byte(rapid.SampledFrom([]string{"", "\n"}).Draw(t, "end")))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		g := &Group{Lines: rapid.IntRange(0, 4).Draw(t, "n")}
		if rapid.Bool().Draw(t, "bounded") || g.Lines == 0 {
			g.Fit = &jobs.Fit{Bytes: rapid.IntRange(1, 30).Draw(t, "bytes"), Times: rapid.IntRange(0, 2).Draw(t, "times"), Plus: rapid.IntRange(1, 5).Draw(t, "plus"), Quoted: rapid.Bool().Draw(t, "quoted")}
		}
		spec := Spec{Paths: []string{path}, Format: FormatLines, MaxRecord: 20, Group: g}
		all := groupsFrom(t, spec, Position{Line: 1})
		var joined []string
		for i, k := range all {
			got := strings.Split(k.raw, "\n")
			joined = append(joined, got...)
			if over(g, spec.MaxRecord, got) && len(got) > 1 {
				t.Fatalf("group %d is larger than it may be: %q", i, got)
			}
			if i+1 < len(all) && !over(g, spec.MaxRecord, append(got, strings.Split(all[i+1].raw, "\n")[0])) {
				t.Fatalf("group %d could have a line more: %q", i, got)
			}
		}
		if want := strings.TrimSuffix(string(content), "\n"); strings.Join(joined, "\n") != want {
			t.Fatalf("%q, want %q", joined, want)
		}
		if len(all) > 0 {
			from := rapid.IntRange(0, len(all)-1).Draw(t, "from")
			if rest := groupsFrom(t, spec, all[from].pos); !slices.EqualFunc(rest, all[from:], func(a, b kept) bool { return a.raw == b.raw && a.pos == b.pos }) {
				t.Fatalf("from group %d on: %v, want %v", from, rest, all[from:])
			}
		}
	})
}

func groupsFrom(t *rapid.T, spec Spec, at Position) (out []kept) {
	r, err := Open(spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if err := r.SeekTo(at); err != nil {
		t.Fatal(err)
	}
	var rec Record
	for r.Next(&rec) == nil {
		if rec.Err != nil {
			t.Fatal(rec.Err)
		}
		out = append(out, kept{raw: string(rec.Raw), pos: rec.Pos})
	}
	return out
}

// over says whether so many lines are too many for a group.
func over(g *Group, maxRecord int, lines []string) bool {
	cost, bytes := 0, len(lines)-1
	for _, l := range lines {
		cost += g.Fit.Cost([]byte(l))
		bytes += len(l)
	}
	return g.Lines > 0 && len(lines) > g.Lines || g.Fit != nil && cost > g.Fit.Bytes || bytes > maxRecord
}

// A group from standard input is ready when all of it is there, and not before.
func TestGroupReady(t *testing.T) {
	spool, err := NewSpool(filepath.Join(t.TempDir(), "spool"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spool.Close() }()
	add := func(text string) {
		t.Helper()
		if err := spool.Append([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	add("abcd\n") // the first line is looked at to know what this is
	spec := Spec{Paths: []string{Stdin}, Group: &Group{Lines: 2}}
	if err := spec.Resolve(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(spec, spool)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, step := range []struct {
		text string
		want bool
	}{{"", false}, {"e", false}, {"f\n", true}} {
		if add(step.text); r.Ready() != step.want {
			t.Errorf("after %q: ready is %v", step.text, !step.want)
		}
	}
	var rec Record
	if err := r.Next(&rec); err != nil || string(rec.Raw) != "abcd\nef" {
		t.Errorf("%q, %v", rec.Raw, err)
	}
	if r.Ready() {
		t.Error("there is nothing more yet")
	}
	if err := spool.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if !r.Ready() {
		t.Error("the end need not be waited for")
	}
}

// FuzzGroups: groups cover a file without a gap, whatever is in it.
func FuzzGroups(f *testing.F) {
	f.Add([]byte("a\nb\n\nc"), 2, 10, false)
	f.Add([]byte("a\x00b\x00"), 1, 0, true)
	f.Add([]byte("\xff'\n\n\n"), 0, 3, false)
	f.Fuzz(func(t *testing.T, b []byte, lines, bytes int, nul bool) {
		spec := Spec{Paths: []string{write(t, "x", string(b))}, Format: FormatLines, MaxRecord: 64, Group: &Group{Lines: max(lines, 0) % 5}}
		if nul {
			spec.Format = FormatNUL
		}
		if bytes > 0 || spec.Group.Lines == 0 {
			spec.Group.Fit = &jobs.Fit{Bytes: max(bytes, 0) % 50, Times: 1, Plus: 1}
		}
		r, err := Open(spec, nil)
		if err != nil {
			return // it looks compressed
		}
		defer func() { _ = r.Close() }()
		checkCover(t, r, b, spec.Format)
	})
}
