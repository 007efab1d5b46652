// Package chart draws what was found as a map: one page that holds all it needs, its points,
// outlines of countries, its script, and loads nothing from anywhere.
//
// The page may be given to anybody, and what stands in the rows is not to be trusted: it is
// packed within the page and shown as text only. Its policy (Content-Security-Policy) lets no
// other script run than its own, and no request be made.
//
// Up to Options.Most points are drawn, and maxListed rows that were not found well are listed;
// of more, every second, third, … point is left out, evenly over the rows, and the page says so.
// The numbers always count all.
//
// What stands in world.bin, packed with DEFLATE, are numbers of variable length, those that may
// be negative in zigzag form, as of Protocol Buffers. Points are differences, in hundredths of a
// degree, to the point before, first of longitude and then of latitude:
//
//	lines:     how many; of each how many points, and these
//	           how many of them belong to countries; the others are between states
//	countries: how many; of each name, the point where it is written, how many rings; of
//	           each ring how many lines, and their numbers; -1-n is line n from its end
//	states:    how many; of each name, and the point where it is written
//	cities:    how many, the largest first; of each name, point, thousands of inhabitants
//
// A name is how many bytes it has, and these.
package chart

import (
	"brood/jobs/geocode/geo"
	"fmt"
	"io"
	"iter"
	"time"
)

// Status is how the search for a row's place has ended. The words are those of the column
// geo_status.
type Status string

// The statuses.
const (
	Found         Status = "ok"
	NoMatch       Status = "no_match"
	LowConfidence Status = "low_confidence"
	Failed        Status = "error"
)

var statuses = [...]Status{Found, NoMatch, LowConfidence, Failed}

// letter is how a status stands in the page.
func (s Status) letter() byte {
	switch s {
	case NoMatch:
		return 'n'
	case LowConfidence:
		return 'l'
	case Failed:
		return 'e'
	default:
		return 'o'
	}
}

// Row is a row of the results.
type Row struct {
	Seq       int64 // its position among the records, from 0
	Query     string
	Formatted string
	Point     geo.Point
	Located   bool // there is a Point
	Precision geo.Precision
	Status    Status
	Provider  string
	// Why says what is wrong: which parts differ, or the error.
	Why string
	// Values are other columns, in the order of Options.Columns.
	Values []string
}

// Options say what is on a page besides its rows.
type Options struct {
	Title   string
	Columns []string // what Row.Values are called
	// Attributions are what the providers want to be said, one each.
	Attributions []string
	Made         time.Time // when; zero: it is not said
	// Most is how many points are drawn; 0 is DefaultMost.
	Most int
}

// DefaultMost is how many points are drawn if nobody says otherwise. Many more take a browser
// seconds to read.
const DefaultMost = 200_000

// Write writes a page with these rows. It keeps those in memory that come into it.
func Write(w io.Writer, rows iter.Seq2[Row, error], o Options) error {
	g := newGathered(o.Most)
	for row, err := range rows {
		if err != nil {
			return fmt.Errorf("draw a map: %w", err)
		}
		g.add(row)
	}
	if err := writePage(w, g, &o); err != nil {
		return fmt.Errorf("draw a map: %w", err)
	}
	return nil
}
