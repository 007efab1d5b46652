package intake

import (
	"brood/jobs"
	"brood/runner/dataset"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlace: a record is said to stand where the user has it, as far as that is known.
func TestPlace(t *testing.T) {
	dir := t.TempDir()
	of := &dataset.Spec{Paths: []string{filepath.Join(dir, "charges.jsonl")}, Places: filepath.Join(dir, "places")}
	at := func(line int64) string { return Place(of, dataset.Position{Line: line}) }
	if got := at(2); !strings.HasSuffix(got, "charges.jsonl:2") {
		t.Error("without the file:", got)
	}
	cells := jobs.AppendPlace(nil, "customers.csv:2, invoice R-1")
	cells = jobs.AppendPlace(cells, strings.Repeat("ä", 200)+":3")
	if err := os.WriteFile(of.Places, cells, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := at(1); got != "customers.csv:2, invoice R-1" {
		t.Error(got)
	}
	if got := at(2); !strings.HasPrefix(got, "…ä") || !strings.HasSuffix(got, "ä:3") || len(got) >= jobs.PlaceCell {
		t.Error(got)
	}
	for _, line := range []int64{-1, 0, 3} {
		if got := at(line); !strings.Contains(got, "charges.jsonl:") {
			t.Error(line, got)
		}
	}
}
