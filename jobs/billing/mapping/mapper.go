package mapping

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/table"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Mapper makes charges of the rows of a table with one header.
type Mapper struct {
	spec    *Spec
	header  []string
	at      []Field   // of each column; empty: it is none
	more    [][]Field // fields that a column is besides
	only    []only
	form    form
	from    *time.Location // of dates with a time of day
	zone    *time.Location
	fixed   []fixed
	unused  []string
	present map[Field]bool
}

type only struct {
	column int
	values []string
}

type fixed struct {
	field Field
	value string
}

// Row is what a row says. Amounts are as they are written, with a point.
type Row struct {
	Line    int
	Charge  charge.Charge // without amounts
	Item    charge.Line
	Total   string // of the whole invoice, if it is said
	Attempt string
	Status  string // what became of it in the run before
	// LeftOut is not empty of a row that is not to be charged, by Spec.Only.
	LeftOut string

	mapper *Mapper
	places []place
}

// place is where a field begins.
type place struct{ line, column int32 }

// Place is where the value of a field stands, and what its column is called; of one that has none, the row.
func (r *Row) Place(f Field) (line, column int, name string) {
	i := r.mapper.index(f)
	if i < 0 {
		return r.Line, 0, string(f)
	}
	return int(r.places[i].line), int(r.places[i].column), r.mapper.header[i]
}

// index is the column of a field, or -1.
func (m *Mapper) index(f Field) int {
	if i := slices.Index(m.at, f); i >= 0 {
		return i
	}
	return slices.IndexFunc(m.more, func(also []Field) bool { return slices.Contains(also, f) })
}

// Problem is what is wrong with a field.
type Problem struct {
	Kind         Kind
	Line, Column int // of the file; Column is 0 of JSON
	Name         string
	Text         string
}

// ErrHeader is wrapped by what is wrong with a header.
var ErrHeader = errors.New("the header does not fit")

// New finds the fields in a header. Zone is that of the seller.
func New(s *Spec, header []string, zone *time.Location) (*Mapper, error) {
	m := &Mapper{spec: s, header: slices.Clone(header), zone: zone, from: time.UTC, at: make([]Field, len(header)), more: make([][]Field, len(header)), present: make(map[Field]bool)}
	date := s.Date
	if date == "" {
		date = "YYYY-MM-DD"
	}
	var err error
	if m.form, err = parseForm(date); err != nil {
		return nil, err
	}
	if s.DateZone != "" {
		if m.from, err = time.LoadLocation(s.DateZone); err != nil {
			return nil, fmt.Errorf("date_zone: %w", err)
		}
	}
	if err := m.refuse(); err != nil {
		return nil, err
	}
	if err := m.find(); err != nil {
		return nil, err
	}
	for f, v := range s.Values {
		m.fixed = append(m.fixed, fixed{f, v})
		m.present[f] = true
	}
	slices.SortFunc(m.fixed, func(a, b fixed) int { return strings.Compare(string(a.field), string(b.field)) })
	for name, values := range s.Only {
		i := slices.Index(m.header, name)
		if i < 0 {
			return nil, fmt.Errorf("%w: rows are charged by what column %q says, and there is none", ErrHeader, name)
		}
		m.only = append(m.only, only{i, values})
	}
	slices.SortFunc(m.only, func(a, b only) int { return a.column - b.column })
	return m, nil
}

// refuse refuses a header with what may not be kept, whatever else there is.
func (m *Mapper) refuse() error {
	for i, h := range m.header {
		if _, is := cardIn(h); is {
			return fmt.Errorf("%w: the number of a payment card stands in the first line, which should name the columns. Card numbers may not be in such a file: take the column out, and use what your provider has stored (payment_method)", ErrHeader)
		}
		if isCode(h) {
			return fmt.Errorf("%w: column %d (%s) is for the code of payment cards, which nobody may store: take it out of the file", ErrHeader, i+1, h)
		}
	}
	return nil
}

