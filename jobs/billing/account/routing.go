package account

import "fmt"

// Routing is a routing number of the American Bankers Association: nine digits, the last of which checks the others.
type Routing string

// ParseRouting reads a routing number. A number that lost its leading zero in a spreadsheet is refused, not mended.
func ParseRouting(text string) (Routing, error) {
	s := upper(text)
	if len(s) == 8 && each(s, digit) {
		return "", fmt.Errorf("the routing number %q has eight digits of nine: if it began with 0, the spreadsheet has lost it; format the column as text", s)
	}
	if len(s) != 9 || !each(s, digit) {
		return "", fmt.Errorf("%s is no routing number: it has nine digits", shown(text))
	}
	// Federal Reserve districts (01–12), thrift institutions (21–32), electronic (61–72), traveller's cheques (80); 00 is
	// the government's own.
	switch first := number(s[:2]); {
	case first <= 12, first >= 21 && first <= 32, first >= 61 && first <= 72, first == 80:
	default:
		return "", fmt.Errorf("no routing number begins with %s, as %s does", s[:2], s)
	}
	if s == "000000000" || weighted(s, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 != 0 {
		return "", fmt.Errorf("the check digit of the routing number %s is wrong: a digit is mistyped or in the wrong place", s)
	}
	return Routing(s), nil
}

// Bank is what NACHA files call the receiving institution: the first eight digits.
func (r Routing) Bank() string { return string(r[:8]) }

// CheckDigit is the ninth digit of a routing number that begins with these eight.
func CheckDigit(eight string) (byte, error) {
	if len(eight) != 8 || !each(eight, digit) {
		return 0, fmt.Errorf("%q does not have eight digits", cut(eight, 20))
	}
	return byte('0' + (10-weighted(eight, 3, 7, 1, 3, 7, 1, 3, 7)%10)%10), nil
}
