package address

import (
	"brood/jobs/placeholder"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Guess finds out from the names of columns which of them are an address, or a point. It is told
// to the user before anything is asked, see Mapping.String. Where a row has several addresses, as
// of billing and of shipping, and none of them is the row's own, it is an error that says which flags
// would tell; so is a header without any.
func Guess(columns []string) (Mapping, error) {
	var sets []*columnSet
	for i, c := range columns {
		h := readHeading(c, i)
		if h.vetoed {
			continue
		}
		if s := setOf(&sets, h.set); len(h.parts) > 0 {
			s.add(&h)
		}
	}
	for _, s := range sets {
		s.finish(columns)
	}
	chosen, err := choose(sets)
	if err != nil {
		return Mapping{}, err
	}
	if chosen == nil {
		return Mapping{}, fmt.Errorf("no column is an address for certain; there are %s: say which with %s, or %s, %s and so on", placeholder.Listed(columns), Whole.Flag(), Street.Flag(), City.Flag())
	}
	m := chosen.mapping
	if own := setOf(&sets, ""); chosen.lined && own.located() && !own.exact() {
		m.columns[Street], m.columns[Whole] = m.columns[Whole], nil // block_address, city
	}
	if m.Has(Street) && !m.Has(City) && !m.Has(Postcode) {
		m.townOf(sets)
	}
	for _, s := range sets { // what is said once for all addresses of a row
		if s.name != "" && (!s.mapping.HasPoint() || s.located()) {
			continue
		}
		for _, p := range [...]Part{Country, State, Lat, Lon} {
			if !m.Has(p) && (p != State || m.Has(City)) && (p < Lat || s.mapping.HasPoint()) && s != chosen {
				m.columns[p] = s.mapping.columns[p]
			}
		}
	}
	return m, nil
}

// townOf takes the town from the only set that has one and no street: Street 1, Ship City.
func (m *Mapping) townOf(sets []*columnSet) {
	var towns []*columnSet
	for _, s := range sets {
		if s.located() && !s.exact() {
			towns = append(towns, s)
		}
	}
	if len(towns) != 1 {
		return
	}
	for _, p := range [...]Part{City, District, County, State, Postcode, Country} {
		if !m.Has(p) {
			m.columns[p] = towns[0].mapping.columns[p]
		}
	}
}

// columnSet are columns of one address.
type columnSet struct {
	name     string
	mapping  Mapping
	strength [partCount]uint8
	lines    []heading
	full     []string
	places   []string
	weak     []heading
	several  []heading // columns with more than one part
	before   []string  // pieces of the street
	behind   []string
	placed   bool // Whole is a place of any kind
	lined    bool // Whole is one column that may be a line of an address only
	street   int  // where the street stands; -1: nowhere
}

func setOf(sets *[]*columnSet, name string) *columnSet {
	for _, s := range *sets {
		if s.name == name {
			return s
		}
	}
	s := &columnSet{name: name, street: -1}
	*sets = append(*sets, s)
	return s
}

// add notes a column.
func (s *columnSet) add(h *heading) {
	var parts []sense
	line := false
	for _, p := range h.parts {
		switch {
		case p.role == roleLine:
			line = true
		case p.role == roleOf(State) && h.stateNot:
		case p.role >= rolePart && p.role.part() == ID && len(h.parts) > 1:
			return // the number of an address in some other table
		default:
			parts = append(parts, p)
		}
	}
	switch {
	case line && (len(parts) == 0 || h.line > 1 && !slices.ContainsFunc(parts, func(p sense) bool { return p.role != roleOf(District) && p.role != roleOf(Unit) })):
		s.lines = append(s.lines, *h)
	case len(parts) == 0:
	case len(parts) > 1:
		s.addSeveral(h, parts)
	default:
		s.addOne(h, parts[0])
	}
}

// addSeveral notes a column that has several parts: "Straße/Nr.", "PLZ Ort", "City, State, ZIP".
func (s *columnSet) addSeveral(h *heading, parts []sense) {
	has := func(p Part) bool {
		return slices.ContainsFunc(parts, func(x sense) bool { return x.role == roleOf(p) })
	}
	switch {
	case has(Street) && !has(City) && !has(Postcode):
		s.set(Street, h.column, 3, h.index)
	case has(Lat) && has(Lon):
		s.places = append(s.places, h.column)
	case has(City) && has(Postcode) && len(parts) == 2:
		s.set(City, h.column, 3, h.index)
	case has(City) && (has(State) || has(Postcode) || has(Street)):
		s.several = append(s.several, *h)
	case has(State) || has(City) && has(District):
		s.addOne(h, parts[0])
	}
}

func (s *columnSet) addOne(h *heading, p sense) {
	switch p.role {
	case roleFull:
		s.full = append(s.full, h.column)
	case rolePoint, rolePlace:
		s.places = append(s.places, h.column)
	case roleBefore:
		s.before = append(s.before, h.column)
	case roleBehind:
		s.behind = append(s.behind, h.column)
	case roleWeakNumber, roleWeakState, roleWeakCity, roleSuburb:
		s.weak = append(s.weak, *h)
	default:
		if p.role < rolePart {
			return
		}
		part := p.role.part()
		switch {
		case part == Street && h.line > 1: // "Street 2"
			s.lines = append(s.lines, *h)
		default:
			s.set(part, h.column, p.strength, h.index)
		}
	}
}

// set takes a column for a part, if there is none that counts as much.
func (s *columnSet) set(p Part, column string, strength uint8, index int) {
	if s.strength[p] >= strength {
		return
	}
	s.strength[p] = strength
	s.mapping.columns[p] = []string{column}
	if p == Street {
		s.street = index
	}
}

// finish decides what the lines and the weak columns are, from all that the set has.
func (s *columnSet) finish(columns []string) {
	slices.SortStableFunc(s.weak, func(a, b heading) int { return cmp.Compare(b.role(), a.role()) }) // cities before states
	for i := range s.weak {
		s.settleWeak(&s.weak[i])
	}
	if s.mapping.Has(Street) && len(s.before)+len(s.behind) > 0 {
		s.mapping.columns[Street] = slices.Concat(s.before, s.mapping.columns[Street], s.behind)
		s.mapping.joined[Street] = true
	}
	slices.SortStableFunc(s.lines, func(a, b heading) int { return cmp.Compare(a.line, b.line) })
	parts := s.mapping.Has(City) || s.mapping.Has(Postcode)
	switch {
	case len(s.several) > 0: // a street, and the rest in one column
		var whole []string
		if s.mapping.Has(Street) {
			whole = append(whole, s.mapping.columns[Street]...)
			if s.mapping.Has(Number) {
				return
			}
			s.mapping.columns[Street] = nil
		}
		for _, h := range s.lines {
			whole = append(whole, h.column)
		}
		s.mapping.columns[Whole], s.mapping.joined[Whole] = append(whole, s.several[0].column), true
	case len(s.full) > 0 && (!parts || !s.mapping.Has(Street) && len(s.lines) == 0):
		s.mapping.columns[Whole] = s.full[:1]
	case len(s.lines) > 0:
		s.settleLines(parts)
	case len(s.places) > 0 && !parts && !s.mapping.Has(Street) && !s.mapping.HasPoint():
		s.mapping.columns[Whole], s.placed = s.places[:1], true
	}
	if s.mapping.Has(Street) && !s.mapping.Has(Number) && s.street >= 0 {
		s.numberBeside(columns)
	}
}

// numberBeside takes a column "Nr" as that of the house, where it stands behind the street; before it
// a word of letters is wanted, as "Nr" counts the rows there.
func (s *columnSet) numberBeside(columns []string) {
	for _, at := range [...]int{s.street + 1, s.street - 1, s.street - 2} {
		if at < 0 || at >= len(columns) {
			continue
		}
		h := readHeading(columns[at], at)
		if h.set == s.name && len(h.parts) == 1 && h.parts[0].role == roleWeakNumber && (at > s.street || len(strings.TrimRight(h.column, ". ")) > 3) {
			s.mapping.columns[Number] = []string{h.column}
			return
		}
	}
}

// settleLines decides what the lines of an address are: all of it, or a street and what goes with
// it.
func (s *columnSet) settleLines(parts bool) {
	var names []string
	for _, h := range s.lines {
		names = append(names, h.column)
	}
	switch {
	case !parts && !s.mapping.Has(Street):
		s.mapping.columns[Whole], s.mapping.joined[Whole] = names, true
		s.lined = len(names) == 1
		if len(s.lines) > 1 && s.lines[1].line == 0 { // "Adresse" and "Anschrift": the first of them
			s.mapping.columns[Whole] = names[:1]
		}
		return
	case !s.mapping.Has(Street):
		s.mapping.columns[Street] = names[:1]
		s.street = s.lines[0].index
		names = names[1:]
	}
	var further []string
	for i, h := range s.lines[len(s.lines)-len(names):] {
		if h.line > 1 {
			further = append(further, names[i])
		}
	}
	if further != nil {
		s.mapping.columns[Unit] = append(further, s.mapping.columns[Unit]...)
	}
}

func (s *columnSet) settleWeak(h *heading) {
	m := &s.mapping
	switch h.role() {
	case roleWeakState:
		if m.Has(City) && !m.Has(State) {
			m.columns[State] = []string{h.column}
		}
	case roleWeakCity:
		if !m.Has(City) && (m.Has(Postcode) || m.Has(Street)) {
			m.columns[City] = []string{h.column}
		}
	case roleSuburb:
		if m.Has(City) {
			m.columns[District] = []string{h.column}
		} else {
			m.columns[City] = []string{h.column}
		}
	default:
	}
}

// exact reports whether the set says where in a town something is.
func (s *columnSet) exact() bool { return s.mapping.Has(Whole) && !s.placed || s.mapping.Has(Street) }

// located reports whether the set says which town.
func (s *columnSet) located() bool {
	return s.exact() || s.mapping.Has(City) || s.mapping.Has(Postcode)
}

// choose finds the set that the rows are looked up by: that with a street, or the row's own.
func choose(sets []*columnSet) (*columnSet, error) {
	for _, fits := range [...]func(*columnSet) bool{
		(*columnSet).exact, (*columnSet).located,
		func(s *columnSet) bool { return s.placed },
		func(s *columnSet) bool { return s.mapping.HasPoint() },
		// A state or a country alone is more often that of something else.
		func(s *columnSet) bool {
			return (s.mapping.Has(County) || s.mapping.Has(District)) && (s.mapping.Has(State) || s.mapping.Has(Country))
		},
	} {
		var fitting []*columnSet
		for _, s := range sets {
			if fits(s) {
				if s.name == "" {
					return s, nil
				}
				fitting = append(fitting, s)
			}
		}
		switch len(fitting) {
		case 0:
		case 1:
			return fitting[0], nil
		default:
			return nil, several(fitting)
		}
	}
	return nil, nil
}

// several is the error of a row with several addresses.
func several(sets []*columnSet) error {
	var said, flags []string
	for _, s := range sets {
		m := &s.mapping
		said = append(said, fmt.Sprintf("%s (%s)", s.name, strings.Join(m.all(), ", ")))
	}
	for _, p := range Parts() {
		if m := &sets[0].mapping; m.Has(p) {
			flags = append(flags, p.Flag()+" "+quotedColumn(m.columns[p][0]))
		}
	}
	return fmt.Errorf("the rows have several addresses: %s; say which one is meant, as in %s", strings.Join(said, ", "), strings.Join(flags, " "))
}

func (m *Mapping) all() []string {
	var out []string
	for _, p := range Parts() {
		out = append(out, m.columns[p]...)
	}
	return out
}

// quotedColumn is a column as it is typed to a shell.
func quotedColumn(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r > 0x7f
		return !letter && !strings.ContainsRune("_-.:/", r)
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
