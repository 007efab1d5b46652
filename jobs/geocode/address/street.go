package address

import "strings"

// maxSegments is how many parts between commas are told apart; what is behind is one.
const maxSegments = 14

// segments takes a line apart at commas, line ends, and dashes with spaces around them.
func segments(dst []string, s string) []string {
	from := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != ' ' && c != ',' && c >= ' ' && c != ';' && c != '|' {
			continue
		}
		n := separatorAt(s, i)
		if n == 0 {
			continue
		}
		if part := tidy(s[from:i]); part != "" {
			if len(dst) == maxSegments-1 {
				break
			}
			dst = append(dst, part)
		}
		from = i + n
		i = from - 1
	}
	if part := tidy(s[from:]); part != "" {
		dst = append(dst, part)
	}
	return dst
}

// separatorAt is how long the separator is that begins at i; 0: none.
func separatorAt(s string, i int) int {
	switch s[i] {
	case ',', '\n', '\r', ';', '|', '\t':
		return 1
	case ' ':
		if i > 0 && digitBefore(s, i) && digitAt(s, i+3) {
			return 0 // 12 - 14
		}
		if i+2 >= len(s) || isLetterByte(s[i+1]) || digitAt(s, i+1) {
			return 0
		}
		for _, dash := range [...]string{" - ", " – ", " — ", " · ", " • ", " / "} {
			if strings.HasPrefix(s[i:], dash) {
				if dash == " / " && digitAt(s, i+3) {
					return 0
				}
				return len(dash)
			}
		}
	}
	return 0
}

func digitBefore(s string, i int) bool { return i > 0 && s[i-1] >= '0' && s[i-1] <= '9' }

func digitAt(s string, i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }

// streetIn looks for street and number in segments that are left when city, postcode, country
// and units are taken away. It returns which segments it used.
type streetIn struct {
	numbered
	unit     string
	at, also int // the segment of the street, and of the number if that is another; -1: none
}

func findStreet(segs []string, country string) streetIn {
	out := streetIn{at: -1, also: -1}
	// A number on its own beside a street: Via Roma, 12 and 12, rue de la Paix.
	for i, s := range segs {
		if !isLoneNumber(s) {
			continue
		}
		if i > 0 && hasLetter(segs[i-1]) && !numberFirst(country) && splitNumber(segs[i-1], country).number == "" {
			out.numbered, out.at, out.also = numbered{street: segs[i-1], number: trimNumberSign(s)}, i-1, i
			break
		}
		if i == 0 && len(segs) > 1 && hasLetter(segs[1]) && splitNumber(segs[1], country).number == "" {
			out.numbered, out.at, out.also = numbered{street: segs[1], number: trimNumberSign(s)}, 1, 0
			break
		}
		if i > 0 && looksLikeStreet(segs[i-1]) && splitNumber(segs[i-1], country).number == "" {
			out.numbered, out.at, out.also = numbered{street: segs[i-1], number: trimNumberSign(s)}, i-1, i
			break
		}
	}
	if out.at < 0 {
		for i, s := range segs {
			n := splitNumber(s, country)
			if n.number == "" {
				continue
			}
			if out.at < 0 || !looksLikeStreet(out.street) && looksLikeStreet(n.street) {
				out.numbered, out.at = n, i
			}
			if looksLikeStreet(n.street) {
				break
			}
		}
	}
	if out.at < 0 {
		for _, sure := range [...]bool{true, false} {
			for i, s := range segs {
				if out.at < 0 && looksLikeStreet(s) && (!sure || !mayBeHouse(s)) {
					out.numbered, out.at = numbered{street: s}, i
				}
			}
		}
		return out
	}
	number, unit := splitFlat(out.number, country)
	out.number, out.unit = number, unit
	return out
}

// mayBeHouse reports whether a text may be the name of a house or an estate as well: Sea View.
func mayBeHouse(s string) bool {
	switch strings.ToLower(trimMarks(s[strings.LastIndexByte(s, ' ')+1:])) {
	case "view", "park", "hill", "heights", "court", "house", "gate", "plaza", "villa", "gardens", "tower", "wharf", "mail", "residence", "cite", "grove", "vista":
		return true
	}
	return false
}

// isLoneNumber reports whether a segment is a house number and nothing else.
func isLoneNumber(s string) bool {
	s = trimNumberSign(s)
	if len(s) > 12 || digitsAhead(s) == 0 || digitsAhead(s) > 4 {
		return false
	}
	first, rest, more := strings.Cut(s, " ")
	if !isNumber(first) || isOrdinal(first) {
		return false
	}
	return !more || len(rest) == 1 && isLetterByte(rest[0]) || classOf(rest)&suffixWord != 0 || isNumber(strings.TrimLeft(rest, "-–/ "))
}

