package merge

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/shard"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// written is what a run writes of records, and the number of them that each has several rows of.
func written(format sink.Format, framed bool, seqs []jobs.Seq) []byte {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"a"}}
	e, err := sink.NewEncoder(format, shape, nil)
	if err != nil {
		panic(err)
	}
	if framed {
		e.Frame()
	}
	var out []byte
	out = e.Header()
	for _, seq := range seqs {
		text := fmt.Sprintf("r \"%d\",\nx", seq)
		if seq%5 == 3 {
			text = ""
		}
		rec := &jobs.Record{Seq: seq, Values: [][]byte{[]byte(text)}, Shape: shape}
		o := &sink.Outcome{Status: jobs.StatusOK, Text: []byte(text)}
		out = e.AppendRow(out, rec, o)
		if seq%7 == 2 && format != sink.FormatText { // a record of several rows
			out = e.AppendRow(out, rec, o)
		}
	}
	return out
}

func seqsOf(n int, p shard.Part) []jobs.Seq {
	var out []jobs.Seq
	for seq := range jobs.Seq(n) {
		if p.Of == 0 || p.OwnsSeq(seq) {
			out = append(out, seq)
		}
	}
	return out
}

// setOf is shards of a run whose results are in a directory.
func setOf(t interface{ Fatal(...any) }, dir string, format sink.Format, of int, results func(shard.Part) []byte) *Set {
	s := &Set{cfg: &spec.Config{OutputFormat: format, Form: &spec.Form{Kind: spec.FormKind(format.String())}}}
	for i := range of {
		b := results(shard.Part{Index: i + 1, Of: of})
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s.Shards = append(s.Shards, &Shard{Dir: path, results: path, output: ledger.Output{Bytes: int64(len(b))}})
	}
	return s
}

// TestAsOneRun: of any number of shards, in any format, there comes what one run would have written; also where there
// are more than can be read at a time.
func TestAsOneRun(t *testing.T) {
	dir := t.TempDir()
	type tester interface {
		Fatal(...any)
		Fatalf(string, ...any)
		Context() context.Context
	}
	check := func(t tester, of, n int, format sink.Format) {
		s := setOf(t, dir, format, of, func(p shard.Part) []byte {
			return written(format, format == sink.FormatText, seqsOf(n, p))
		})
		s.Totals.Input = uint64(n)
		var got bytes.Buffer
		rows, err := s.Write(t.Context(), &got, dir)
		if err != nil {
			t.Fatal(err)
		}
		if want := written(format, false, seqsOf(n, shard.Part{})); !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("%d shards of %d records as %s:\n%s\nwant\n%s", of, n, format, got.Bytes(), want)
		}
		if want := n / 2; int(rows) < want {
			t.Fatalf("%d rows of %d records", rows, n)
		}
		if left, err := filepath.Glob(filepath.Join(dir, ".brood-merge-*")); len(left) > 0 || err != nil {
			t.Fatalf("left behind: %q %v", left, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]sink.Format{sink.FormatCSV, sink.FormatTSV, sink.FormatJSONL, sink.FormatText}).Draw(t, "format")
		check(t, rapid.IntRange(1, 12).Draw(t, "of"), rapid.IntRange(0, 60).Draw(t, "n"), format)
	})
	for _, format := range []sink.Format{sink.FormatCSV, sink.FormatText} {
		check(t, atOnce*2+3, 300, format)
	}
}

// TestUnordered: rows that came as they liked are put in order.
func TestUnordered(t *testing.T) {
	dir := t.TempDir()
	s := setOf(t, dir, sink.FormatCSV, 3, func(p shard.Part) []byte {
		seqs := seqsOf(40, p)
		slices.Reverse(seqs)
		return written(sink.FormatCSV, false, seqs)
	})
	s.cfg.Unordered, s.Totals.Input = true, 40
	var got bytes.Buffer
	if _, err := s.Write(t.Context(), &got, dir); err != nil || !bytes.Equal(got.Bytes(), written(sink.FormatCSV, false, seqsOf(40, shard.Part{}))) {
		t.Errorf("%v\n%s", err, got.Bytes())
	}
}

