package geotest

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Cities is a geo.Finder of towns, and of any house in them: where a question has a street and a
// town that it knows, there is that house, at a point that follows from its name, within three
// kilometres of the town's. So each address has one place, the same each time, and hardly two share
// it. Postal codes and states it takes as they are given.
type Cities struct {
	all    []city
	byName map[string][]int // by folded name: the most populous first
}

type city struct {
	id, name, country string
	geo.Point
	population int64
}

// ReadCities reads a table in CSV with the columns id, name, country, latitude, longitude and
// population.
func ReadCities(r io.Reader) (*Cities, error) {
	rows := csv.NewReader(r)
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("read the towns: %w", err)
	}
	at := map[string]int{}
	for i, name := range head {
		at[name] = i
	}
	for _, name := range []string{"id", "name", "country", "latitude", "longitude", "population"} {
		if _, ok := at[name]; !ok {
			return nil, fmt.Errorf("the towns have no column %s", name)
		}
	}
	c := &Cities{byName: map[string][]int{}}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the towns: %w", err)
		}
		lat, errLat := strconv.ParseFloat(row[at["latitude"]], 64)
		lon, errLon := strconv.ParseFloat(row[at["longitude"]], 64)
		people, errPeople := strconv.ParseInt(row[at["population"]], 10, 64)
		if err := errors.Join(errLat, errLon, errPeople); err != nil {
			return nil, fmt.Errorf("a town of the table: %w", err)
		}
		c.all = append(c.all, city{row[at["id"]], row[at["name"]], row[at["country"]], geo.Point{Lat: lat, Lon: lon}, people})
	}
	slices.SortStableFunc(c.all, func(a, b city) int { return cmp.Compare(b.population, a.population) })
	for i := range c.all {
		name := fold.String(c.all[i].name)
		c.byName[name] = append(c.byName[name], i)
	}
	return c, nil
}

// Find finds the town, and the house in it.
func (c *Cities) Find(_ context.Context, q *geo.Query) ([]geo.Place, error) {
	if q.Reverse {
		return c.reverse(q), nil
	}
	asked := q.Address
	if q.Line != "" {
		asked = c.parse(q.Line)
	}
	var places []geo.Place
	for _, i := range c.byName[fold.String(asked.City)] {
		town := &c.all[i]
		if asked.CountryCode != "" && asked.CountryCode != town.country || len(q.Countries) > 0 && !slices.Contains(q.Countries, town.country) {
			continue
		}
		p := town.place()
		if asked.Street != "" && q.Level == geo.LevelAddress {
			p = town.house(&asked)
		}
		if q.Box != nil && !q.Box.Has(p.Point) {
			continue
		}
		places = append(places, p)
	}
	return places, nil
}

func (t *city) place() geo.Place {
	return geo.Place{
		Point: t.Point, Formatted: t.name + ", " + t.country, City: t.name, Country: t.country, CountryCode: t.country, ID: t.id, Kind: "city",
		Match: geo.MatchExact, Precision: geo.PrecisionCity, Confidence: 1, Population: t.population,
	}
}

// house is a house of a street, or the street.
func (t *city) house(a *geo.Address) geo.Place {
	h := fnv.New64a()
	_, _ = h.Write([]byte(fold.String(a.Number) + "|" + fold.String(a.Street) + "|" + t.id))
	sum := h.Sum64()
	const reach = 0.02 // degrees: some two kilometres
	p := t.place()
	p.Lat += (float64(sum&0xffffff)/0xffffff*2 - 1) * reach
	p.Lon += (float64(sum>>24&0xffffff)/0xffffff*2 - 1) * reach
	p.Number, p.Road, p.State, p.ID = a.Number, a.Street, a.State, fmt.Sprint(sum>>12)
	if p.Postcode = a.Postcode; p.Postcode == "" {
		p.Postcode = fmt.Sprintf("%05d", sum%100000)
	}
	p.Kind, p.Precision = "house", geo.PrecisionRooftop
	if a.Number == "" {
		p.Kind, p.Precision = "street", geo.PrecisionStreet
	}
	p.Formatted = strings.TrimSpace(a.Number+" "+a.Street) + ", " + p.Postcode + " " + t.name + ", " + t.country
	return p
}

// parse takes a line apart: 12 Main St, 10115 Berlin, DE. Which part is the town is told by the table.
func (c *Cities) parse(line string) (a geo.Address) {
	parts := strings.Split(line, ",")
	for i := len(parts) - 1; i >= 0; i-- {
		part := strings.TrimSpace(parts[i])
		switch {
		case a.City == "" && len(part) == 2 && strings.ToUpper(part) == part:
			a.CountryCode = part
		case a.City == "":
			name, code := withoutCode(part)
			if c.byName[fold.String(name)] != nil {
				a.City, a.Postcode = name, code
			}
		case a.Street == "":
			a.Number, a.Street = splitNumber(part)
		}
	}
	return a
}

// withoutCode cuts a postal code off, before or behind.
func withoutCode(s string) (name, code string) {
	words := strings.Fields(s)
	if n := len(words); n > 1 && digits(words[0]) {
		code, words = words[0], words[1:]
	} else if n > 1 && digits(words[n-1]) {
		code, words = words[n-1], words[:n-1]
	}
	return strings.Join(words, " "), code
}

func digits(s string) bool { return strings.Trim(s, "0123456789-") == "" }

// splitNumber parts the number of a house from its street.
func splitNumber(s string) (number, street string) {
	words := strings.Fields(s)
	if len(words) < 2 {
		return "", s
	}
	if first := words[0]; first[0] >= '0' && first[0] <= '9' {
		return first, strings.Join(words[1:], " ")
	}
	if last := words[len(words)-1]; last[0] >= '0' && last[0] <= '9' {
		return last, strings.Join(words[:len(words)-1], " ")
	}
	return "", s
}

// farthest is how far a town may be from a point that lies in it.
const farthest = 50_000

func (c *Cities) reverse(q *geo.Query) []geo.Place {
	best, metres := -1, float64(farthest)
	for i := range c.all {
		if d := q.Point.Metres(c.all[i].Point); d < metres {
			best, metres = i, d
		}
	}
	if best < 0 {
		return nil
	}
	p := c.all[best].place()
	p.Metres = metres
	return []geo.Place{p}
}