// find says which field each column is.
func (m *Mapper) find() error {
	for _, f := range slices.Sorted(maps.Keys(m.spec.Columns)) {
		names := m.spec.Columns[f]
		i := slices.IndexFunc(names, func(n string) bool { return slices.Contains(m.header, n) })
		if i < 0 {
			if m.spec.Name != "" && ready(m.spec.Name) != nil || m.optional(f) {
				continue // not every export has every column
			}
			return fmt.Errorf("%w: the map says that %s is in column %q, and there is none; there are %s", ErrHeader, f, names[0], strings.Join(m.header, ", "))
		}
		if err := m.put(f, names[i]); err != nil {
			return err
		}
	}
	for i, h := range m.header {
		f, ok := parseField(h)
		if ok && (f == Attempt || f == Status || f == Lines || f == Taxes || f == Metadata) {
			ok = m.spec.Again
		}
		_, hasValue := m.spec.Values[f]
		switch {
		case m.at[i] != "" || h == "":
		case ok && m.present[f] && len(m.spec.Columns[f]) == 0:
			return fmt.Errorf("%w: two columns are called %s", ErrHeader, h)
		case ok && !m.present[f] && !hasValue:
			m.at[i], m.present[f] = f, true
		case m.spec.Again && isResult(h), m.isOnly(h):
		default:
			m.unused = append(m.unused, h)
		}
	}
	for i := range m.more {
		slices.Sort(m.more[i])
	}
	for _, f := range []Field{Invoice, Customer, Currency} {
		if !m.present[f] && m.spec.Values[f] == "" {
			return fmt.Errorf("%w: there is no column %s; there are %s. Name the columns as brood does, or say which is which with --map", ErrHeader, f, strings.Join(m.header, ", "))
		}
	}
	if !m.present[Amount] && !m.present[Net] && !m.present[Unit] {
		return fmt.Errorf("%w: there is no column %s; there are %s. Name the columns as brood does, or say which is which with --map", ErrHeader, Amount, strings.Join(m.header, ", "))
	}
	return nil
}

// optional reports whether a field may have no column though a map names it: metadata.
func (m *Mapper) optional(f Field) bool { return strings.HasPrefix(string(f), metadataPrefix) }

func (m *Mapper) isOnly(h string) bool { _, is := m.spec.Only[h]; return is }

func (m *Mapper) put(f Field, column string) error {
	i := slices.Index(m.header, column)
	if slices.Contains(m.header[i+1:], column) {
		return fmt.Errorf("%w: two columns are called %s", ErrHeader, column)
	}
	m.present[f] = true
	if m.at[i] == "" {
		m.at[i] = f
		return nil
	}
	m.more[i] = append(m.more[i], f)
	return nil
}

// isResult reports whether a column is one that a run has added.
func isResult(h string) bool {
	switch h {
	case "provider_id", "idempotency_key", "replayed", "decline_code", "advice_code", "network_code", "error_type", "error_code", "http_status", "request_id", "created_at",
		"number", "action_url", "invoice_number", "pdf", "html":
		return true
	}
	return strings.HasPrefix(h, "_") || strings.HasPrefix(h, "billing_")
}

// Unused are the columns that are nothing of a charge.
func (m *Mapper) Unused() []string { return m.unused }

// Has reports whether a field has a column or a value.
func (m *Mapper) Has(f Field) bool { return m.present[f] }

// Fits reports whether the header is the one that the mapper was made for.
func (m *Mapper) Fits(header []string) bool { return slices.Equal(m.header, header) }

// Map reads a row, and calls bad for each of its problems. A row that has the number of a card is nothing but that.
func (m *Mapper) Map(r *table.Row, bad func(Problem)) (*Row, bool) {
	if m.cards(r, bad) {
		return nil, false
	}
	out := &Row{Line: r.Line, Charge: charge.Charge{Attempt: 1, Kind: charge.KindCharge}, mapper: m, places: make([]place, len(m.header))}
	for i := range out.places {
		line, column := r.Place(i)
		out.places[i] = place{int32(line), int32(column)}
	}
	ok := true
	problem := func(i int) func(Kind, string, ...any) {
		return func(k Kind, format string, args ...any) {
			ok = false
			line, column := r.Place(i)
			bad(Problem{k, line, column, m.header[i], fmt.Sprintf(format, args...)})
		}
	}
	for _, o := range m.only {
		if v := strings.TrimSpace(r.Fields[o.column]); !slices.ContainsFunc(o.values, func(w string) bool { return strings.EqualFold(w, v) }) {
			out.LeftOut = m.header[o.column] + " " + v
			return out, true
		}
	}
	for _, f := range m.fixed {
		m.set(out, f.field, f.value, func(k Kind, format string, args ...any) {
			ok = false
			bad(Problem{k, r.Line, 0, string(f.field), fmt.Sprintf(format, args...)})
		})
	}
	for i, f := range m.at {
		if f == "" {
			continue
		}
		m.set(out, f, r.Fields[i], problem(i))
		for _, f := range m.more[i] {
			m.set(out, f, r.Fields[i], problem(i))
		}
	}
	return out, ok
}

