package judge

import (
	"brood/jobs/extsort"
	"brood/jobs/geocode/geo"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
)

// Crowd finds points on which many distinct addresses were put, as finders do with the middle of
// a town when they know no better, whatever precision they claim. A worker sees only its part of
// a run, so it is the parent that adds all results.
//
// It is exact, and says the same of the same rows whatever their order. Beyond some memory it keeps
// what it is given in a nameless file. It is not safe for concurrent use.
type Crowd struct {
	least  int
	sorter *extsort.Sorter
	err    error
}

// crowdMemory is how much a Crowd keeps in memory, in bytes: some half a million addresses.
const crowdMemory = 32 << 20

// cell is a point to the hundred-thousandth of a degree: about a metre.
type cell struct{ lat, lon int32 }

const cellsPerDegree = 1e5

func cellOf(p geo.Point) cell {
	return cell{int32(math.Round(p.Lat * cellsPerDegree)), int32(math.Round(p.Lon * cellsPerDegree))}
}

// NewCrowd returns one that takes least distinct addresses on a point for a crowd, at least two. Its file,
// if it needs one, is in dir.
func NewCrowd(dir string, least int) *Crowd {
	return &Crowd{least: max(least, 2), sorter: extsort.New(dir, crowdMemory)}
}

// counts reports whether a place is one that others should not share: one that claims to be a house or a street.
// Towns and postcodes lie on one point as they should.
func counts(p geo.Point, precision geo.Precision) bool {
	return precision >= geo.PrecisionStreet && p.Valid()
}

// Add notes that an address was put on a point. key tells addresses apart, see address.Key.
func (c *Crowd) Add(p geo.Point, precision geo.Precision, key string) error {
	if !counts(p, precision) || c.err != nil {
		return c.err
	}
	at := cellOf(p)
	var k extsort.Key
	binary.BigEndian.PutUint32(k[0:], uint32(at.lat))
	binary.BigEndian.PutUint32(k[4:], uint32(at.lon))
	h := fnv.New128a()
	_, _ = h.Write([]byte(key))
	h.Sum(k[8:8])
	if err := c.sorter.Add(k, nil); err != nil {
		c.err = fmt.Errorf("note where addresses lie: %w", err)
	}
	return c.err
}

// Points are those with a crowd. It is called once, and ends what it is called of.
func (c *Crowd) Points() (Points, error) {
	out := Points{}
	var before extsort.Key
	distinct := 0
	err := c.sorter.Each(func(k extsort.Key, _ []byte) error {
		switch {
		case distinct > 0 && k == before:
			return nil
		case distinct > 0 && [8]byte(k[:8]) == [8]byte(before[:8]):
			distinct++
		default:
			distinct = 1
		}
		before = k
		if distinct == c.least {
			out[cell{int32(binary.BigEndian.Uint32(k[0:])), int32(binary.BigEndian.Uint32(k[4:]))}] = struct{}{}
		}
		return nil
	})
	if closeErr := c.sorter.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("look where many addresses lie: %w", err)
	}
	return out, nil
}

// Points are points with a crowd.
type Points map[cell]struct{}

// Has reports whether a place is one of a crowd.
func (c Points) Has(p geo.Point, precision geo.Precision) bool {
	if !counts(p, precision) {
		return false
	}
	_, ok := c[cellOf(p)]
	return ok
}

// Spot is a point with a crowd.
type Spot struct {
	geo.Point
	// Rows is how many rows were put there.
	Rows int64
	// Precision is the finest that was claimed for one of them.
	Precision geo.Precision
}

// Spots counts the rows that are marked as crowded, by point.
type Spots struct{ all map[cell]*Spot }

// mostSpots is how many points are counted; those that come later are left out.
const mostSpots = 1 << 16

// Add counts a row.
func (s *Spots) Add(p geo.Point, precision geo.Precision) {
	at := cellOf(p)
	spot := s.all[at]
	if spot == nil {
		if len(s.all) >= mostSpots {
			return
		}
		if s.all == nil {
			s.all = map[cell]*Spot{}
		}
		spot = &Spot{Point: geo.Point{Lat: float64(at.lat) / cellsPerDegree, Lon: float64(at.lon) / cellsPerDegree}}
		s.all[at] = spot
	}
	spot.Rows++
	spot.Precision = max(spot.Precision, precision)
}

// List has the fullest first.
func (s *Spots) List() []Spot {
	out := make([]Spot, 0, len(s.all))
	for _, spot := range s.all {
		out = append(out, *spot)
	}
	slices.SortFunc(out, func(a, b Spot) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Lat, b.Lat), cmp.Compare(a.Lon, b.Lon))
	})
	return out
}
