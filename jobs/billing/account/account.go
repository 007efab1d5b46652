// Package account knows the numbers by which banks and their customers are called: IBAN, BIC, the creditor
// identifier of SEPA, routing numbers of the United States; and what looks like the number of a card, which may
// stand nowhere in a plan.
//
// It promises that a number that passes has the right form, length and check digits: any one digit written wrong,
// and any two neighbours written in the wrong order (of routing numbers: but for two that differ by five, which
// their check digit does not see), are refused. That an account exists only its bank knows.
//
// What is decided with it, such as which numbers a plan needs, is left to others. The tables are constants: a
// process that asks for nothing pays nothing.
package account

import (
	"fmt"
	"strings"
)

// upper is a text without the blanks that people write between groups, in capitals.
func upper(text string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '\u00a0' || r == '\u202f' {
			return -1
		}
		return r
	}, text))
}

func digit(c byte) bool  { return c >= '0' && c <= '9' }
func letter(c byte) bool { return c >= 'A' && c <= 'Z' }

// each reports whether all bytes of a text pass; of an empty one they do.
func each(s string, pass func(byte) bool) bool {
	for i := range len(s) {
		if !pass(s[i]) {
			return false
		}
	}
	return true
}

func alnum(c byte) bool { return digit(c) || letter(c) }

// mod97 is the remainder of ISO 7064 MOD 97-10: letters count as two digits, A as 10 and Z as 35.
func mod97(s string) int {
	rest := 0
	for i := range len(s) {
		if c := s[i]; letter(c) {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest
}

// shown is a text from outside within an error: cut, and never a whole account number.
func shown(text string) string {
	const most = 6
	runes := []rune(text)
	if len(runes) > most {
		return fmt.Sprintf("%q", string(runes[:most])+"…")
	}
	return fmt.Sprintf("%q", text)
}
