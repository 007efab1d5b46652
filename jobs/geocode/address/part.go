// Package address reads the address that a row has, in one column or in several, or the point,
// if that is what stands there. It finds out from the header which column holds what, takes off
// what no map knows (units, floors, boxes at a post office, "c/o"), and says by which text two
// rows share one lookup, and how to ask again with less.
//
// It promises to invent nothing: each text of what it reads stands in the row, but for codes
// of countries and spaces in postcodes. It asks nobody, opens no file, and needs no locale.
// What it is not certain of it leaves in the line as it is: to find an address is for the
// finder, and to compare what was found with what was asked for is for package judge.
package address

import "fmt"

// Part is a part of an address, as a column may hold it.
type Part uint8

// The parts.
const (
	Whole    Part = iota // the address on one line
	Street               // with its number or without
	Number               // of the house
	Unit                 // what is within the house, or beside it
	City                 //
	District             // a part of a city
	County               //
	State                //
	Postcode             //
	Country              // its name or code
	Lat                  //
	Lon                  //
	ID                   // of the row
	Name                 // of who or what is there
	partCount
)

var partNames = [partCount]string{"address", "street", "number", "unit", "city", "district", "county", "state", "postcode", "country", "lat", "lon", "id", "name"}

func (p Part) String() string { return partNames[p] }

// Parts are all parts that a flag names a column for.
func Parts() []Part {
	return []Part{Whole, Street, Number, Unit, City, District, County, State, Postcode, Country, Lat, Lon}
}

// Flag is the name of the flag that says which column holds the part. --country bounds the
// answers, and --state is where runs are kept, so these two have longer ones.
func (p Part) Flag() string {
	if p == Country || p == State {
		return "--" + p.String() + "-column"
	}
	return "--" + p.String()
}

// ParsePart is the reverse of String.
func ParsePart(s string) (Part, error) {
	for i, name := range partNames {
		if name == s {
			return Part(i), nil //nolint:gosec // there are few
		}
	}
	return 0, fmt.Errorf("there is no part %q of an address", s)
}

// Kind is what kind of thing stands in the row.
type Kind uint8

// The kinds.
const (
	Nothing     Kind = iota // no address at all, or a word for that: nobody need be asked
	Address                 // one that can be asked for
	POBox                   // a box at a post office: what is found is the area of its postcode, at best
	Coordinates             // a point
)

var kindNames = [...]string{"nothing", "address", "po_box", "coordinates"}

func (k Kind) String() string { return kindNames[k] }
