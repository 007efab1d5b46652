package mapping

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// Spec says how a table is written that is not brood's own.
type Spec struct {
	// Name is that of a ready map, or the SHA-256 of a file, in hexadecimal; empty: brood's own names.
	Name string `toml:"-"`
	// Columns are the names of the column of a field; of several the first that the header has.
	Columns map[Field][]string `toml:"-"`
	// Values are those of fields that have no column.
	Values map[Field]string `toml:"-"`
	// Only are the values of a column, of which a row must have one to be charged; in any case of letters.
	Only map[string][]string `toml:"only"`
	// Date is the form of dates; DateZone where its times of day are, an IANA name.
	Date     string `toml:"date"`
	DateZone string `toml:"date_zone"`
	// PeriodEnd says whether the end of a period is in it.
	PeriodEnd PeriodEnd `toml:"period_end"`
	// Decimal stands before the decimals: a point, or a comma.
	Decimal string `toml:"decimal"`
	// LowerCurrency says that currencies are written in small letters.
	LowerCurrency bool `toml:"lower_currency"`
	// Again says that the rows are those of charges that were tried before: Attempt is that of then, and the columns that a
	// run adds are left out.
	Again bool `toml:"-"`
}

// PeriodEnd says whether the end of a period is in it.
type PeriodEnd string

// Whether it is.
const (
	Inclusive PeriodEnd = "inclusive"
	Exclusive PeriodEnd = "exclusive"
)

// mostMap is the longest file of a map.
const mostMap = 1 << 20

// Load is the map of a name: one of the ready ones, a file, or pairs such as invoice_id=Number,amount=Total.
func Load(name string) (*Spec, error) {
	if name == "" {
		return new(Spec), nil
	}
	if s := ready(name); s != nil {
		s.Name = name
		return s, nil
	}
	f, err := os.Open(name)
	if err != nil && strings.Contains(name, "=") {
		s, err := ParseSpec([]byte(strings.ReplaceAll(name, ",", "\n")))
		if err != nil {
			return nil, fmt.Errorf("--map: %w", err)
		}
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--map: %w; there are %s, a file, and pairs such as invoice_id=Number,amount=Total", err, strings.Join(ReadyNames(), ", "))
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, mostMap))
	if err != nil {
		return nil, fmt.Errorf("--map: %w", err)
	}
	s, err := ParseSpec(text)
	if err != nil {
		return nil, fmt.Errorf("--map %s: %w", name, err)
	}
	return s, nil
}

// ParseSpec reads a map: TOML with [columns], or lines of the form field=column, or field==value for all rows.
func ParseSpec(text []byte) (*Spec, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is not in UTF-8")
	}
	sum := sha256.Sum256(text)
	s := &Spec{Name: hex.EncodeToString(sum[:])}
	var err error
	if isTOML(text) {
		err = s.parseTOML(text)
	} else {
		err = s.parseLines(text)
	}
	if err != nil {
		return nil, err
	}
	return s, s.check()
}

// isTOML reports whether a map has a table.
func isTOML(text []byte) bool {
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("[")) {
			return true
		}
	}
	return false
}

func (s *Spec) parseLines(text []byte) error {
	s.Columns, s.Values = make(map[Field][]string), make(map[Field]string)
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		name, column, ok := strings.Cut(string(line), "=")
		f, known := parseField(name)
		if !ok || !known || strings.TrimSpace(column) == "" {
			return fmt.Errorf("line %d: %q does not say which column has what; write invoice_id=NAME OF THE COLUMN, of %v and metadata.NAME", n, line, Fields())
		}
		column = strings.TrimSpace(column)
		if value, constant := strings.CutPrefix(column, "="); constant { // as reconcile has it
			s.Values[f] = strings.TrimSpace(value)
			continue
		}
		s.Columns[f] = append(s.Columns[f], column)
	}
	return nil
}

func (s *Spec) parseTOML(text []byte) error {
	var file struct {
		Spec
		Columns map[string]any    `toml:"columns"`
		Values  map[string]string `toml:"values"`
	}
	dec := toml.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		var unknown *toml.StrictMissingError
		if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
			line, _ := unknown.Errors[0].Position()
			return fmt.Errorf("line %d: there is no setting %s", line, strings.Join(unknown.Errors[0].Key(), "."))
		}
		return err
	}
	name := s.Name
	*s = file.Spec
	s.Name, s.Columns, s.Values = name, make(map[Field][]string), make(map[Field]string)
	for key, v := range file.Columns {
		f, ok := parseField(key)
		if !ok {
			return fmt.Errorf("columns.%s: there is no such field; there are %v and metadata.NAME", key, Fields())
		}
		switch v := v.(type) {
		case string:
			s.Columns[f] = []string{v}
		case []any:
			for _, one := range v {
				text, ok := one.(string)
				if !ok {
					return fmt.Errorf("columns.%s: %v is no name of a column", key, one)
				}
				s.Columns[f] = append(s.Columns[f], text)
			}
		default:
			return fmt.Errorf("columns.%s: %v is no name of a column", key, v)
		}
	}
	for key, v := range file.Values {
		f, ok := parseField(key)
		if !ok {
			return fmt.Errorf("values.%s: there is no such field; there are %v and metadata.NAME", key, Fields())
		}
		s.Values[f] = v
	}
	return nil
}

func (s *Spec) check() error {
	if s.Date != "" {
		if _, err := parseForm(s.Date); err != nil {
			return fmt.Errorf("date: %w", err)
		}
	}
	if !slices.Contains([]PeriodEnd{"", Inclusive, Exclusive}, s.PeriodEnd) {
		return fmt.Errorf("period_end: it is %q; write %q or %q", s.PeriodEnd, Inclusive, Exclusive)
	}
	if !slices.Contains([]string{"", ".", ","}, s.Decimal) {
		return fmt.Errorf("decimal: it is %q; write a point or a comma", s.Decimal)
	}
	for f := range s.Values {
		if len(s.Columns[f]) > 0 {
			return fmt.Errorf("%s has a column and a value; say one of them", f)
		}
	}
	return nil
}
