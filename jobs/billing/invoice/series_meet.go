package invoice

import "strings"

// sign is one character of a form: a letter as it is, or any digit; more says that there may be more digits of the kind.
type sign struct {
	char  rune
	digit bool
	more  bool
}

// signs are what a number of the series is made of.
func (s Series) signs() []sign {
	var out []sign
	literal := func(part string) {
		before, behind, year := strings.Cut(part, "{year}")
		for _, r := range before {
			out = append(out, sign{char: r})
		}
		if year {
			out = append(out, sign{digit: true}, sign{digit: true}, sign{digit: true}, sign{digit: true})
		}
		for _, r := range behind {
			out = append(out, sign{char: r})
		}
	}
	literal(s.before)
	for range s.width {
		out = append(out, sign{digit: true})
	}
	out[len(out)-1].more = true
	literal(s.after)
	return out
}

// meets reports whether a text may be a number of both, on a file system too that does not tell small letters from capitals.
func (s Series) meets(other Series) bool {
	a, b := s.signs(), other.signs()
	type pair struct{ i, j int }
	seen := map[pair]bool{}
	var from func(i, j int) bool
	from = func(i, j int) bool {
		if i == len(a) && j == len(b) {
			return true
		}
		if i == len(a) || j == len(b) || seen[pair{i, j}] {
			return false
		}
		seen[pair{i, j}] = true
		if !a[i].agrees(b[j]) {
			return false
		}
		return from(i+1, j+1) || a[i].more && from(i, j+1) || b[j].more && from(i+1, j)
	}
	return from(0, 0)
}

func (s sign) agrees(other sign) bool {
	switch {
	case s.digit && other.digit:
		return true
	case s.digit:
		return other.char >= '0' && other.char <= '9'
	case other.digit:
		return other.agrees(s)
	}
	return strings.EqualFold(string(s.char), string(other.char))
}
