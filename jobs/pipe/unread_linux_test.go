package pipe

import (
	"brood/jobs"
	"errors"
	"testing"
)

// TestNotBegun: a program that has ended without having read anything of a record has not
// begun with it. What it has read a byte of it may have done, and what somebody else can
// still read as well.
func TestNotBegun(t *testing.T) {
	one := `get; echo "{\"id\":\"$id\",\"status\":\"ok\"}"; `
	for _, c := range []struct {
		program string
		before  int    // records that it answers
		record  string // the one after these
		want    bool
	}{
		{`exit 3`, 0, "x", true},
		{`kill -SEGV $$`, 0, "x", true},
		{`echo usage >&2; exec >&-; exit 3`, 0, "x", true},
		{`exit 3`, 0, long, true}, // more than the pipe holds
		{one + `exit 0`, 1, "x", true},
		{one + `exit 0`, 1, long, true},
		{one + one + `exit 0`, 2, "x", true},
		{`read -r line; exit 3`, 0, "x", false},
		{`head -c 1 > /dev/null; exit 3`, 0, "x", false},
		{`head -c 1 > /dev/null; exit 3`, 0, long, false},
		{`exec 3<&0; cat <&3 >/dev/null 2>&1 & exit 3`, 0, "x", false}, // who has the input still
		{`printf '{"id":'; exit 3`, 0, "x", true},
	} {
		r := start(t, c.program)
		for i := range c.before {
			if _, err := do(t, r, record(jobs.Seq(i), "x")); err != nil {
				t.Fatalf("%s: %v", c.program, err)
			}
		}
		_, err := do(t, r, record(jobs.Seq(c.before), c.record))
		_ = r.in.close()
		if errors.Is(err, jobs.ErrNotBegun) != c.want || err == nil {
			t.Errorf("%s: %v, want that it was not begun: %t", c.program, err, c.want)
		}
	}
}
