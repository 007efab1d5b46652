package address

import "strings"

// boxAt reads a box at a post office that begins at word i: its number, and how many words it
// takes; 0 if there is none. country settles what BP, CP and PL mean.
func boxAt(s string, words []span, i int, country string) (box string, n int) {
	head, n := boxWords(s, words, i, country)
	if n == 0 {
		return "", 0
	}
	for n+i < len(words) {
		w := strings.Trim(word(s, words[i+n]), ",.;:()#")
		if n == head && (classOf(w)&numberWord != 0 || w == "") && i+n+1 < len(words) {
			n++
			head++
			continue
		}
		if !hasDigit(w) && (n > head || len(w) != 1) || len(w) > 12 || n > head && !allDigits(w) {
			break
		}
		if n > head && len(w) >= 4 { // the postcode that follows
			break
		}
		n++
	}
	if n == head {
		return "", bareBox(s, words, i, head)
	}
	return strings.Trim(s[words[i+head].from:words[i+n-1].to], ",.;:()#"), n
}

// bareBox is how many words a box without a number takes: a word that means nothing else.
func bareBox(s string, words []span, i, head int) int {
	var room [32]byte
	switch string(lowered(room[:0], trimMarks(word(s, words[i])))) {
	case "postfach", "postbus", "po", "p.o", "pobox", "postboks", "apartado", "casilla":
		if strings.EqualFold(trimMarks(word(s, words[i])), "po") && head < 2 {
			return 0
		}
		return head
	}
	return 0
}

// boxWords is how many words from i on mean "box", with a number to come.
func boxWords(s string, words []span, i int, country string) (head, n int) {
	w := func(k int) string {
		if i+k >= len(words) {
			return ""
		}
		return strings.ToLower(trimMarks(word(s, words[i+k])))
	}
	same := func(n int) (int, int) { return n, n }
	numbered := func() bool { return hasDigit(w(1)) || classOf(w(1))&numberWord != 0 && hasDigit(w(2)) }
	var room [32]byte
	switch string(lowered(room[:0], trimMarks(word(s, words[i])))) {
	case "po", "p.o", "p.o.box", "post":
		switch {
		case w(1) == "box", w(1) == "bag", w(1) == "drawer":
			return same(2)
		case w(1) == "office" && w(2) == "box":
			return same(3)
		case w(0) == "p.o.box" && numbered():
			return same(1)
		}
	case "p":
		if (w(1) == "o" || w(1) == "0") && (w(2) == "box" || w(2) == "drawer") {
			return same(3)
		}
	case "pobox", "pob", "p.o.b", "postfach", "postbus", "postboks", "postbox", "postilokero", "smartbox":
		return same(1)
	case "gpo", "locked", "private":
		if w(1) == "box" || w(1) == "bag" {
			return same(2)
		}
	case "pf", "p.f":
		if numbered() && (country == "DE" || country == "AT" || country == "HU" || country == "CH" || country == "") {
			return same(1)
		}
	case "bp", "b.p", "cs", "tsa":
		if numbered() && (country == "" || country == "FR" || country == "BE" || country == "LU" || country == "CH" || country == "MA" || country == "TN" || country == "SN" || country == "CI" || country == "CM" || country == "DZ" || country == "MC" || country == "NC" || country == "PF" || country == "RE" || country == "GP" || country == "MQ") {
			return same(1)
		}
	case "cp", "c.p":
		if numbered() && (country == "CH" || country == "CA" || country == "IT") && (country != "IT" || digitsAhead(w(1)) != 5) {
			return same(1)
		}
	case "boîte", "boite", "case", "casella", "caixa":
		switch w(1) {
		case "postale", "postal":
			return same(2)
		}
	case "apartado", "apdo", "aptdo", "casilla":
		switch {
		case w(1) == "de" && (w(2) == "correos" || w(2) == "correo"):
			return same(3)
		case w(1) == "postal" || w(1) == "correos" || w(1) == "correo" || w(1) == "aéreo" || w(1) == "aereo":
			return same(2)
		case numbered():
			return same(1)
		}
	case "skrytka", "skr":
		if w(1) == "pocztowa" || w(1) == "poczt" {
			return same(2)
		}
	case "pl", "box":
		if numbered() && (w(0) == "pl" && country == "FI" || w(0) == "box" && country == "SE") {
			return same(1)
		}
	case "psc", "cmr", "unit":
		if numbered() && (w(2) == "box" || w(2) == "bx") {
			return same(3)
		}
	case "а/я":
		return same(1)
	}
	return 0, 0
}

// isMilitary reports whether a city is one of the post offices of the armed forces of the United
// States, which are on no map.
func isMilitary(city string) bool {
	switch strings.ToUpper(city) {
	case "APO", "FPO", "DPO":
		return true
	}
	return false
}
