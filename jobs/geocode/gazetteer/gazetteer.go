// Package gazetteer finds places without a network: the towns and villages of the world from 500
// inhabitants up, the postal codes of the United States, and the country that a point is in.
//
// Its data is embedded in the program, compressed (what it is of, and under which licences, is
// in LICENSE-data beside this file, and in Attribution, which must be shown where what is found
// is passed on). Whoever opens it first on a machine unpacks it into one file, the index, that all
// processes map: what they look at is in memory once. Package layout of the file: layout.go.
//
// An Index is a geo.Finder. It finds towns and postal codes, never streets: an address that
// has a street is answered by its postal code or its town, as a fallback. Its confidence is how
// well what was found agrees with what was asked, times how much larger the place is than others
// that agree as well: from 0.5 up one may take it unseen, below there is a doubt that a person or
// another provider should clear.
//
// What it leaves to others: taking an address apart beyond its town (package address), house
// numbers (package places), and judging what a place is worth (package geocode).
package gazetteer

import (
	"errors"
	"fmt"
	"runtime"
)

// Attribution is what CC-BY 4.0 asks to be said of the places and postal codes.
const Attribution = "Places and postal codes: GeoNames (geonames.org), CC BY 4.0. Outlines: Natural Earth, public domain."

// Index is the mapped file. Its methods may be called by several goroutines at the same time.
type Index struct {
	image
	side []*image // imported postal codes of other countries
}

// errDamaged is the end of a question to an index that says what cannot be.
var errDamaged = errors.New("the gazetteer's index is damaged: remove it, and it is made again")

// Close gives the mapping back. Nothing may be asked after it.
func (x *Index) Close() error {
	var errs []error
	for _, s := range x.side {
		errs = append(errs, s.unmap())
	}
	return errors.Join(append(errs, x.unmap())...)
}

// guard makes an error of what a damaged file leads to: each offset that is read out of it is
// checked, by Go, when it is used.
func guard(err *error) {
	switch r := recover().(type) {
	case nil:
	case runtime.Error:
		*err = fmt.Errorf("%w (%w)", errDamaged, r)
	default:
		panic(r)
	}
}