// TestLaterTries: what later tries have brought stands at the end of a text, as in the results of one run.
func TestLaterTries(t *testing.T) {
	frame := sink.AppendFrame
	files := [][]byte{
		frame(frame(frame(nil, 0, []byte("0")), 2, nil), 2, []byte("2 later")), // its last record
		frame(frame(frame(frame(nil, 1, nil), 3, []byte("3")), 1, []byte("1 later")), 1, []byte("1 again")),
	}
	s := setOf(t, t.TempDir(), sink.FormatText, 2, func(p shard.Part) []byte { return files[p.Index-1] })
	s.Totals.Input = 4
	var got bytes.Buffer
	if _, err := s.Write(t.Context(), &got, t.TempDir()); err != nil || got.String() != "031 later2 later1 again" {
		t.Errorf("%q, %v", got.String(), err)
	}
}

// TestNotAsOneRun: what has no row, or two, or columns of its own, or is cut off, is refused.
func TestNotAsOneRun(t *testing.T) {
	csv := func(seqs ...jobs.Seq) []byte { return written(sink.FormatCSV, false, seqs) }
	for want, files := range map[string][2][]byte{
		"record 1 is in the results of no shard":    {csv(0, 3), csv(4)},
		"have record 1 twice":                       {csv(0, 1, 3), csv(1, 4)},
		"have record 0 behind record 2":             {csv(0, 1, 2, 0), csv(3)},
		"have 4 records, and their results 3":       {csv(0, 1), csv(2)},
		"other columns":                             {csv(0), bytes.Replace(csv(1), []byte("a,"), []byte("b,"), 1)},
		"line 4 does not say which record it is of": {append(csv(0), []byte("x,y,ok,,,1,0\n")...), csv(1)},
	} {
		s := setOf(t, t.TempDir(), sink.FormatCSV, 2, func(p shard.Part) []byte { return files[p.Index-1] })
		s.Totals.Input = 4
		if _, err := s.Write(t.Context(), &bytes.Buffer{}, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	cut := sink.AppendFrame(nil, 0, []byte("abc"))
	s := setOf(t, t.TempDir(), sink.FormatText, 1, func(shard.Part) []byte { return cut[:len(cut)-1] })
	if _, err := s.Write(t.Context(), &bytes.Buffer{}, t.TempDir()); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("%v", err)
	}
}

// TestComplete: which are missing, there twice, or others, is said in few words.
func TestComplete(t *testing.T) {
	shards := func(of int, names ...string) *Set {
		s := &Set{}
		for _, name := range names {
			x := &Shard{Dir: name, cfg: &spec.Config{Shard: &spec.Shard{Part: shard.Part{Index: int(name[0] - '0'), Of: of}}}, traits: []trait{{"run", ""}, {name[1:], "it is other"}}}
			s.Shards = append(s.Shards, x)
		}
		s.cfg = s.Shards[0].cfg
		return s
	}
	for _, c := range []struct {
		set  *Set
		want string
	}{
		{shards(3, "3", "1", "2"), ""},
		{shards(3, "3", "1"), "of 3 shards 2 is missing"},
		{shards(9, "3", "7"), "1, 2, 4 to 6, 8, 9 are missing"},
		{shards(2, "1", "2", "1"), "shard 1/2 is there twice, in 1 and 1"},
		{shards(2, "1", "2x"), "2x is no shard of the same run as 1: it is other"},
	} {
		p := &Problem{}
		c.set.alike(p)
		c.set.complete(p)
		if text := p.Error(); c.want == "" && text != "" || !strings.Contains(text, c.want) {
			t.Errorf("%q, want %q", text, c.want)
		}
	}
	many := &Problem{}
	for i := range 30 {
		many.add("%d", i)
	}
	if lines := strings.Split(many.Error(), "\n"); len(lines) != linesShown+1 || lines[linesShown] != "and 10 more" {
		t.Errorf("%q", lines)
	}
}

// TestNotRuns: what is no run is told of.
func TestNotRuns(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(t.Context(), []string{dir})
	if err == nil || !strings.Contains(err.Error(), dir+": there is no run in it") {
		t.Error(err)
	}
	if _, err := Open(t.Context(), nil); err == nil || IsRun(dir) {
		t.Error("nothing was merged")
	}
	if _, err := open(piece{path: filepath.Join(dir, "none"), bytes: 1, name: "none"}, sink.FormatText); err == nil {
		t.Error("there is no such file")
	}
}
