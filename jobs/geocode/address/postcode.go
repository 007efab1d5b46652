package address

import "strings"

// postcode is one that was read out of a text.
type postcode struct {
	text        string // as it is asked for: without +4 and a country before it
	from, to    int    // where it stood, with all that belongs to it
	hint        string // the country whose form it has, if no other has it; "UK", say, or ""
	digits      int    // of what is digits only: how many
	leads, ends bool   // it is the first word, the last word
}

// PostcodeForm returns a postcode as it is asked for: in capitals, with the space where Britain,
// Canada, the Netherlands and others have one, and without the four digits that the United
// States add for a side of a street.
func PostcodeForm(s, country string) string {
	s = strings.TrimSpace(s)
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	if len(words) == 0 {
		return s
	}
	if p := shapeAt(s, words, 0, country); p.to == len(s) {
		return spaced(p.text, p.hint)
	}
	return s
}

// spaced puts the space of a form where it belongs, and capitals.
func spaced(s, hint string) string {
	var at int
	switch hint {
	case "GB", "CA":
		at = 3 // from the end
	case "NL":
		at = 2
	case "IE":
		at = 4
	default:
		return s
	}
	joined := strings.ToUpper(strings.ReplaceAll(strings.ReplaceAll(s, " ", ""), "-", ""))
	if len(joined) <= at {
		return s
	}
	return joined[:len(joined)-at] + " " + joined[len(joined)-at:]
}

// shapeAt reads a postcode that begins with word i of s; to is 0 if there is none. Forms that
// several countries have are told apart by the country, or left without a hint.
func shapeAt(s string, words []span, i int, country string) postcode {
	w := words[i]
	word := strings.TrimRight(s[w.from:w.to], ".,;)")
	word = strings.TrimLeft(word, "(")
	from := w.from + strings.Index(s[w.from:w.to], word)
	p := postcode{from: from, to: from + len(word), leads: i == 0}
	next := ""
	if i+1 < len(words) {
		next = strings.TrimRight(s[words[i+1].from:words[i+1].to], ".,;)")
	}
	end := i
	switch {
	case word == "":
		return postcode{}
	case word[0] >= '0' && word[0] <= '9':
		end = i + p.figures(word, next, country)
	case strings.HasPrefix(word, "〒"):
		p.text, p.hint = word[len("〒"):], "JP"
	default:
		end = i + p.letters(word, next, country)
	}
	if p.text == "" {
		return postcode{}
	}
	if end > i {
		p.to = words[i+1].from + len(next)
	}
	if p.text == joinedMark {
		p.text = s[p.from:p.to]
	}
	p.ends = end == len(words)-1
	return p
}

// joinedMark stands for the text from the first word to the last.
const joinedMark = "\x00"

// figures reads a form that begins with a digit; it returns how many further words it takes.
func (p *postcode) figures(word, next, country string) int {
	n := digitsAhead(word)
	rest := word[n:]
	switch {
	case n == 5 && len(rest) == 5 && rest[0] == '-' && allDigits(rest[1:]): // 62701-1234
		p.text, p.hint, p.digits = word[:5], "US", 5
	case n == 9 && rest == "" && country == "US":
		p.text, p.hint, p.digits = word[:5], "US", 5
	case n == 5 && len(rest) == 4 && rest[0] == '-' && allDigits(rest[1:]):
		p.text, p.hint = word, "BR"
	case n == 2 && len(rest) == 4 && rest[0] == '-' && allDigits(rest[1:]):
		p.text, p.hint = word, "PL"
	case n == 4 && len(rest) == 4 && rest[0] == '-' && allDigits(rest[1:]):
		p.text, p.hint = word, "PT"
	case n == 3 && len(rest) == 5 && rest[0] == '-' && allDigits(rest[1:]):
		p.text, p.hint = word, "JP"
	case n == 4 && len(rest) == 2 && isLetterByte(rest[0]) && isLetterByte(rest[1]) && (country == "NL" || isUpperByte(rest[0]) && isUpperByte(rest[1])):
		p.text, p.hint = word, "NL"
	case n == 4 && rest == "" && len(next) == 2 && isUpperByte(next[0]) && isUpperByte(next[1]) && !unusedDutch(next) && (country == "NL" || country == ""):
		p.text, p.hint = joinedMark, "NL"
		return 1
	case n == 3 && rest == "" && len(next) == 2 && allDigits(next) && (country == "" || threeTwo(country)):
		p.text, p.digits = joinedMark, 5
		return 1
	case rest == "" && n >= 3 && n <= 8:
		p.text, p.digits = word, n
	}
	return 0
}

