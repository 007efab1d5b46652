package spec

import (
	"brood/jobs"
	"fmt"
	"strings"
)

// PaceKey is the column that --rate-by and --max-per-key go by.
type PaceKey struct {
	Column string `json:"column,omitempty"`
	// Domain says that what stands behind the last @ of the value counts.
	Domain bool `json:"domain,omitempty"`
}

// ParsePaceKey reads COLUMN or domain(COLUMN), see jobs.Record.First.
func ParsePaceKey(s string) PaceKey {
	if inner, ok := strings.CutPrefix(s, "domain("); ok && strings.HasSuffix(inner, ")") {
		return PaceKey{strings.TrimSuffix(inner, ")"), true}
	}
	return PaceKey{Column: s}
}

// Check reports a column that the dataset does not have.
func (k PaceKey) Check(s *jobs.Shape) error {
	if k.Column == "" {
		return nil
	}
	return jobs.KeySpec{Columns: []string{k.Column}}.Check(s)
}

// String is the key as ParsePaceKey reads it.
func (k PaceKey) String() string {
	if k.Domain {
		return fmt.Sprintf("domain(%s)", k.Column)
	}
	return k.Column
}
