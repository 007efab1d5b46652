// Package source reads files of address points: of OpenAddresses (CSV, and GeoJSON with a
// feature on each line), BAN (France), G-NAF (Australia), ranges of house numbers as of the US
// Census (TIGER, in the CSV that Nominatim reads, and in that of ADDRFEAT), and any other CSV
// whose columns have usual names, or are named in a column map. Packed with gzip, zstd or zip, or not
// at all; in UTF-8, UTF-16 or Windows-1252.
//
// Columns are found by their names and never by where they stand, as BAN's have moved before.
// What a row cannot be is told with file and line, and the next row is read: a damaged row
// costs one row. Only a file that cannot be read at all, or has no points in it, is an error.
// Memory does not grow with the file.
//
// What becomes of the points, and which of them are there twice, is left to others.
package source

import (
	"brood/jobs/geocode/places/house"
	"context"
	"fmt"
)

// Point is one address, or an end of a range of numbers.
type Point struct {
	Number                                           house.Number
	Street, City, District, County, Region, Postcode string
	// Country is a code of ISO 3166-1, two capitals, or empty.
	Country  string
	Lat, Lon float64
	// Unit says that the row is of something within the house: that many rows have one number is
	// no mistake then.
	Unit bool
	// Anchor says that no house is known here: it is where the numbers of a range begin, turn a
	// corner, or end.
	Anchor bool
	Line   int
}

// Kind is what is odd about a row.
type Kind uint8

// The kinds.
const (
	Malformed       Kind = iota // not a row, or not a feature
	NoCoordinates               // none, or no figures
	NullIsland                  // 0, 0
	OutOfRange                  // no place on earth: projected ones, maybe
	Swapped                     // the one stands where the other belongs
	NoStreet                    // neither street nor town to look it up by
	VillageAsStreet             // no street: the town, or a part of it, stands for it
	StreetInNumber              // the column of the number has words
	BadNumber                   // no house number
	NoNumber                    // the row is of the street as a whole
	NoTown                      // neither town nor postcode
	NotUTF8                     // read as Windows-1252
	Duplicate                   // there already, at the same place
	SeveralPoints               // one address at several places
	Kinds                       // how many there are
)

var kindNames = [...]string{
	"malformed row", "no coordinates", "0,0", "coordinates out of range", "coordinates swapped", "no street", "no street: the town is taken for it",
	"street in the number column", "not a house number", "no number: taken for the street", "neither town nor postcode", "not UTF-8: read as Windows-1252", "duplicate", "several points for one address",
}

func (k Kind) String() string { return kindNames[k] }

// Taken reports whether what is odd in this way is in the index all the same.
func (k Kind) Taken() bool {
	switch k {
	case VillageAsStreet, NoNumber, NoTown, NotUTF8, SeveralPoints:
		return true
	default:
		return false
	}
}

// Oddity is a row that something is odd about.
type Oddity struct {
	Kind Kind
	File string
	Line int
	Text string // what of the row shows it
}

// Options say how files are read.
type Options struct {
	// Columns say what stands in which column; nil: their names tell.
	Columns Columns
	// Country is that of rows that do not say theirs, a code of ISO 3166-1.
	Country string
	// Said is told of each file, before its points, what it was taken for.
	Said func(What) error
	// Point gets the addresses. It may keep them.
	Point func(Point) error
	// Odd is told what is odd.
	Odd func(Oddity) error
}

// Read reads one file, or all of an archive. File is what it is called where it is told of.
func Read(ctx context.Context, path string, o *Options) error {
	err := eachMember(path, func(m *member) error {
		if m.json {
			return readFeatures(ctx, m, o)
		}
		return readTable(ctx, m, o)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// What is what a file was taken for.
type What struct {
	File   string
	Format Format
	// Columns are where the parts were found, as of --columns; empty of GeoJSON.
	Columns string
	Country string
}

// Format is a form of files.
type Format string

// The forms.
const (
	OpenAddresses Format = "OpenAddresses"
	GeoJSON       Format = "GeoJSON"
	BAN           Format = "BAN"
	GNAF          Format = "G-NAF"
	Ranges        Format = "ranges of numbers"
	CSV           Format = "CSV"
)

// country is where the addresses of a form are, if they are of one country.
func (f Format) country() string {
	switch f {
	case BAN:
		return "FR"
	case GNAF:
		return "AU"
	case Ranges:
		return "US"
	default:
		return ""
	}
}
