package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/judge"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// leastCrowd is how many different addresses on a point are too many. Finders put there what they know only the town
// of, whatever they say of its precision; but a large building may have as many numbers, so the rows stay what they are.
const leastCrowd = 10

// revise marks all rows whose point they share with many other addresses, once all are there: the first nine on
// a point could not know of the tenth.
func revise(f *jobs.Finished) (*jobs.Revision, error) {
	var c config
	if err := json.Unmarshal(f.Config, &c); err != nil {
		return nil, fmt.Errorf("geocode: read configuration: %w", err)
	}
	if f.Rows == nil || !c.mayCrowd() {
		return nil, nil //nolint:nilnil // nothing is revised
	}
	points, err := c.crowds(f)
	if err != nil || len(points) == 0 {
		return nil, err
	}
	var l *census
	return &jobs.Revision{
		Column: c.Prefix + columnNames[colMarks],
		Of: func(rec *jobs.Record) ([]byte, bool) {
			if l == nil {
				if l, err = c.newCensus(rec.Shape); err != nil {
					return nil, false // crowds has made one of the same columns
				}
			}
			p, precision, ok := l.place(rec)
			if !ok || !points.Has(p, precision) {
				return nil, false
			}
			marks := l.text(rec, colMarks)
			if hasMark(marks, judge.Crowded) {
				return nil, false
			}
			if marks != "" {
				marks += ";"
			}
			return []byte(marks + judge.Crowded.String()), true
		},
	}, nil
}

func hasMark(marks string, m judge.Mark) bool {
	return slices.Contains(strings.Split(marks, ";"), m.String())
}

// mayCrowd reports whether many addresses on one point would be strange: the index knows no houses, and with --reverse many
// points are at one house.
func (c *config) mayCrowd() bool {
	return !c.Reverse && (c.asksNetwork() || slices.ContainsFunc(c.Sources, func(s sourceConfig) bool { return len(s.Places) > 0 }))
}

// crowds are the points on which many addresses lie.
func (c *config) crowds(f *jobs.Finished) (judge.Points, error) {
	crowd := judge.NewCrowd(f.Dir, leastCrowd)
	var l *census
	for rec, err := range f.Rows() {
		if err == nil && l == nil {
			l, err = c.newCensus(rec.Shape)
		}
		if err != nil {
			return nil, fmt.Errorf("geocode: read the results: %w", err)
		}
		p, precision, ok := l.place(rec)
		if !ok {
			continue
		}
		q := l.asker.question(rec)
		if err := crowd.Add(p, precision, address.Key(&q.Query)); err != nil {
			return nil, err
		}
	}
	return crowd.Points()
}
