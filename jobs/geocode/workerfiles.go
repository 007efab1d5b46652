package geocode

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/jobs/geocode/places"
	"encoding/json"
	"errors"
	"fmt"
)

// workerFiles are the files that workers open: see jobs.Definition.Files. The index of places is made by each machine, and so is its cache.
func workerFiles(text json.RawMessage, _ *jobs.Shape, state string) ([]jobs.File, error) {
	var c config
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("geocode: read configuration: %w", err)
	}
	var out []jobs.File
	for i := range c.Sources {
		s := &c.Sources[i]
		if s.KeyFile != "" {
			out = append(out, jobs.File{Path: s.KeyFile, Use: jobs.FileSecret})
		}
		for _, name := range s.Places {
			out = append(out, jobs.File{Path: files.OfState(places.FileName(name)), At: places.Path(state, name)})
		}
		if len(s.Postcodes) > 0 {
			return nil, errors.New("--postcodes adds to the index of one machine, and the others would find less: geocode on one machine with it")
		}
	}
	return out, nil
}
