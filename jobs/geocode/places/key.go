package places

import (
	"brood/jobs/fold"
	"strings"
)

// streetKey is how a street is looked up.
func streetKey(street, country string) string { return fold.Street(street, country) }

// saints are the ways to write the word that many towns begin with.
var saints = [...]string{"saint", "sankt", "sainte", "ste", "sant", "santa", "snt"}

// townKey is how a town is looked up, of its folded name.
func townKey(folded string) string {
	if !strings.Contains(folded, "s") {
		return folded
	}
	for _, s := range saints {
		if rest, ok := strings.CutPrefix(folded, s+" "); ok {
			folded = "st " + rest
			break
		}
	}
	if strings.Contains(folded, " saint ") || strings.Contains(folded, " sankt ") {
		folded = strings.NewReplacer(" saint ", " st ", " sankt ", " st ").Replace(folded)
	}
	return folded
}

// townKeys are all forms that a town may be looked up as.
func townKeys(town string) []string {
	if town == "" {
		return nil
	}
	keys := fold.Variants(town)
	for i, k := range keys {
		keys[i] = townKey(k)
	}
	if keys[0] == "" {
		return nil
	}
	return keys
}

// codeKey is a postcode without what is written or left out: spaces, dashes, the country before
// it (D-10115), the four figures behind a ZIP code.
func codeKey(postcode, country string) string {
	if i := strings.IndexByte(postcode, '-'); i > 0 {
		head, tail := strings.TrimSpace(postcode[:i]), strings.TrimSpace(postcode[i+1:])
		switch {
		case len(head) == 5 && len(tail) == 4 && figuresOnly(head) && figuresOnly(tail) && (country == "US" || country == ""):
			return head
		case len(head) <= 2 && !hasFigure(head):
			postcode = tail
		}
	}
	out := make([]byte, 0, len(postcode))
	for i := range len(postcode) {
		switch c := postcode[i]; {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z':
			out = append(out, c)
		case c >= 'a' && c <= 'z':
			out = append(out, c-'a'+'A')
		}
	}
	if len(out) == 9 && country == "US" && figuresOnly(string(out)) {
		out = out[:5]
	}
	return string(out)
}

func figuresOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
