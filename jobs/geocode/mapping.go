package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"fmt"
	"slices"
)

// mapping is which columns of the input hold what: as the flags say, else by its header.
func (c *config) mapping(s *jobs.Shape) (address.Mapping, error) {
	said := make(map[address.Part]string)
	for _, p := range address.Parts() {
		if v := c.Columns[p.String()]; v != "" {
			said[p] = v
		}
	}
	if len(said) > 0 {
		return address.New(said, s.Columns)
	}
	if s.Kind == jobs.Lines || slices.Equal(c.own(s.Columns), []string{jobs.LineColumn}) { // or the results of such
		return address.New(map[address.Part]string{address.Whole: jobs.LineColumn}, s.Columns)
	}
	m, err := address.Guess(c.own(s.Columns))
	if err != nil {
		return m, fmt.Errorf("the header does not say where the address stands: %w", err)
	}
	return m, nil
}

// own are the columns without those of an earlier run of this job.
func (c *config) own(all []string) []string {
	var out []string
	for _, name := range all {
		mine := len(name) > 0 && name[0] == '_'
		for _, n := range columnNames {
			mine = mine || name == c.Prefix+n
		}
		if !mine {
			out = append(out, name)
		}
	}
	return out
}
