package intake

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"strings"
	"testing"
)

// TestChosen: records that are left out are passed over, and counted; the limit is of the others, and
// of those of which it cannot be told.
func TestChosen(t *testing.T) {
	path := write(t, "name,age\nann,9\nbob,16\ncem,n/a\ndan\neve,40\nfay,12\ngus,50\n")
	of := dataset.Spec{Paths: []string{path}, Format: dataset.FormatCSV, Delimiter: ',', MaxRecord: 1 << 10}
	for _, c := range []struct {
		n    uint64
		want string
		left uint64
	}{{0, "bob 2:bad 3:bad eve gus", 2}, {3, "bob 2:bad 3:bad", 1}, {4, "bob 2:bad 3:bad eve", 1}} {
		in, err := Open(t.Context(), of, nil, "", ledger.Spooled{})
		if err != nil {
			t.Fatal(err)
		}
		chooser, err := NewChooser("age >= 16", in.Reader.Shape())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		records, _ := Records(in, c.n, chooser)
		for r, err := range records {
			switch {
			case err == nil:
				got = append(got, string(r.First("name")))
			case r.Seq == 2 && !strings.Contains(err.Error(), `:4: --where: age is "n/a", which is no number`):
				t.Errorf("%v", err)
				fallthrough
			default:
				got = append(got, map[jobs.Seq]string{2: "2", 3: "3"}[r.Seq]+":bad")
			}
		}
		if strings.Join(got, " ") != c.want || chooser.LeftOut() != c.left {
			t.Errorf("the first %d: %q, %d left out; want %q, %d", c.n, got, chooser.LeftOut(), c.want, c.left)
		}
		_ = in.Close()
	}
	if c, err := NewChooser("", nil); c != nil || err != nil {
		t.Errorf("%v, %v", c, err)
	}
}
