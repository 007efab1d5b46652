package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// featureNames are what the properties of a feature are called: those of OpenAddresses and
// OpenStreetMap, and the usual ones, by the same table as columns.
type featureNames map[string]Field

// readFeatures reads GeoJSON with a feature on each line, whether the lines are features alone or those
// of a FeatureCollection that is written so.
func readFeatures(ctx context.Context, m *member, o *Options) error {
	f := &features{m: m, o: o, named: make(featureNames)}
	for field, names := range o.Columns {
		for _, n := range names {
			f.named[letters(n)] = field
		}
	}
	for _, u := range usual {
		for _, n := range strings.Fields(u.names) {
			if _, taken := f.named[n]; !taken && !strings.Contains(n, "+") && o.Columns[u.field] == nil {
				f.named[n] = u.field
			}
		}
	}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := m.next()
		switch {
		case errors.Is(err, io.EOF):
			return f.end()
		case errors.Is(err, errLong):
			err = f.odd(Malformed, err.Error())
		case err != nil:
			return fmt.Errorf("after line %d: %w", m.line, err)
		default:
			err = f.line(line)
		}
		if err != nil {
			return err
		}
	}
}

type features struct {
	m     *member
	o     *Options
	named featureNames
	said  bool
	wrong int // lines that were none, before the first feature
}

func (f *features) odd(k Kind, text string) error {
	return f.o.Odd(Oddity{Kind: k, File: f.m.name, Line: f.m.line, Text: text})
}

// end refuses a file in which there was no feature: one on a single line, or over many.
func (f *features) end() error {
	if f.said {
		return nil
	}
	return errors.New("it is no GeoJSON with one feature on each line; write it so with ogr2ogr -f GeoJSONSeq, or jq -c '.features[]'")
}

// isFrame reports whether a line is of the collection around features.
func isFrame(line []byte) bool {
	line = bytes.TrimRight(line, ", \t")
	return len(line) < 3 || bytes.HasPrefix(line, []byte(`"`)) ||
		bytes.HasPrefix(line, []byte("{")) && (bytes.HasSuffix(line, []byte("[")) || bytes.HasSuffix(line, []byte("{")))
}

func (f *features) line(line []byte) error {
	line = bytes.Trim(line, " \t\x1e") // RFC 8142 has a record separator
	if isFrame(line) {
		return nil
	}
	line = bytes.TrimRight(line, ", \t")
	text := string(line)
	if !utf8.Valid(line) {
		text = latin(line)
	}
	if !gjson.Valid(text) || text[0] != '{' {
		if f.wrong++; !f.said && f.wrong > 1000 {
			return f.end()
		}
		return f.odd(Malformed, "not a feature: "+text[:min(len(text), 60)])
	}
	all := gjson.GetMany(text, "type", "properties", "geometry.type", "geometry.coordinates.0", "geometry.coordinates.1")
	if all[0].String() != "Feature" || !all[1].IsObject() {
		return f.odd(Malformed, "not a feature: "+text[:min(len(text), 60)])
	}
	if !f.said {
		f.said = true
		what := What{File: f.m.name, Format: GeoJSON, Country: f.o.Country}
		if all[1].Get("hash").Exists() && all[1].Get("street").Exists() {
			what.Format = OpenAddresses
		}
		if err := f.o.Said(what); err != nil {
			return err
		}
	}
	if all[2].String() != "Point" {
		return f.odd(NoCoordinates, "its geometry is no point")
	}
	return f.feature(all[1], all[4], all[3])
}

func (f *features) feature(properties, y, x gjson.Result) error {
	p := Point{Line: f.m.line, Country: f.o.Country}
	var number, suffix, address string
	properties.ForEach(func(key, value gjson.Result) bool {
		field, ok := f.named[letters(key.String())]
		if !ok || value.IsObject() || value.IsArray() {
			return true
		}
		v := tidy(value.String())
		for _, part := range [...]struct {
			field Field
			to    *string
		}{
			{Num, &number},
			{NumSuffix, &suffix},
			{Street, &p.Street},
			{Addr, &address},
			{City, &p.City},
			{District, &p.District},
			{County, &p.County},
			{Region, &p.Region},
			{Postcode, &p.Postcode},
		} {
			if part.field == field && *part.to == "" {
				*part.to = v
			}
		}
		switch field {
		case UnitOf:
			p.Unit = p.Unit || v != ""
		case Country:
			if len(v) == 2 {
				p.Country = strings.ToUpper(v)
			}
		default: // above, or of tables alone
		}
		return true
	})
	if p.Street == "" && address != "" {
		number, p.Street = apart(address)
	}
	if suffix != "" && number != "" {
		number += " " + suffix
	}
	if y.Type != gjson.Number || x.Type != gjson.Number {
		return f.odd(NoCoordinates, y.Raw+", "+x.Raw)
	}
	var odd Kind
	var err error
	if p.Lat, p.Lon, odd, err = placed(y.Float(), x.Float()); err != nil {
		return f.odd(odd, y.Raw+", "+x.Raw)
	}
	return accept(f.o, f.m.name, &p, number)
}
