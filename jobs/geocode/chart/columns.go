package chart

import (
	"brood/jobs/geocode/geo"
	"strconv"
	"strings"
)

// Reader makes rows of what stands in the results of a run.
type Reader struct {
	// Prefix is what the job's columns begin with, geo_ mostly.
	Prefix string
	// Query are the columns that the question was made of. Where there are none it is not known.
	Query []string
	// Columns are other columns that are shown, see Options.Columns.
	Columns []string
}

// The columns of the engine: docs/results.md.
const (
	seqColumn    = "_seq"
	statusColumn = "_status"
	errorColumn  = "_error"
)

// Others are those of the results' columns that are the dataset's own: neither the job's nor
// the engine's.
func (r *Reader) Others(columns []string) []string {
	var out []string
	for _, c := range columns {
		if !strings.HasPrefix(c, "_") && !strings.HasPrefix(c, r.Prefix) {
			out = append(out, c)
		}
	}
	return out
}

// Row reads a row, of which value is a column: empty if there is none.
func (r *Reader) Row(value func(column string) string) Row {
	mine := func(name string) string { return strings.TrimSpace(value(r.Prefix + name)) }
	row := Row{Formatted: mine("formatted"), Provider: mine("provider"), Seq: -1}
	if n, err := strconv.ParseInt(value(seqColumn), 10, 64); err == nil {
		row.Seq = n
	}
	lat, latErr := strconv.ParseFloat(mine("lat"), 64)
	lon, lonErr := strconv.ParseFloat(mine("lon"), 64)
	row.Point = geo.Point{Lat: lat, Lon: lon}
	row.Located = latErr == nil && lonErr == nil && row.Point.Valid()
	row.Precision, _ = geo.ParsePrecision(mine("precision")) // what is none is not known
	row.Status = statusOf(mine("status"), value(statusColumn), row.Located)
	row.Why = value(errorColumn)
	if differs := mine("mismatch"); row.Why == "" && differs != "" {
		row.Why = "differs: " + differs
	}
	var asked []string
	for _, c := range r.Query {
		if v := strings.TrimSpace(value(c)); v != "" {
			asked = append(asked, v)
		}
	}
	row.Query = strings.Join(asked, ", ")
	for _, c := range r.Columns {
		row.Values = append(row.Values, value(c))
	}
	return row
}

// statusOf is how the search has ended, of what the job says and what the engine does. A row
// that had its point before was not searched.
func statusOf(job, engine string, located bool) Status {
	for _, s := range statuses {
		if string(s) == job {
			return s
		}
	}
	switch {
	case engine == "failed" || engine == "unknown":
		return Failed
	case located:
		return Found
	default:
		return NoMatch
	}
}
