package gazetteer

import (
	"archive/zip"
	"brood/jobs/files"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Postal codes of other countries than the United States are imported from the files that
// GeoNames publishes of each country (XX.txt or XX.zip): lines of twelve fields with tabs between,
//
//	country, code, place, region, its code, district, its code, community, its code, latitude, longitude, accuracy
//
// They are kept in the directory of the index, a file of the same layout for each country, with
// secCodes and secText only, by the name postcodes-1-XX.idx; it says by its length and head whether
// it is whole. Importing a country again replaces it. The files are under CC BY 4.0 as the rest, but for
// some countries' own terms, which GeoNames' readme has.

// codesOf is the checksum that stands in the head of such a file: there is nothing that it is
// made of again.
var codesOf = sha256.Sum256([]byte("postal codes of a country, version 1"))

const (
	postalFields = 12
	mostPostal   = 10_000_000 // lines of a file
)

// Imported says what ImportPostcodes took over of a country.
type Imported struct {
	Country string
	Codes   int // lines that were taken
	Doubled int // lines that said what another one had said
}

// ImportPostcodes reads GeoNames' postal files, plain or zipped, and puts what they hold into a
// directory, where Open finds it from then on. Nothing is changed if one of them cannot be read; the
// error says the file and the line.
func ImportPostcodes(dir string, paths ...string) ([]Imported, error) {
	if err := files.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("import postal codes: %w", err)
	}
	countries := map[string]*postal{}
	for _, path := range paths {
		if err := readPostal(path, countries); err != nil {
			return nil, fmt.Errorf("import postal codes: %w", err)
		}
	}
	var done []Imported
	for _, country := range slices.Sorted(maps.Keys(countries)) {
		p := countries[country]
		doubled := p.sort()
		var parts [sections][]byte
		parts[secText], parts[secCodes] = p.text.out, bytes.Join(p.rows, nil)
		if err := write(sideName(dir, country), codesOf, parts, isTheUsers); err != nil {
			return done, fmt.Errorf("import postal codes of %s: %w", country, err)
		}
		done = append(done, Imported{Country: country, Codes: len(p.rows), Doubled: doubled})
	}
	return done, nil
}

func sideName(dir, country string) string {
	return filepath.Join(dir, fmt.Sprintf("postcodes-%d-%s.idx", version, country))
}

// postal is what was read of one country.
type postal struct {
	text texts
	rows [][]byte
}

// sort puts the rows in order and leaves out those that are there twice; it returns how many.
func (p *postal) sort() (doubled int) {
	slices.SortStableFunc(p.rows, func(a, b []byte) int { return bytes.Compare(a[:codeKey], b[:codeKey]) })
	before := len(p.rows)
	p.rows = slices.CompactFunc(p.rows, bytes.Equal)
	return before - len(p.rows)
}

// readPostal reads one file; in a zip that is the one of the country, not the readme.
func readPostal(path string, countries map[string]*postal) error {
	if !strings.EqualFold(filepath.Ext(path), ".zip") {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it is only read
		return readPostalLines(path, f, countries)
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer z.Close() //nolint:errcheck // it is only read
	read := 0
	for _, entry := range z.File {
		if !strings.EqualFold(filepath.Ext(entry.Name), ".txt") || strings.EqualFold(filepath.Base(entry.Name), "readme.txt") {
			continue
		}
		r, err := entry.Open()
		if err != nil {
			return fmt.Errorf("open %s in %s: %w", entry.Name, path, err)
		}
		err = readPostalLines(path+"/"+entry.Name, r, countries)
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		read++
	}
	if read == 0 {
		return fmt.Errorf("%s holds no file of postal codes, which would be a .txt", path)
	}
	return nil
}

func readPostalLines(path string, r io.Reader, countries map[string]*postal) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), 1<<16)
	n := 0
	for lines.Scan() {
		n++
		if n > mostPostal {
			return fmt.Errorf("%s: more than %d lines", path, mostPostal)
		}
		line := strings.TrimSuffix(lines.Text(), "\r")
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line == "" {
			continue
		}
		if err := addPostal(line, countries); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", path, n+1, err)
	}
	if n == 0 {
		return fmt.Errorf("%s is empty", path)
	}
	return nil
}

func addPostal(line string, countries map[string]*postal) error {
	row := strings.Split(line, "\t")
	if len(row) != postalFields {
		return fmt.Errorf("%d fields with tabs between, want the %d of GeoNames' postal files", len(row), postalFields)
	}
	country := row[0]
	if len(country) != 2 || country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z' {
		return fmt.Errorf("%q is no code of a country", country)
	}
	if country == "US" {
		return fmt.Errorf("the postal codes of the United States are built in")
	}
	plain := plainCode(row[1], "")
	if plain == "" {
		return fmt.Errorf("%q is no postal code", row[1])
	}
	lat, err := degrees("latitude", row[9], 90)
	if err != nil {
		return err
	}
	lon, err := degrees("longitude", row[10], 180)
	if err != nil {
		return err
	}
	p := countries[country]
	if p == nil {
		p = &postal{text: texts{out: []byte{0}, at: map[string]uint32{"": 0}}}
		countries[country] = p
	}
	text := p.text.once
	c := code{country: country, code: plain, lat: lat, lon: lon, place: text(row[2]), state: text(row[3]), stateCode: text(row[4]), county: text(row[5])}
	p.rows = append(p.rows, c.append(nil))
	return nil
}

func degrees(what, s string, most float64) (int64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= -most && f <= most) { // also what is no number
		return 0, fmt.Errorf("%q is no %s", s, what)
	}
	return int64(math.Round(f * unit)), nil
}

// openSide maps the postal codes that were imported into a directory.
func (x *Index) openSide(dir string) error {
	paths, err := filepath.Glob(sideName(dir, "[A-Z][A-Z]"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		m, err := open(path, codesOf)
		if err != nil {
			return fmt.Errorf("open the postal codes that were imported: %w; import them again", err)
		}
		x.side = append(x.side, m)
	}
	return nil
}

// countriesOfCodes is the country of a file of postal codes.
func (m *image) countriesOfCodes() []string {
	if len(m.sec[secCodes]) < codeBytes {
		return nil
	}
	return []string{string(m.sec[secCodes][:2])}
}
