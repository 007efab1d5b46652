// Package geo is the vocabulary of geocoding: what is asked for, what is found, and who finds
// it. Where a place was found (a provider on the network, an index on the disk) does not
// show in it.
package geo

import (
	"context"
	"fmt"
	"math"
	"strings"
)

// Point is a place on the earth: WGS 84, in degrees, north and east positive.
type Point struct{ Lat, Lon float64 }

// Valid reports whether there can be such a point.
func (p Point) Valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180 // also false of what is no number
}

// earthMetres is the mean radius of the earth (IUGG), in metres.
const earthMetres = 6371008.8

// Metres is the distance between two points on a sphere, by the haversine formula: at most
// 0.6 % off the one on the ellipsoid.
func (p Point) Metres(q Point) float64 {
	const radian = math.Pi / 180
	sinLat := math.Sin((q.Lat - p.Lat) * radian / 2)
	sinLon := math.Sin((q.Lon - p.Lon) * radian / 2)
	h := sinLat*sinLat + math.Cos(p.Lat*radian)*math.Cos(q.Lat*radian)*sinLon*sinLon
	return 2 * earthMetres * math.Asin(math.Sqrt(min(h, 1)))
}

// Box is a part of the earth between two parallels and two meridians, in degrees. One whose
// West is more than its East goes over the meridian of 180 degrees.
type Box struct{ West, South, East, North float64 }

// Has reports whether a point is within the box.
func (b Box) Has(p Point) bool {
	if p.Lat < b.South || p.Lat > b.North {
		return false
	}
	if b.West > b.East {
		return p.Lon >= b.West || p.Lon <= b.East
	}
	return p.Lon >= b.West && p.Lon <= b.East
}

// Precision is how finely a point stands for what was asked, from nothing to a house.
type Precision uint8

// The precisions.
const (
	PrecisionNone     Precision = iota
	PrecisionRegion             // a country, state or county
	PrecisionCity               // a city, town, village, or a part of one
	PrecisionPostcode           // the area of a postal code
	PrecisionStreet             // a street, without knowing where on it
	PrecisionRooftop            // the house, or its place between two others of the street
)

var precisionNames = [...]string{"", "region", "city", "postcode", "street", "rooftop"}

func (p Precision) String() string { return precisionNames[p] }

// ParsePrecision is the reverse of String.
func ParsePrecision(s string) (Precision, error) {
	for i, name := range precisionNames {
		if i > 0 && name == s {
			return Precision(i), nil //nolint:gosec // there are six
		}
	}
	return 0, fmt.Errorf("there is no precision %q; there are %s", s, strings.Join(precisionNames[1:], ", "))
}

// Match is how a place was come to.
type Match uint8

// The ways.
const (
	MatchNone         Match = iota
	MatchFallback           // with less than was asked for: the street without the house, say
	MatchInterpolated       // the house lies between two that are known
	MatchExact
)

var matchNames = [...]string{"none", "fallback", "interpolated", "exact"}

func (m Match) String() string { return matchNames[m] }

// Level is what kind of place is asked for.
type Level uint8

// The levels. The zero Level is an address, or whatever of it the row has.
const (
	LevelAddress Level = iota
	LevelCity
	LevelPostcode
)

var levelNames = [...]string{"address", "city", "postcode"}

func (l Level) String() string { return levelNames[l] }

// ParseLevel is the reverse of String.
func ParseLevel(s string) (Level, error) {
	for i, name := range levelNames {
		if name == s {
			return Level(i), nil //nolint:gosec // there are three
		}
	}
	return 0, fmt.Errorf("there is no level %q; there are %s", s, strings.Join(levelNames[:], ", "))
}

// Address is what is asked for, in parts as far as they are known. Texts are as in the row,
// trimmed, in NFC.
type Address struct {
	// Line is the address on one line, if it stood in one column. Where it is set the
	// parts are what could be read out of it with some certainty, and may all be empty.
	Line string
	// Number is the house number, Street the name of the street with its kind (Main St, Rue de
	// Loos, Hauptstraße), Unit what is within the house (Apt 4, #225, c/o Miller, 3rd floor).
	Number, Street, Unit string
	// City is the town; District a part of it, County and State what it lies in.
	City, District, County, State, Postcode string
	// Country is the country as it stood there, CountryCode its code of ISO 3166-1, two
	// capitals, if that is known.
	Country, CountryCode string
	// POBox is the number of a box at a post office, which stands in no street.
	POBox string
}

// Query is one question.
type Query struct {
	Address
	// Reverse says that Point is known, and what stands there is asked for.
	Reverse bool
	Point   Point
	Level   Level
	// Countries bound the answers: codes of ISO 3166-1, two capitals; none: the world.
	Countries []string
	Box       *Box   // bounds the answers
	Near      *Point // weighs them: the nearer the better
	Language  string // of the answer, BCP 47; empty: the provider's own
	// Limit is how many answers are wanted at most; 0 is a few.
	Limit int
	// MaxMetres is how far from Point what is found may be; 0: as far as the finder likes.
	MaxMetres float64
}

// Place is one answer.
type Place struct {
	Point
	Formatted                                string // all on one line
	Number, Road, City, County, State        string
	Postcode, Country, CountryCode, ID, Kind string
	Match                                    Match
	Precision                                Precision
	// Confidence is how certain the finder is, from 0 to 1, in its own measure, which compares
	// with no other's; negative if it does not say.
	Confidence float64
	// Metres is the distance from the point that was asked for, of Query.Reverse.
	Metres float64
	// Population is how many people live there; 0 if that is not known.
	Population int64
	// Names are other names of the city, by which it may have been asked for.
	Names []string
	// Raw is the finder's own answer that this was read from, or nil.
	Raw []byte
}

// Finder finds places. Its methods may be called at the same time from several goroutines,
// unless it says otherwise.
type Finder interface {
	// Find returns the places that answer q, the best first; none, without an error, if there
	// are none. An error says that nobody knows: the disk cannot be read, or the network.
	Find(ctx context.Context, q *Query) ([]Place, error)
}
