package main

import (
	"brood/jobs/fold"
	"bytes"
	"maps"
	"slices"
	"strconv"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// asked are the languages in which a country may be written.
var asked = []string{
	"en", "de", "fr", "es", "it", "pt", "nl", "pl", "da", "sv", "nb", "fi", "cs", "sk", "sl", "hr", "hu", "ro", "bg", "el", "tr", "ru", "uk", "et", "lv", "lt", "ca", "ja", "zh", "ko", "ar", "he",
}

// usual are names that CLDR does not give.
var usual = map[string][]string{
	"US": {"USA", "U.S.", "U.S.A.", "United States of America", "America", "Vereinigte Staaten von Amerika", "EEUU", "EE. UU.", "Stati Uniti d'America"},
	"GB": {"UK", "U.K.", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland", "Großbritannien", "Grande-Bretagne", "Schottland", "Gran Bretaña", "Inglaterra", "Angleterre"},
	"NL": {"Holland", "The Netherlands", "Hollande"},
	"CZ": {"Czech Republic", "Tschechische Republik", "Česká republika", "République tchèque"},
	"DE": {"BRD", "Federal Republic of Germany", "Bundesrepublik Deutschland"},
	"RU": {"Russian Federation", "Российская Федерация"},
	"KR": {"Korea", "Republic of Korea"},
	"CI": {"Ivory Coast"},
	"MK": {"Macedonia"},
	"SZ": {"Swaziland"},
	"MM": {"Burma"},
	"TR": {"Turkey", "Türkiye"},
	"IE": {"Republic of Ireland", "Eire", "Éire"},
	"CN": {"PR China", "People's Republic of China", "P.R. China"},
	"AE": {"UAE", "U.A.E."},
	"VN": {"Viet Nam"},
	"CH": {"Confoederatio Helvetica", "Swiss"},
	"VA": {"Holy See", "Vatican"},
	"CD": {"Democratic Republic of the Congo", "DR Congo", "DRC"},
	"CG": {"Republic of the Congo", "Congo"},
	"CV": {"Cabo Verde"},
	"SY": {"Syrian Arab Republic"},
	"IR": {"Islamic Republic of Iran"},
	"LA": {"Lao PDR"},
	"BO": {"Plurinational State of Bolivia"},
	"VE": {"Bolivarian Republic of Venezuela"},
	"TZ": {"United Republic of Tanzania"},
	"MD": {"Republic of Moldova"},
	"TW": {"Taiwan"},
	"HK": {"Hong Kong", "Hongkong"},
	"MO": {"Macau", "Macao"},
}

// countryLines are those of all countries that have a place or an outline.
func countryLines(places []*place, w *world) []byte {
	middles := map[string][2]int{}
	sums := map[string][3]int{}
	for _, p := range places {
		s := sums[p.country]
		sums[p.country] = [3]int{s[0] + p.lat, s[1] + p.lon, s[2] + 1}
	}
	for country, s := range sums {
		middles[country] = [2]int{s[0] / s[2], s[1] / s[2]}
	}
	maps.Copy(middles, w.middles())
	delete(middles, "")
	var namers []display.Namer
	for _, tag := range asked {
		namers = append(namers, display.Regions(language.MustParse(tag)))
	}
	var out bytes.Buffer
	for _, country := range slices.Sorted(maps.Keys(middles)) {
		at := middles[country]
		names := countryNames(country, namers)
		textLines(&out, append([]string{country, strconv.Itoa(at[0]), strconv.Itoa(at[1]), names[0]}, folded(append(names, country))...)...)
	}
	return out.Bytes()
}

// folded are the keys that names are looked up by, each once.
func folded(names []string) []string {
	var keys []string
	for _, name := range names {
		for _, key := range fold.Variants(name) {
			if key != "" && len(key) < 256 && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// countryNames are the English name, then the code of three letters, then the others.
func countryNames(country string, namers []display.Namer) []string {
	region, err := language.ParseRegion(country)
	if err != nil {
		return []string{country}
	}
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, namer := range namers {
		add(namer.Name(region))
		if len(names) == 1 {
			add(region.ISO3())
		}
	}
	for _, name := range usual[country] {
		add(name)
	}
	return names
}
