package invoice

import (
	_ "embed" // the names
	"slices"
	"strings"
)

// countryNames has a line for each country: its code, and its name in each language in the order of Languages, between tabs. It is searched
// as it is: a process that writes no invoice pays nothing for it.
//
//go:embed countries.txt
var countryNames string

// country is what a country is called on a document in the language. What is no code of one stays what it is, in capitals.
func (l Language) country(code string) string {
	code = strings.ToUpper(clean(code))
	if len(code) != 2 {
		return code
	}
	_, line, found := strings.Cut(countryNames, "\n"+code+"\t")
	if !found {
		return code
	}
	line, _, _ = strings.Cut(line, "\n")
	names := strings.Split(line, "\t")
	return names[slices.Index(Languages(), LanguageOf(string(l)))]
}
