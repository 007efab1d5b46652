package address

import (
	"brood/jobs/fold"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

var update = flag.Bool("update", false, "write the golden files anew")

// alsoCalled are names that CLDR lacks, of today and of lists that are older.
var alsoCalled = map[string]string{
	"usa": "US", "u s a": "US", "u s": "US", "united states of america": "US", "america": "US", "the united states": "US", "estados unidos de america": "US", "ee uu": "US", "eeuu": "US", "eua": "US", "etats unis d amerique": "US", "vereinigte staaten von amerika": "US", "stati uniti d america": "US", "stany zjednoczone ameryki": "US", "verenigde staten van amerika": "US", "estados unidos da america": "US",
	"england": "GB", "great britain": "GB", "britain": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "u k": "GB", "grossbritannien": "GB", "england uk": "GB", "grande bretagne": "GB", "angleterre": "GB", "gran bretagna": "GB", "gran bretana": "GB", "inghilterra": "GB", "inglaterra": "GB", "wielka brytania": "GB", "anglia": "GB", "engeland": "GB", "groot brittannie": "GB", "ecosse": "GB", "schottland": "GB", "united kingdom of great britain and northern ireland": "GB",
	"holland": "NL", "the netherlands": "NL", "nederland": "NL", "hollande": "NL", "holanda": "NL", "olanda": "NL", "holandia": "NL",
	"brd": "DE", "bundesrepublik deutschland": "DE", "federal republic of germany": "DE", "rfa": "DE",
	"bosnia": "BA", "bosnien": "BA", "czech republic": "CZ", "tschechische republik": "CZ", "republique tcheque": "CZ", "republica checa": "CZ", "repubblica ceca": "CZ", "tschechei": "CZ", "ceska republika": "CZ", "slovak republic": "SK",
	"macedonia": "MK", "mazedonien": "MK", "macedoine": "MK", "fyrom": "MK", "north macedonia": "MK", "eswatini": "SZ", "swaziland": "SZ", "turkiye": "TR", "turkey": "TR", "tuerkei": "TR", "cabo verde": "CV", "cape verde": "CV",
	"russia": "RU", "russian federation": "RU", "russische foderation": "RU", "ussr": "RU", "federation de russie": "RU", "south korea": "KR", "korea": "KR", "republic of korea": "KR", "korea republic of": "KR", "north korea": "KP", "china": "CN", "pr china": "CN", "p r china": "CN", "people s republic of china": "CN", "peoples republic of china": "CN", "prc": "CN", "hong kong": "HK", "hongkong": "HK", "macau": "MO", "macao": "MO",
	"ivory coast": "CI", "burma": "MM", "congo": "CG", "dr congo": "CD", "drc": "CD", "democratic republic of the congo": "CD", "republic of the congo": "CG", "zaire": "CD", "viet nam": "VN", "syria": "SY", "syrian arab republic": "SY", "iran": "IR", "iran islamic republic of": "IR", "islamic republic of iran": "IR", "laos": "LA", "moldova": "MD", "republic of moldova": "MD", "tanzania": "TZ", "united republic of tanzania": "TZ", "brunei": "BN", "palestine": "PS", "state of palestine": "PS", "taiwan": "TW", "taiwan roc": "TW", "bolivia": "BO", "venezuela": "VE", "vatican": "VA", "holy see": "VA", "uae": "AE", "u a e": "AE", "vae": "AE", "ksa": "SA", "republic of ireland": "IE", "eire": "IE", "irish republic": "IE", "republic of south africa": "ZA", "rsa": "ZA", "east timor": "TL", "kosovo": "XK", "trinidad": "TT", "timor leste": "TL",
	"schweiz": "CH", "suisse": "CH", "svizzera": "CH", "svizra": "CH", "helvetia": "CH", "confoederatio helvetica": "CH", "espana": "ES", "espanya": "ES", "polska": "PL", "oesterreich": "AT", "brasil": "BR", "mexico": "MX", "mejico": "MX", "mexiko": "MX", "belgie": "BE", "belgique": "BE", "belgien": "BE", "sverige": "SE", "norge": "NO", "danmark": "DK", "suomi": "FI", "ellada": "GR", "hellas": "GR", "magyarorszag": "HU", "hrvatska": "HR", "slovensko": "SK", "cesko": "CZ", "srbija": "RS", "romania": "RO", "lietuva": "LT", "latvija": "LV", "eesti": "EE", "island": "IS", "ukraina": "UA", "rossiya": "RU", "nippon": "JP", "bharat": "IN",
}

// alpha3 are the codes of three letters; those of Go's own table are asked of language.Region.
func countryNames() map[string]string {
	languages := []*display.Dictionary{display.English, display.German, display.French, display.Spanish, display.Italian, display.Portuguese, display.Dutch, display.Polish, display.Swedish, display.Danish, display.Norwegian, display.Finnish, display.Czech, display.Hungarian, display.Romanian, display.Turkish, display.Russian, display.Ukrainian}
	names := map[string]string{}
	clash := map[string]bool{}
	for code := range strings.FieldsSeq(codes) {
		region := language.MustParseRegion(code)
		if iso3 := region.ISO3(); iso3 != "ZZZ" {
			names[strings.ToLower(iso3)] = code
		}
	}
	for code := range strings.FieldsSeq(codes) {
		region := language.MustParseRegion(code)
		for _, d := range languages {
			for _, name := range fold.Variants(d.Regions().Name(region)) {
				if other, ok := names[name]; ok && other != code {
					clash[name] = true
				}
				names[name] = code
			}
		}
	}
	for name := range clash {
		delete(names, name)
	}
	for name, code := range alsoCalled {
		names[name] = code
	}
	for name := range names {
		if len(name) < 3 { // codes of two letters are looked up elsewhere
			delete(names, name)
		}
	}
	return names
}

// TestCountries holds the embedded names equal to what they are made from.
func TestCountries(t *testing.T) {
	names := countryNames()
	lines := make([]string, 0, len(names))
	for name, code := range names {
		lines = append(lines, name+"\t"+code+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int {
		x, _, _ := strings.Cut(a, "\t")
		y, _, _ := strings.Cut(b, "\t")
		return strings.Compare(x, y)
	})
	text := strings.Join(lines, "")
	if *update {
		if err := os.WriteFile("countries.txt", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != countriesText {
		t.Error("countries.txt is not what the names make: run with -update")
	}
	if !isSorted(countriesText) {
		t.Error("the names are not sorted")
	}
	for name, code := range names {
		if got := CountryCode(name); got != code {
			t.Errorf("%q: %q, want %q", name, got, code)
		}
	}
}
