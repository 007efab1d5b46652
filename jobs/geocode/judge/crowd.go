package judge

import (
	"brood/jobs/geocode/geo"
	"cmp"
	"hash/maphash"
	"math"
	"slices"
)

// Crowd finds points on which many distinct addresses were put, as finders do with the middle of
// a town when they know no better, whatever precision they claim. A worker sees only its part of
// a run, so it is the parent that adds the results to one, as they come.
//
// Its memory is bounded: of each point it keeps a few addresses until it knows that there are
// enough, and of points as many as it was allowed. When there are more, those with the fewest
// addresses are forgotten, so that a point that has more than one in Limit of all addresses is
// never lost. It is not safe for concurrent use.
type Crowd struct {
	// Least is how many distinct addresses on a point are a crowd; 2 to maxLeast.
	least int
	limit int
	seed  maphash.Seed
	spots map[cell]*spot
	lost  int64
}

// maxLeast bounds what is kept of each point.
const maxLeast = 64

// cell is a point to the hundred-thousandth of a degree: about a metre.
type cell struct{ lat, lon int32 }

const cellsPerDegree = 1e5

type spot struct {
	addresses []uint64 // hashes of distinct ones, until there are enough
	rows      int64
	precision geo.Precision
}

// Spot is a point with a crowd.
type Spot struct {
	geo.Point
	// Rows is how many rows were put there. That they are of several addresses is certain, how
	// many is not kept.
	Rows int64
	// Precision is the finest that was claimed for one of them.
	Precision geo.Precision
}

// NewCrowd returns one that takes least distinct addresses on a point for a crowd, and keeps up to
// limit points; 0 is 5, and 65,536.
func NewCrowd(least, limit int) *Crowd {
	if least <= 0 {
		least = 5
	}
	if limit <= 0 {
		limit = 1 << 16
	}
	return &Crowd{least: min(max(least, 2), maxLeast), limit: max(limit, 16), seed: maphash.MakeSeed(), spots: map[cell]*spot{}}
}

// Add notes that an address was put on a point. key tells addresses apart, see address.Key. Only
// places that claim to be a house or a street are counted: towns lie on one point as they should.
func (c *Crowd) Add(p geo.Point, precision geo.Precision, key string) {
	if precision < geo.PrecisionStreet || !p.Valid() {
		return
	}
	c.add(cellOf(p), maphash.String(c.seed, key), precision)
}

func cellOf(p geo.Point) cell {
	return cell{int32(math.Round(p.Lat * cellsPerDegree)), int32(math.Round(p.Lon * cellsPerDegree))}
}

func (c *Crowd) add(at cell, hash uint64, precision geo.Precision) {
	s := c.spots[at]
	if s == nil {
		if len(c.spots) >= c.limit {
			c.forget()
		}
		s = &spot{}
		c.spots[at] = s
	}
	s.rows++
	s.precision = max(s.precision, precision)
	if len(s.addresses) < c.least && !slices.Contains(s.addresses, hash) {
		s.addresses = append(s.addresses, hash)
	}
}

// forget drops the points with the fewest addresses: at least half of the room is free then.
func (c *Crowd) forget() {
	for least := 1; len(c.spots) > c.limit/2; least++ {
		for at, s := range c.spots {
			if len(s.addresses) <= least {
				delete(c.spots, at)
				c.lost++
			}
			if len(c.spots) <= c.limit/2 {
				return
			}
		}
	}
}

// Has reports whether there is a crowd on a point by now.
func (c *Crowd) Has(p geo.Point) bool {
	s := c.spots[cellOf(p)]
	return s != nil && len(s.addresses) >= c.least
}

// Forgotten is how many points were dropped for want of room: what Spots returns may lack some
// that were crowded by little.
func (c *Crowd) Forgotten() int64 { return c.lost }

// Spots are the points with a crowd, the fullest first.
func (c *Crowd) Spots() []Spot {
	var out []Spot
	for at, s := range c.spots {
		if len(s.addresses) >= c.least {
			out = append(out, Spot{geo.Point{Lat: float64(at.lat) / cellsPerDegree, Lon: float64(at.lon) / cellsPerDegree}, s.rows, s.precision})
		}
	}
	slices.SortFunc(out, func(a, b Spot) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Lat, b.Lat), cmp.Compare(a.Lon, b.Lon))
	})
	return out
}