// unusedDutch are letters that no Dutch postcode ends with, and words that stand behind a number
// elsewhere (1234 NW 5th St).
func unusedDutch(s string) bool {
	switch s {
	case "SA", "SD", "SS", "NW", "NE", "SW", "SE":
		return true
	}
	return false
}

// threeTwo reports whether a country writes its five digits as 111 22.
func threeTwo(country string) bool {
	switch country {
	case "CZ", "SK", "SE", "GR":
		return true
	}
	return false
}

// letters reads a form that begins with a letter.
func (p *postcode) letters(word, next, country string) int {
	if i := strings.IndexByte(word, '-'); i > 0 && i <= 3 && i+1 < len(word) && word[i+1] >= '0' && word[i+1] <= '9' {
		if hint := postalPrefix(word[:i]); hint != "" { // D-10115, as was written until the nineties
			var inner postcode
			taken := inner.figures(word[i+1:], next, hint)
			if inner.text == joinedMark {
				inner.text = "" // D-111 22 is seen seldom, and not taken apart
				taken = 0
			}
			p.text, p.hint, p.digits = inner.text, hint, inner.digits
			if hint == "LT" || hint == "LV" || hint == "MD" || hint == "AZ" {
				p.text = word // there it is part of the postcode
			}
			return taken
		}
	}
	switch {
	case isCanadian(word):
		p.text, p.hint = word, "CA"
	case len(word) == 3 && len(next) == 3 && isCanadian(word+next):
		p.text, p.hint = joinedMark, "CA"
		return 1
	case isBritish(word):
		p.text, p.hint = word, "GB"
	case len(word) <= 4 && len(next) == 3 && isBritish(word+next):
		p.text, p.hint = joinedMark, "GB"
		return 1
	case country == "IE" && isIrish(word, 7):
		p.text, p.hint = word, "IE"
	case len(word) == 3 && len(next) == 4 && isIrish(word, 3) && isEircode(next) && (country == "" || country == "IE"):
		p.text, p.hint = joinedMark, "IE"
		return 1
	case len(word) == 5 && strings.HasPrefix(word, "AD") && allDigits(word[2:]):
		p.text, p.hint = word, "AD"
	case country == "AR" && (len(word) == 8 || len(word) == 5) && isLetterByte(word[0]) && allDigits(word[1:5]):
		p.text, p.hint = word, "AR"
	}
	return 0
}

