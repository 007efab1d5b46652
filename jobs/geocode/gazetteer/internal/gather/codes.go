package main

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
)

// code is a row of GeoNames' postal file of the United States.
type code struct {
	code, place, state, county, countyName string
	lat, lon                               int
}

func readCodes(path string) ([]code, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var codes []code
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		row := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if len(row) != 12 {
			return nil, fmt.Errorf("%s:%d: %d columns, want 12", path, n, len(row))
		}
		c := code{code: row[1], place: row[2], state: row[4], county: row[6], countyName: row[5]}
		if c.state == "" { // the armed forces: "APO AE"
			if place, state, ok := strings.Cut(c.place, " "); ok && len(state) == 2 {
				c.place, c.state = place, state
			}
		}
		if c.lat, err = degrees(row[9]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if c.lon, err = degrees(row[10]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		codes = append(codes, c)
	}
	slices.SortStableFunc(codes, func(a, b code) int { return strings.Compare(a.code, b.code) })
	codes = slices.CompactFunc(codes, func(a, b code) bool { return a.code == b.code })
	return codes, nil
}

func codeSections(codes []code) []bundle.Section {
	var text bytes.Buffer
	var points []byte
	var last code
	for _, c := range codes {
		textLines(&text, c.code, c.place, c.state, c.county)
		points = binary.AppendVarint(points, int64(c.lat-last.lat))
		points = binary.AppendVarint(points, int64(c.lon-last.lon))
		last = c
	}
	return []bundle.Section{{Name: bundle.Codes, Data: text.Bytes()}, {Name: bundle.CodePoint, Data: points}}
}

// postTowns are the towns that the post names and that are, by that name and in that state, no
// places of GeoNames. Their point is the middle one of their codes.
func postTowns(places []*place, codes []code) []*place {
	known := map[string]bool{}
	for _, p := range places {
		if p.country == "US" {
			for _, key := range append(fold.Variants(p.name), p.keys...) {
				known[p.region+" "+key] = true
			}
		}
	}
	towns := map[string][]code{}
	var order []string
	for _, c := range codes {
		key := c.state + " " + fold.String(c.place)
		if known[key] || c.place == "APO" || c.place == "FPO" || c.place == "DPO" || c.state == "" {
			continue
		}
		if towns[key] == nil {
			order = append(order, key)
		}
		towns[key] = append(towns[key], c)
	}
	kind := byte(slices.Index(bundle.KindCodes, bundle.PostTown)) //nolint:gosec // a dozen
	var found []*place
	for _, key := range order {
		town := towns[key]
		slices.SortFunc(town, func(a, b code) int { return a.lat - b.lat })
		c := town[len(town)/2]
		found = append(found, &place{name: c.place, country: "US", region: c.state, district: c.county, lat: c.lat, lon: c.lon, kind: kind})
	}
	return found
}
