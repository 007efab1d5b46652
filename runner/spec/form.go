package spec

import (
	"brood/jobs"
	"brood/runner/dataset"
	"path/filepath"
	"strings"
)

// FormKind is what kind of file is made of the results when a run is done.
type FormKind string

// The kinds.
const (
	FormXLSX    FormKind = "xlsx"
	FormGeoJSON FormKind = "geojson"
	FormCSV     FormKind = "csv"
	FormTSV     FormKind = "tsv"
	FormJSONL   FormKind = "jsonl"
	FormText    FormKind = "text" // of the shards of a run: see Config.Framed
)

// Form is a file that is made of the results when the run is done, where these cannot be written in that form row
// by row. The run's own results then stand in its directory, and are what a resume goes on with.
type Form struct {
	Kind FormKind `json:"kind"`
	Path string   `json:"path"` // absolute
	// Plain leaves the engine's own columns out.
	Plain bool `json:"plain,omitempty"`
	// Dress is how a table is written beside what stands in it, if that is as the dataset is.
	Dress dataset.Dress `json:"dress,omitzero"`
	// Point are the columns with the coordinates, of GeoJSON.
	Point jobs.Point `json:"point,omitzero"`
}

// FormOf tells by the name of a file that it is of a kind that is only made when the run is done; empty: it
// is none.
func FormOf(path string) FormKind {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		return FormXLSX
	case ".geojson":
		return FormGeoJSON
	}
	return ""
}

// Target is where the user has the results from: Output, unless another file is made of that when the run is done.
func (c *Config) Target() string {
	if c.Form != nil && c.Shard == nil {
		return c.Form.Path
	}
	return c.Output
}
