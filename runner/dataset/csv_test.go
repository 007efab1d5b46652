package dataset

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSplitQuoted: a line that is split at once comes out as the reader of all rows splits it, whatever
// stands in it and ends it.
func TestSplitQuoted(t *testing.T) {
	path := write(t, "x.csv", "")
	rapid.Check(t, func(t *rapid.T) {
		drawn := []byte(rapid.StringOfN(rapid.SampledFrom([]rune("a\",\r")), 1, 24, -1).Draw(t, "line"))
		end := rapid.SampledFrom([]string{"\n", "\r\n", "", "\nb,c\n"}).Draw(t, "end")
		file := append(slices.Clone(drawn), end...)
		line, _, _ := bytes.Cut(file, []byte("\n"))
		spec := Spec{Paths: []string{path}, Format: rapid.SampledFrom([]Format{FormatCSV, FormatTSV}).Draw(t, "format"), Delimiter: ',', NoHeader: true, MaxRecord: 1000}
		r := &Reader{spec: spec}
		if line = trimCR(line); len(line) == 0 {
			return // no row
		}
		values, ok := r.splitQuoted(nil, line)
		if !ok {
			if len(values) != 0 {
				t.Fatalf("%q is no row, and has %q", line, values)
			}
			return
		}
		other := &Reader{spec: spec, win: newWindow(bytes.NewReader(file), Position{Line: 1}, spec.MaxRecord)}
		var rec Record
		n, bad := other.scanRow(&rec)
		if bad != nil {
			t.Fatalf("%q is split into %q, and has a mistake: %+v", line, values, bad)
		}
		if !slices.EqualFunc(values, rec.Values, bytes.Equal) {
			t.Fatalf("%q is split into %q and into %q", line, values, rec.Values)
		}
		if got := trimCR(bytes.TrimSuffix(other.win.unread()[:n], []byte("\n"))); !bytes.Equal(got, line) {
			t.Fatalf("of %q that is %q", line, got)
		}
	})
}
