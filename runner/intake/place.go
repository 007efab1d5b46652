package intake

import (
	"brood/jobs"
	"brood/runner/dataset"
	"fmt"
	"os"
	"strings"
)

// Place words where a record stands, for messages: in the file that the user has named, if a job has made the dataset of
// it and said so (jobs.Plan.Places).
func Place(of *dataset.Spec, p dataset.Position) string {
	if of.Places != "" && p.File == 0 {
		if text := madeOf(of.Places, p.Line); text != "" {
			return text
		}
	}
	return fmt.Sprintf("%s:%d", of.Name(p.File), p.Line)
}

// madeOf reads the cell of a line; empty: it has none, or the file is not there any more. It is asked for the few records that are told of.
func madeOf(path string, line int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // of a read
	var cell [jobs.PlaceCell]byte
	if n, err := f.ReadAt(cell[:], (line-1)*jobs.PlaceCell); n < len(cell) || err != nil && line < 1 {
		return ""
	}
	return strings.ToValidUTF8(strings.TrimRight(string(cell[:]), " \n"), "\uFFFD")
}
