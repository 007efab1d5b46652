package gazetteer

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/geo"
	"bytes"
	"sort"
	"strings"
)

// codeRow is a row of secCodes, and the image it is in.
type codeRow struct {
	*image
	row []byte
}

func (c codeRow) country() string    { return string(c.row[:2]) }
func (c codeRow) point() geo.Point   { return pointAt(c.row[codeKey:]) }
func (c codeRow) place() string      { return c.text(u32(c.row, 5)) }
func (c codeRow) state() string      { return c.text(u32(c.row, 6)) }
func (c codeRow) stateCode() string  { return c.text(u32(c.row, 7)) }
func (c codeRow) is(key []byte) bool { return bytes.Equal(c.row[:codeKey], key) }

// mostCodes is how many places of one postal code are looked at: in France one has up to forty.
const mostCodes = 64

// coded appends the rows of a postal code in a country, from the embedded ones and the imported.
func (x *Index) coded(rows []codeRow, country, code string) []codeRow {
	key := codeOrder(country, code)
	rows = x.codedIn(rows, key[:])
	for _, s := range x.side {
		rows = s.codedIn(rows, key[:])
	}
	return rows
}

func (m *image) codedIn(rows []codeRow, key []byte) []codeRow {
	codes := m.sec[secCodes]
	n := len(codes) / codeBytes
	i := sort.Search(n, func(i int) bool { return bytes.Compare(codes[i*codeBytes:][:codeKey], key) >= 0 })
	for ; i < n && len(rows) < mostCodes; i++ {
		c := codeRow{m, codes[i*codeBytes:][:codeBytes]}
		if !c.is(key) {
			break
		}
		rows = append(rows, c)
	}
	return rows
}

// plainCode is a postal code as it is looked for: capitals and figures only, and without the country
// before it that some put there (D-10115, SE-111 22).
func plainCode(code, country string) string {
	var b [codeKey - 2]byte
	n := 0
	for i := range len(code) {
		c := code[i]
		if c >= 'a' && c <= 'z' {
			c &^= 0x20
		}
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			if n == len(b) {
				return ""
			}
			b[n] = c
			n++
		}
	}
	plain := string(b[:n])
	for _, prefix := range []string{country, carSign(country)} {
		if rest, ok := strings.CutPrefix(plain, prefix); ok && prefix != "" && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return rest
		}
	}
	return plain
}

// carSign is what stands before postal codes of some countries.
func carSign(country string) string {
	switch country {
	case "DE":
		return "D"
	case "AT":
		return "A"
	case "FR":
		return "F"
	case "IT":
		return "I"
	case "ES":
		return "E"
	case "BE":
		return "B"
	case "SE":
		return "S"
	case "LU":
		return "L"
	}
	return ""
}

// zipOf is what the first five figures of a postal code of the United States are: cut off ZIP+4, and with
// the zeros before it that a spreadsheet took away. padded says that it did, and what is found
// must agree with the state.
func zipOf(code string) (five string, padded bool) {
	if !figures(code) {
		return "", false
	}
	switch len(code) {
	case 5:
		return code, false
	case 9:
		return code[:5], false
	case 8:
		return "0" + code[:4], true
	case 4:
		return "0" + code, true
	case 3:
		return "00" + code, true
	}
	return "", false
}

func figures(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// stateAgrees reports whether a postal code lies in the state that was asked for, which is a name or a
// code.
func (x *Index) stateAgrees(c codeRow, a *ask) bool {
	for _, r := range a.regions {
		region := x.region(r)
		if !bytes.Equal(x.country(u16(region))[:2], c.row[:2]) {
			continue
		}
		if bytes.Equal(x.bytes(u32(region, 2)), c.bytes(u32(c.row, 7))) || bytes.Equal(x.bytes(u32(region, 1)), c.bytes(u32(c.row, 6))) {
			return true
		}
	}
	return strings.EqualFold(c.stateCode(), a.state) || fold.String(c.state()) == a.stateKey()
}

// answerCode makes a place of a postal code, in a town of that name.
func answerCode(c codeRow, city, country []byte) geo.Place {
	state := c.bytes(u32(c.row, 6))
	if len(state) == 0 {
		state = c.bytes(u32(c.row, 7))
	}
	code := bytes.TrimRight(c.row[2:codeKey], "\x00")
	a := geo.Place{Point: c.point(), Kind: KindPostcode, Precision: geo.PrecisionPostcode}
	var room [wordingBytes]byte
	w := wording{b: room[:0]}
	w.address(city, state, code, country)
	w.add(c.bytes(u32(c.row, 8)))
	w.add(c.row[:2])
	var id [32]byte
	w.add(append(append(append(append(id[:0], "geonames:"...), c.row[:2]...), ':'), code...))
	w.into(&a.Formatted, &a.City, &a.State, &a.Postcode, &a.Country, &a.County, &a.CountryCode, &a.ID)
	return a
}
