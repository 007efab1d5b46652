package intake

import (
	"brood/jobs"
	"brood/runner/dataset"
)

// Corrections are what stands in place of records of the dataset, in its format and without
// a line end.
type Corrections map[jobs.Seq][]byte

// Apply puts what stands in its place into the record that was just read, if anything does.
func (c Corrections) Apply(r *dataset.Reader, seq jobs.Seq, rec *dataset.Record) {
	if row, ok := c[seq]; ok {
		r.Parse(row, rec)
	}
}
