package source

import (
	"brood/jobs/geocode/places/house"
	"math"
	"strings"
)

// mostCorners is how many points a line may have: TIGER's have some hundreds at most.
const mostCorners = 4096

// corner is a point of a line, and how far along it stands, from 0 to 1.
type corner struct{ lat, lon, along float64 }

// ranges makes points of a row that has the numbers of one side of a street, or of both.
func (t *table) ranges(p Point) error {
	at := &t.places
	wkt := t.get(at.geometry, "")
	line, odd, err := lineOf(wkt)
	if err != nil {
		return t.odd(odd, wkt[:min(len(wkt), 60)])
	}
	if p.Street == "" {
		return t.odd(NoStreet, strings.Join(t.rows.fields[:min(len(t.rows.fields), 4)], " "))
	}
	if len(p.Street) > longestName || len(p.City) > longestName || len(p.Region) > longestName || len(p.Postcode) > 20 {
		return t.odd(Malformed, "a name is too long")
	}
	if p.City == "" && p.Postcode == "" && at.leftZip == nil && at.right == nil {
		if err := t.odd(NoTown, p.Street); err != nil {
			return err
		}
	}
	if at.leftFrom == nil && at.rightFrom == nil {
		return t.side(p, t.get(at.from, ""), t.get(at.to, ""), t.get(at.parity, ""), line)
	}
	for _, side := range [...]struct{ from, to, zip []int }{{at.leftFrom, at.leftTo, at.leftZip}, {at.rightFrom, at.rightTo, at.right}} {
		from, to := t.get(side.from, ""), t.get(side.to, "")
		if from == "" && to == "" {
			continue // no houses there
		}
		q := p
		if zip := t.get(side.zip, ""); zip != "" {
			q.Postcode = zip
		}
		if err := t.side(q, from, to, "", line); err != nil {
			return err
		}
	}
	return nil
}

// side makes points of one range of numbers: its ends, and the corners between them.
func (t *table) side(p Point, from, to, parity string, line []corner) error {
	a, err := house.Parse(from)
	b, err2 := house.Parse(to)
	if err != nil || err2 != nil || a.Main == 0 || b.Main == 0 {
		return t.odd(BadNumber, from+" to "+to)
	}
	p.Anchor = true
	both := strings.EqualFold(parity, "all") || strings.EqualFold(parity, "both") || (parity == "" && (a.Main+b.Main)%2 == 1)
	if !both {
		return t.anchors(p, a.Main, b.Main, 2, line)
	}
	// Those of each kind are a range of their own: even ones, and odd ones.
	for _, first := range [...]uint32{a.Main, a.Main + 1} {
		if a.Main > b.Main {
			first = a.Main - (first - a.Main)
		}
		last := b.Main
		if (last+first)%2 == 1 {
			if last > first {
				last--
			} else {
				last++
			}
		}
		if first == 0 || (first < last) != (a.Main < b.Main) && first != last {
			continue
		}
		if err := t.anchors(p, first, last, 2, line); err != nil {
			return err
		}
	}
	return nil
}

// anchors gives the points of a range on: for each corner the number that would stand there,
// where that is another one than the last.
func (t *table) anchors(p Point, from, to uint32, step float64, line []corner) error {
	given := uint32(0)
	for i, c := range line {
		n := from
		switch {
		case i == len(line)-1:
			n = to
		case i > 0:
			steps := math.Round(c.along * (float64(to) - float64(from)) / step)
			n = uint32(int64(from) + int64(steps*step)) //nolint:gosec // between from and to
			if n == to || n == given {
				continue
			}
		}
		if n == given {
			continue
		}
		given = n
		p.Number, p.Lat, p.Lon = house.Number{Main: n}, c.lat, c.lon
		if err := t.o.Point(p); err != nil {
			return err
		}
	}
	return nil
}

// lineOf reads LINESTRING (lon lat, lon lat, …), with SRID=…; before it or not.
func lineOf(wkt string) ([]corner, Kind, error) {
	if i := strings.IndexByte(wkt, ';'); i >= 0 {
		wkt = wkt[i+1:]
	}
	wkt = strings.TrimSpace(wkt)
	const word = "LINESTRING"
	if len(wkt) < len(word) || !strings.EqualFold(wkt[:len(word)], word) {
		return nil, NoCoordinates, errCoordinates
	}
	in := strings.Trim(strings.TrimSpace(wkt[len(word):]), "()")
	var line []corner
	for pair := range strings.SplitSeq(in, ",") {
		f := strings.Fields(strings.Trim(pair, " ()"))
		if len(f) < 2 || len(line) == mostCorners {
			return nil, NoCoordinates, errCoordinates
		}
		y, x, odd, err := coordinates(f[1], f[0])
		if err != nil {
			return nil, odd, err
		}
		line = append(line, corner{lat: y, lon: x})
	}
	if len(line) < 2 {
		return nil, NoCoordinates, errCoordinates
	}
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		line[i].along = a.along + math.Hypot(b.lat-a.lat, (b.lon-a.lon)*math.Cos(a.lat*math.Pi/180))
	}
	if whole := line[len(line)-1].along; whole > 0 {
		for i := range line {
			line[i].along /= whole
		}
	}
	return line, 0, nil
}