// trimNumberSign takes the word for "number" off: nº 12, Nr. 5, n. 3.
func trimNumberSign(s string) string {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return s
	}
	for _, sign := range [...]string{"Nr.", "Nr ", "nr.", "nr ", "No.", "No:", "No ", "no.", "no ", "nº", "Nº", "n°", "N°", "n.º", "núm.", "num.", "Núm.", "n.", "N.", "#", "č.p.", "д."} {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			if rest = strings.TrimLeft(rest, " .:"); digitsAhead(rest) > 0 {
				return rest
			}
		}
	}
	return s
}

// readStreet reads the cell of a street, with all that people write there.
func readStreet(s, country string, rd *Reading) {
	var room [maxSegments]string
	segs := segments(room[:0], s)
	// Another column has the city and the rest already.
	for len(segs) > 1 && isElsewhere(segs[len(segs)-1], rd) {
		segs = segs[:len(segs)-1]
	}
	segs = takeOff(segs, country, rd)
	if len(segs) == 0 {
		return
	}
	found := findStreet(segs, country)
	if found.unit != "" {
		rd.Unit = joinUnits(rd.Unit, []string{found.unit})
	}
	if found.at < 0 {
		rd.Street = segs[0]
		if len(segs) > 1 {
			rd.Unit = joinUnits(rd.Unit, segs[1:])
		}
		return
	}
	rd.Street, rd.Number = found.street, found.number
	for i, seg := range segs {
		switch {
		case i == found.at || i == found.also:
		case i > found.at && rd.District == "" && !hasDigit(seg):
			rd.District = seg
		default:
			rd.Unit = joinUnits(rd.Unit, []string{seg})
		}
	}
}

// isElsewhere reports whether a segment says again what other columns have said.
func isElsewhere(s string, rd *Reading) bool {
	for _, has := range [...]string{rd.City, rd.State, rd.Postcode, rd.Country, rd.District, rd.County} {
		if has != "" && strings.EqualFold(s, has) {
			return true
		}
	}
	if rd.City != "" && rd.Postcode != "" && len(s) >= len(rd.City)+len(rd.Postcode) && strings.Contains(s, rd.Postcode) && strings.Contains(strings.ToLower(s), strings.ToLower(rd.City)) {
		return true
	}
	return rd.State != "" && rd.Postcode != "" && strings.EqualFold(s, rd.State+" "+rd.Postcode)
}

// takeOff takes units, boxes and who is cared for off the segments, into what is read. What is
// left of them is in place.
func takeOff(segs []string, country string, rd *Reading) []string {
	out := segs[:0]
	for i, s := range segs {
		if rest, ok := takeBox(s, country, rd); ok {
			if s = rest; s != "" && rd.City != "" && !hasDigit(s) { // Stn Main
				rd.Unit = joinUnits(rd.Unit, []string{s})
				continue
			}
		}
		if s == "" {
			continue
		}
		if len(segs) > 1 || !isLoneNumber(s) {
			c := cutUnits(s)
			// Top 5 may be a door, and "Top, 5" is a street.
			named := c.rest == "" && i == 0 && len(segs) == 2 && isLoneNumber(segs[1])
			if c.n > 0 && !named && (c.rest != "" || len(segs) > 1 || isCare(s)) {
				if number := c.splitShop(country); number != "" {
					c.rest = number + " " + c.rest
				}
				rd.Unit = joinUnits(rd.Unit, c.units[:c.n])
				s = c.rest
			}
		}
		if isNoNumber(s) {
			continue
		}
		s = cutNoNumber(s)
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// isNoNumber reports whether a segment says that there is no number: s/n, sn, snc.
func isNoNumber(s string) bool {
	if len(s) > len("senza numero")+2 {
		return false
	}
	var room [32]byte
	switch string(lowered(room[:0], s)) {
	case "s/n", "s/n.", "s.n.", "snc", "s.n.c.", "s/nº", "sin número", "sin numero", "sem número", "senza numero", "bez numeru", "b/n":
		return true
	}
	return false
}

// cutNoNumber takes such words off the end.
func cutNoNumber(s string) string {
	if i := strings.LastIndexByte(s, ' '); i > 0 && isNoNumber(s[i+1:]) {
		return tidy(s[:i])
	}
	return s
}

// takeBox takes a box at a post office off a segment.
func takeBox(s, country string, rd *Reading) (rest string, ok bool) {
	var room [maxWords]span
	words := wordsOf(room[:0], s)
	for i := range words {
		box, n := boxAt(s, words, i, country)
		if n == 0 {
			continue
		}
		if box == "" {
			box = tidy(s[words[i].from:words[i+n-1].to])
		}
		rd.POBox = box
		before, behind := tidy(s[:words[i].from]), ""
		if i+n < len(words) {
			behind = tidy(s[words[i+n].from:])
		}
		if before != "" && behind != "" {
			return before + ", " + behind, true
		}
		return before + behind, true
	}
	return s, false
}