// cards reports whether a card's number stands in any field. An account number beside a routing number that is right is none.
func (m *Mapper) cards(r *table.Row, bad func(Problem)) bool {
	for i, v := range r.Fields {
		last, is := cardIn(v)
		if !is || m.at[i] == AccountNo && m.routed(r) {
			continue
		}
		line, column := r.Place(i)
		bad(Problem{KindCard, line, column, m.header[i], "the number of a payment card (" + last + ") stands here: such numbers may not be kept. Use what your provider has stored: payment_method"})
		return true
	}
	return false
}

func (m *Mapper) routed(r *table.Row) bool {
	i := slices.Index(m.at, Routing)
	return i >= 0 && isRouting(strings.TrimSpace(r.Fields[i]))
}

// set puts the value of a field into the row.
func (m *Mapper) set(out *Row, f Field, v string, bad func(k Kind, format string, args ...any)) {
	v = tidy(v)
	if v == "" {
		return
	}
	if why := damage(v); why != "" && (f.isID() || f.isNumber() || v[0] == '#') {
		bad(KindSpreadsheet, "%q %s", v, why)
		return
	}
	switch {
	case f.isDate():
		day, ok := m.day(v, f)
		if !ok {
			bad(KindDate, "%q is no day of the form %s%s", v, m.form.text, m.hint())
			return
		}
		v = day
	case f.isNumber():
		v = m.number(v)
	case strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) || f.isID() && !unicode.IsPrint(r) }):
		bad(KindText, "%q has characters that cannot be seen", v)
		return
	case f == Currency && m.spec.LowerCurrency:
		v = strings.ToUpper(v)
	}
	m.keep(out, f, v, bad)
}

// keep puts a value that was looked at to its place.
func (m *Mapper) keep(out *Row, f Field, v string, bad func(k Kind, format string, args ...any)) {
	if name, ok := strings.CutPrefix(string(f), metadataPrefix); ok {
		if out.Charge.Metadata == nil {
			out.Charge.Metadata = make(map[string]string)
		}
		out.Charge.Metadata[name] = v
		return
	}
	if to := text(&out.Charge, f); to != nil {
		*to = v
		return
	}
	var err error
	switch f {
	case Amount:
		out.Item.Gross = v
	case Net:
		out.Item.Net = v
	case Tax:
		out.Item.Tax = v
	case Rate:
		out.Item.TaxRate = v
	case Quantity:
		out.Item.Quantity = v
	case Measure:
		out.Item.Unit = v
	case Unit:
		out.Item.UnitAmount = v
	case ItemText:
		out.Item.Description = v
	case Total:
		out.Total = v
	case Attempt:
		out.Attempt = v
	case Status:
		out.Status = v
	case Lines:
		err = strict(v, &out.Charge.Lines)
	case Taxes:
		err = strict(v, &out.Charge.Taxes)
	case Metadata:
		err = strict(v, &out.Charge.Metadata)
	default: // there is no other
	}
	if err != nil {
		bad(KindText, "%s is not as brood wrote it: %v", f, err)
	}
}

func strict(text string, to any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(to)
}

func (m *Mapper) hint() string {
	if m.spec.Date != "" {
		return ""
	}
	return "; name another in a map: date = \"DD.MM.YYYY\""
}

// number is an amount with a point before its decimals. Where the map says that a comma stands there, points may separate
// thousands, all of them, if there is a comma too: 1.234,56 is nothing else. Any other point is left for whoever reads it
// to refuse: 1.234 may be either.
func (m *Mapper) number(v string) string {
	if m.spec.Decimal != "," {
		return v
	}
	whole, decimals, comma := strings.Cut(v, ",")
	groups := strings.Split(whole, ".")
	for i, g := range groups {
		if strings.Contains(decimals, ".") || len(groups) > 1 && (!comma || !isDigits(strings.TrimPrefix(g, "-")) || len(strings.TrimPrefix(g, "-")) > 3 || i > 0 && len(g) != 3) {
			return v + "," // which no amount has
		}
	}
	return strings.Replace(strings.Join(groups, "")+v[len(whole):], ",", ".", 1)
}

// tidy is a value without spaces around it, on one line.
func tidy(v string) string {
	v = strings.TrimFunc(v, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	if strings.ContainsAny(v, "\r\n\t") {
		v = strings.Join(strings.Fields(v), " ")
	}
	return v
}
