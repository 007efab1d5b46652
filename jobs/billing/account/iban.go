package account

import "fmt"

// IBAN is an international bank account number (ISO 13616) in its electronic form: no blanks, capitals.
type IBAN string

// ParseIBAN reads an IBAN, with or without blanks between its groups. It is checked against the registry's length and form
// for its country, its check digits, and the country's own check digits where the country has one rule
// for all banks. The error does not repeat the number.
func ParseIBAN(text string) (IBAN, error) {
	s := upper(text)
	if len(s) < 5 || !each(s, alnum) || !each(s[:2], letter) || !each(s[2:4], digit) {
		return "", fmt.Errorf("%s is no IBAN: it begins with two letters of a country and two digits, and has letters and digits only", shown(text))
	}
	form, ok := bban(s[:2])
	if !ok {
		return "", fmt.Errorf("no country %s has IBANs", s[:2])
	}
	if want := 4 + width(form); len(s) != want {
		return "", fmt.Errorf("an IBAN of %s has %d characters, and this one (%s) has %d", s[:2], want, Mask(s), len(s))
	}
	if !fits(s[4:], form) {
		return "", fmt.Errorf("the IBAN %s has letters where %s has digits, or digits where it has letters", Mask(s), s[:2])
	}
	// 00, 01 and 99 leave the same remainders as 97, 98 and 02, and are never given.
	if cd := s[2:4]; cd == "00" || cd == "01" || cd == "99" || mod97(s[4:]+s[:4]) != 1 {
		return "", fmt.Errorf("the check digits of the IBAN %s are wrong: a digit is mistyped, missing or in the wrong place", Mask(s))
	}
	if !national(s[:2], s[4:]) {
		return "", fmt.Errorf("the IBAN %s has the right check digits, but the account number within it has not, by the rule of %s", Mask(s), s[:2])
	}
	return IBAN(s), nil
}

// Country is the country of the account's bank.
func (n IBAN) Country() string {
	if len(n) < 2 {
		return ""
	}
	return string(n[:2])
}

// String is the electronic form.
func (n IBAN) String() string { return string(n) }

// Printed is the form on paper: groups of four.
func (n IBAN) Printed() string {
	out := make([]byte, 0, len(n)+len(n)/4)
	for i := range len(n) {
		if i > 0 && i%4 == 0 {
			out = append(out, ' ')
		}
		out = append(out, n[i])
	}
	return string(out)
}

// Mask is an IBAN for reports and logs: country, check digits and the last four characters, as in
// DE89…3000. What is too short to have something hidden is hidden whole.
func Mask(iban string) string {
	s := upper(iban)
	if len(s) < 14 || !each(s, alnum) {
		return "…"
	}
	return s[:4] + "…" + s[len(s)-4:]
}

// Mask is the number for reports and logs.
func (n IBAN) Mask() string { return Mask(string(n)) }

// MaskNumber is an account number of any country for reports and logs: the last four characters, or two of a
// number that is shorter than nine, or none.
func MaskNumber(number string) string {
	runes := []rune(upper(number))
	switch {
	case len(runes) >= 9:
		return "…" + string(runes[len(runes)-4:])
	case len(runes) >= 5:
		return "…" + string(runes[len(runes)-2:])
	default:
		return "…"
	}
}
