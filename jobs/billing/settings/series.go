package settings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// mostZeros is the widest number of a series: 64 bits have 19 digits.
const mostZeros = 18

// CheckSeries checks the form of the numbers of invoices: text with {number} or {number:6} in it, and {year} if the
// count begins anew with each.
func CheckSeries(form string) error {
	rest, numbers := form, 0
	for rest != "" {
		before, after, open := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			return errors.New("there is a } without its {")
		}
		if strings.ContainsFunc(before, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)
		}) ||
			before == form[:len(before)] && strings.HasPrefix(before, ".") {
			return fmt.Errorf("%q: a number of an invoice becomes the name of a file: take letters, digits and - _ . and no point first", form)
		}
		if !open {
			break
		}
		name, behind, closed := strings.Cut(after, "}")
		if !closed {
			return errors.New("there is a { without its }")
		}
		rest = behind
		if name == "year" {
			continue
		}
		word, width, wide := strings.Cut(name, ":")
		if word != "number" {
			return fmt.Errorf("there is no {%s}; there are {year}, {number} and {number:6}", name)
		}
		if n, err := strconv.Atoi(width); wide && (err != nil || n < 1 || n > mostZeros) {
			return fmt.Errorf("{%s}: the width is between 1 and %d", name, mostZeros)
		}
		numbers++
	}
	if numbers != 1 {
		return fmt.Errorf("%q has {number} %d times, and needs it once", form, numbers)
	}
	return nil
}
