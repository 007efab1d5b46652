package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"sync"
	"testing"
)

// TestTrouble: slots add at the same time, and what they say of their records is sorted by
// what the records are.
func TestTrouble(t *testing.T) {
	tr := trouble{tally: reasons.NewTally(reasons.Kept)}
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"name", "n"}}
	var slots sync.WaitGroup
	for slot := range 4 {
		slots.Go(func() {
			for i := range 10 {
				name := []byte{'a' + byte(10*slot+i)%26, 'z'}
				rec := &jobs.Record{Seq: jobs.Seq(10*slot + i), Shape: shape, Values: [][]byte{name, nil}}
				tr.add(failure(rec, &ledger.Outcome{Status: jobs.StatusUnknown, Class: "x", Error: "no " + string(name)}, "in.csv:1"))
			}
		})
	}
	slots.Wait()
	groups, rest := tr.Groups()
	if len(groups) != 1 || rest != 0 || groups[0].Records != 40 || groups[0].String() != "unknown: record 0, in.csv:1: no az (and 39 more like it)" {
		t.Errorf("%+v, %d", groups, rest)
	}
}
