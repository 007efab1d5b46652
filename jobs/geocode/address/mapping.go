package address

import (
	"brood/jobs/placeholder"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Mapping says which columns hold which part. The zero Mapping has none.
type Mapping struct {
	columns [partCount][]string
	joined  [partCount]bool
}

// Columns are the columns of a part: the first that is not empty counts, or all of them, joined, see
// Joined.
func (m *Mapping) Columns(p Part) []string { return m.columns[p] }

// Has reports whether there is a column for a part.
func (m *Mapping) Has(p Part) bool { return len(m.columns[p]) > 0 }

// Joined reports whether the columns of a part belong together: the lines of Whole, or the name of
// a street and its kind.
func (m *Mapping) Joined(p Part) bool { return m.joined[p] || p == Unit }

// HasAddress reports whether there is something to look up.
func (m *Mapping) HasAddress() bool {
	return m.Has(Whole) || m.Has(Street) || m.Has(City) || m.Has(Postcode) || m.Has(District) || m.Has(County) || m.Has(State) || m.Has(Country)
}

// HasPoint reports whether there are a latitude and a longitude.
func (m *Mapping) HasPoint() bool { return m.Has(Lat) && m.Has(Lon) }

// String is what the user is told before the start: "address from: street=Straße, city=Ort".
func (m *Mapping) String() string {
	var parts, point []string
	for _, p := range Parts() {
		if !m.Has(p) {
			continue
		}
		said := p.String() + "=" + strings.Join(m.columns[p], m.between(p))
		if p == Lat || p == Lon {
			point = append(point, said)
		} else {
			parts = append(parts, said)
		}
	}
	switch {
	case parts == nil && point == nil:
		return "no address"
	case parts == nil:
		return "point from: " + strings.Join(point, ", ")
	case point == nil:
		return "address from: " + strings.Join(parts, ", ")
	}
	return "address from: " + strings.Join(parts, ", ") + "; point from: " + strings.Join(point, ", ")
}

// between is what stands between the columns of a part.
func (m *Mapping) between(p Part) string {
	if m.Joined(p) {
		return "+"
	}
	return "|"
}

// New returns the mapping that the user has said: for each part a column, or several: with a |
// between the first that is not empty counts, with a + they are joined.
func New(said map[Part]string, columns []string) (Mapping, error) {
	var m Mapping
	var wrong []error
	for p := range partCount {
		spec := said[p]
		if spec == "" {
			continue
		}
		names := []string{spec}
		if !slices.Contains(columns, spec) {
			if names = strings.Split(spec, "|"); len(names) == 1 {
				names = strings.Split(spec, "+")
				m.joined[p] = len(names) > 1
			}
		}
		for _, name := range names {
			if err := known(p, name, columns); err != nil {
				wrong = append(wrong, err)
			}
		}
		m.columns[p] = names
	}
	if wrong != nil {
		return Mapping{}, errors.Join(wrong...)
	}
	switch {
	case m.Has(Lat) != m.Has(Lon):
		return Mapping{}, fmt.Errorf("a point needs both %s and %s", Lat.Flag(), Lon.Flag())
	case m.Has(Number) && !m.Has(Street):
		return Mapping{}, fmt.Errorf("a house number is of no use without its street: add %s", Street.Flag())
	case !m.HasAddress() && !m.HasPoint():
		return Mapping{}, fmt.Errorf("no column of an address is named: say %s, or %s, %s and so on", Whole.Flag(), Street.Flag(), City.Flag())
	}
	return m, nil
}

func known(p Part, name string, columns []string) error {
	if slices.Contains(columns, name) {
		return nil
	}
	if near := placeholder.Nearest(name, columns); near != "" {
		return fmt.Errorf("%s: there is no column %q; did you mean %q?", p.Flag(), name, near)
	}
	return fmt.Errorf("%s: there is no column %q; there are %s", p.Flag(), name, placeholder.Listed(columns))
}
