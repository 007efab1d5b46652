package address

import (
	_ "embed"
	"sort"
	"strings"
)

// countriesText has a line for each name of a country, folded, a tab, and its code of ISO
// 3166-1; sorted, so that it is searched as it lies there and nobody pays for a map. The names
// are those of CLDR in 18 languages (Unicode License v3), as golang.org/x/text has them, with
// the short and former names that lists have. TestCountries makes it, with -update.
//
//go:embed countries.txt
var countriesText string

// CountryCode returns the code, two capitals of ISO 3166-1, of a country's name in one of many
// languages, or of its code of two or three letters; "" if there is no such.
func CountryCode(word string) string {
	if len(word) < 2 || len(word) > 100 || hasDigit(word) {
		return ""
	}
	word = trimMarks(strings.TrimSpace(word))
	var room [128]byte
	b := appendFolded(room[:0], word)
	if len(b) == 2 && b[0] < 0x80 {
		return twoLetters(b)
	}
	return lookUp(countriesText, b)
}

// twoLetters is CountryCode of two letters: a code that is in use, or UK.
func twoLetters(b []byte) string {
	code := [2]byte{b[0] &^ 0x20, b[1] &^ 0x20}
	if string(code[:]) == "UK" {
		return "GB"
	}
	for i := 0; i+2 <= len(codes); i += 3 {
		if codes[i] == code[0] && codes[i+1] == code[1] {
			return codes[i : i+2]
		}
	}
	return ""
}

// codes are those of ISO 3166-1 that are assigned, and XK, which is used for Kosovo.
const codes = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW "

// lookUp finds the line of a sorted text whose first field is key, and returns its second.
func lookUp(text string, key []byte) string {
	lo, hi := 0, len(text) // of lines that begin within
	for lo < hi {
		mid := (lo + hi) / 2
		from := strings.LastIndexByte(text[:mid], '\n') + 1
		if from < lo {
			from = lo
		}
		end := from + strings.IndexByte(text[from:], '\n')
		line := text[from:end]
		tab := strings.IndexByte(line, '\t')
		switch name := line[:tab]; {
		case name == string(key):
			return line[tab+1:]
		case name < string(key):
			lo = end + 1
		default:
			hi = from
		}
	}
	return ""
}

// numberFirst reports whether the house number is written before the street in a country.
// Canada's French and Belgium's French speakers write both ways, which is seen at the row.
func numberFirst(country string) bool {
	switch country {
	case "US", "CA", "GB", "IE", "AU", "NZ", "FR", "LU", "MC", "IN", "ZA", "SG", "MY", "PH", "HK", "KE", "NG", "GH", "JM", "TT", "BB", "BS", "PK", "LK", "BD", "PR", "GU", "VI", "JE", "GG", "IM", "RE", "GP", "MQ", "GF", "NC", "PF", "YT", "TH", "EG", "MT", "UG", "ZM", "ZW", "MA", "TN", "DZ", "SN", "CI", "CM":
		return true
	}
	return false
}

// numberLast reports whether it is written behind.
func numberLast(country string) bool {
	switch country {
	case "DE", "AT", "CH", "LI", "NL", "BE", "IT", "SM", "VA", "ES", "AD", "PT", "PL", "CZ", "SK", "HU", "SI", "HR", "RS", "BA", "ME", "MK", "RO", "BG", "GR", "CY", "TR", "SE", "NO", "DK", "FI", "IS", "EE", "LV", "LT", "RU", "UA", "BY", "BR", "MX", "AR", "CL", "CO", "PE", "EC", "UY", "PY", "BO", "VE", "CR", "GT", "IL", "ID", "AL", "XK":
		return true
	}
	return false
}

// isSorted reports whether the embedded text can be searched; for its test.
func isSorted(text string) bool {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return sort.SliceIsSorted(lines, func(i, j int) bool {
		a, _, _ := strings.Cut(lines[i], "\t")
		b, _, _ := strings.Cut(lines[j], "\t")
		return a < b
	})
}