// isCanadian reports whether a word is K1A0B1 or K1A-0B1: three letters between three digits.
func isCanadian(s string) bool {
	if len(s) == 7 && (s[3] == '-' || s[3] == ' ') {
		s = s[:3] + s[4:]
	}
	if len(s) != 6 || strings.IndexByte("ABCEGHJKLMNPRSTVXY", s[0]&^0x20) < 0 {
		return false
	}
	for i := range 6 {
		if letter := i%2 == 0; letter != isLetterByte(s[i]) || !letter && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

// isBritish reports whether a word is a British postcode without its space: SW1A1AA, M11AE.
func isBritish(s string) bool {
	if len(s) < 5 || len(s) > 7 {
		return false
	}
	in := s[len(s)-3:]
	if in[0] < '0' || in[0] > '9' || !isLetterByte(in[1]) || !isLetterByte(in[2]) {
		return false
	}
	out := s[:len(s)-3]
	n := 0
	for n < len(out) && isLetterByte(out[n]) {
		n++
	}
	if n < 1 || n > 2 || n == len(out) {
		return false
	}
	d := digitsAhead(out[n:])
	if d < 1 || d > 2 {
		return false
	}
	rest := out[n+d:]
	return rest == "" || d == 1 && len(rest) == 1 && isLetterByte(rest[0])
}

// isIrish reports whether a word is, or begins, an Eircode: D02 or D02X285.
func isIrish(s string, length int) bool {
	if len(s) != length || strings.IndexByte("ACDEFHKNPRTVWXY", s[0]&^0x20) < 0 || s[1] < '0' || s[1] > '9' {
		return false
	}
	return (s[2] >= '0' && s[2] <= '9' || s[2]|0x20 == 'w') && (length == 3 || isEircode(s[3:]))
}

func isEircode(s string) bool {
	for i := range len(s) {
		if !isLetterByte(s[i]) && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return len(s) == 4 && isLetterByte(s[0])
}

// postalPrefix is the country that was written before a postcode: D-, A-, CH-.
func postalPrefix(s string) string {
	switch strings.ToUpper(s) {
	case "D", "DE":
		return "DE"
	case "A", "AT":
		return "AT"
	case "CH":
		return "CH"
	case "FL", "LI":
		return "LI"
	case "F", "FR":
		return "FR"
	case "I", "IT":
		return "IT"
	case "B", "BE":
		return "BE"
	case "L", "LU":
		return "LU"
	case "NL":
		return "NL"
	case "DK":
		return "DK"
	case "S", "SE":
		return "SE"
	case "N", "NO":
		return "NO"
	case "FIN", "FI":
		return "FI"
	case "E", "ES":
		return "ES"
	case "P", "PT":
		return "PT"
	case "PL", "CZ", "SK", "SI", "HR", "RO", "BG", "GR", "LT", "LV", "EE", "MD", "AZ", "HU", "RS", "MC":
		return strings.ToUpper(s)
	case "SLO":
		return "SI"
	case "H":
		return "HU"
	}
	return ""
}

// digitsOf is how many digits the postcodes of a country have that are digits only; 0 for others.
func digitsOf(country string) int {
	switch country {
	case "US", "DE", "FR", "IT", "ES", "MX", "TR", "FI", "SE", "GR", "CZ", "SK", "HR", "EE", "UA", "SA", "TH", "MY", "ID", "KR", "PR", "MC", "MA", "RS", "LT", "PK", "PE", "UY", "EG", "DZ", "KE", "LK", "NP", "JO", "SN", "CR", "GT", "HN", "DO", "CU", "NI", "BA", "ME", "XK", "IQ", "MN", "MM", "LA", "TZ", "ZM", "SD", "TW", "BT", "VA", "SM", "GP", "RE", "MQ", "GF", "NC", "PF", "YT", "AX", "GU", "VI", "AS", "MP", "AQ":
		return 5
	case "AT", "CH", "BE", "DK", "NO", "AU", "NZ", "HU", "LU", "SI", "BG", "ZA", "CY", "LI", "LV", "AR", "PH", "BD", "GE", "TN", "PY", "AL", "MK", "AM", "HT", "CV", "MZ", "ET", "LR", "PA", "GL":
		return 4
	case "IN", "SG", "RU", "CN", "RO", "KZ", "BY", "CO", "VN", "EC", "NG", "UZ", "KG", "TJ", "TM":
		return 6
	case "IL", "CL":
		return 7
	case "IS":
		return 3
	}
	return 0
}

// PostcodeCandidates are postcodes that may have been meant by one that a spreadsheet took for
// a number, so that its zeros are gone: 2138 for 02138. None if the postcode is whole, or the
// country is not known to have such. Whether there is one, and whether it lies in the state and
// city of the row, is for the finder to say.
func PostcodeCandidates(code, country string) []string {
	digits := digitsOf(country)
	switch country {
	case "BR":
		digits = 8
	case "JP", "PT":
		digits = 7
	}
	if !allDigits(code) || digits == 0 || len(code) >= digits || len(code) < digits-2 {
		return nil
	}
	padded := "00"[:digits-len(code)] + code
	switch country {
	case "BR":
		padded = padded[:5] + "-" + padded[5:]
	case "PT":
		padded = padded[:4] + "-" + padded[4:]
	case "JP":
		padded = padded[:3] + "-" + padded[3:]
	}
	return []string{padded}
}
