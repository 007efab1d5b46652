package email

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// locale is how a language writes numbers and amounts, as Unicode's CLDR has it.
type locale struct {
	decimal, group string
	before         bool // the currency stands before the number
	gap            bool // with a space between
	// least is how many digits there must be before the first group: 1234 and 12.345.
	least int
}

const (
	noBreak = "\u00a0"
	narrow  = "\u202f"
)

// locales are by language, or language and region, in small letters.
var locales = sync.OnceValue(func() map[string]locale {
	out := make(map[string]locale)
	add := func(l locale, langs string) {
		for _, lang := range strings.Fields(langs) {
			out[lang] = l
		}
	}
	add(locale{".", ",", true, false, 1}, "en ja zh ko he th")
	add(locale{",", ".", false, true, 1}, "de it da el hr ro sl sr id")
	add(locale{",", ".", false, true, 2}, "es")
	add(locale{",", ".", true, true, 1}, "de-at nl pt-br nl-be")
	add(locale{",", ".", true, false, 1}, "tr")
	add(locale{".", "’", true, true, 1}, "de-ch it-ch de-li")
	add(locale{",", narrow, false, true, 1}, "fr fr-ca fr-ch")
	add(locale{",", noBreak, false, true, 1}, "cs sk sv nb no nn fi hu ru uk lt lv et")
	add(locale{",", noBreak, false, true, 2}, "pl pt bg")
	return out
})

// localeOf finds the locale of a language, or of a wider one: de for de-DE.
func localeOf(lang string) (locale, bool) {
	lang = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(lang), "_", "-"))
	if l, ok := locales()[lang]; ok {
		return l, true
	}
	wider, _, _ := strings.Cut(lang, "-")
	l, ok := locales()[wider]
	return l, ok
}

// noLocale words that there is none.
func noLocale(lang string) error {
	return fmt.Errorf("numbers are not known in language %q, but in %s", lang, strings.Join(slices.Sorted(maps.Keys(locales())), ", "))
}

// write writes a decimal number as the language does.
func (l locale) write(text string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = "-", rest
	}
	whole, places, has := strings.Cut(text, ".")
	var groups []string
	if len(whole) >= 3+l.least {
		for len(whole) > 3 {
			groups = append(groups, whole[len(whole)-3:])
			whole = whole[:len(whole)-3]
		}
	}
	groups = append(groups, whole)
	slices.Reverse(groups)
	out := sign + strings.Join(groups, l.group)
	if has {
		out += l.decimal + places
	}
	return out
}

// currencyPlaces are the currencies that have not two decimals: ISO 4217.
var currencyPlaces = sync.OnceValue(func() map[string]int {
	return map[string]int{
		"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
		"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	}
})

// placesOf is how many decimals an amount has.
func placesOf(currency string) int {
	if n, ok := currencyPlaces()[currency]; ok {
		return n
	}
	return 2
}

// symbolOf is how a language writes a currency: by a sign where it cannot be another's.
func symbolOf(currency, lang string) string {
	switch currency {
	case "EUR":
		return "€"
	case "GBP":
		return "£"
	case "INR":
		return "₹"
	case "JPY":
		if !strings.HasPrefix(lang, "zh") {
			return "¥"
		}
	case "USD":
		if lang = strings.ToLower(lang); lang == "en" || lang == "en-us" || lang == "en_us" {
			return "$"
		}
		return "US$"
	}
	return currency
}

// checkCurrency refuses what is no code of ISO 4217 by its form.
func checkCurrency(code string) error {
	if len(code) != 3 || strings.ContainsFunc(code, func(c rune) bool { return c < 'A' || c > 'Z' }) {
		return fmt.Errorf("%q is no currency such as EUR or USD (ISO 4217)", code)
	}
	return nil
}

// amount writes an amount of money; text has its decimals already.
func (l locale) amount(text, currency, lang string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = "-", rest
	}
	symbol, number, gap := symbolOf(currency, lang), l.write(text), ""
	if last := symbol[len(symbol)-1]; l.gap || last >= 'A' && last <= 'Z' {
		gap = noBreak
	}
	if l.before {
		return sign + symbol + gap + number
	}
	return sign + number + gap + symbol
}
