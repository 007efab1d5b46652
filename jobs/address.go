package jobs

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// What an address is, where one key, one list and one message must agree about it. Addresses
// come from forms, spreadsheets and web pages, with what clings to them there.

// NormalAddress is a mail address as NormEmail compares it, without a name that
// stands beside it.
func NormalAddress(v []byte) []byte { return normalEmail(v) }

// BareAddress is an address without the name that may stand before it, and without what
// CleanAddress takes off.
func BareAddress(v []byte) []byte { return bare(v) }

// MailDomain is what stands behind the last @ of a mail address, or all of it.
func MailDomain(v []byte) []byte {
	v = bare(v)
	return v[bytes.LastIndexByte(v, '@')+1:]
}

// CleanAddress takes off an address what cannot be a part of it: characters that nobody sees,
// mailto: with what is asked for behind a ?, quotes and angle brackets around all of it, and
// commas, semicolons and dots behind it. Full-width letters and signs, as an input method
// makes them, become the plain ones. A name that stands before the address stays. It guesses
// nothing: ann@example,com comes back as it is. What comes back may be v.
func CleanAddress(v []byte) []byte {
	if len(v) > mostAddress || isPlain(v) {
		return v
	}
	v = around(seen(v))
	// With a name: <mailto:ann@example.com> is cleaned within its brackets.
	if i := bytes.LastIndexByte(v, '<'); i > 0 && v[len(v)-1] == '>' {
		name := bytes.TrimRightFunc(v[:i], unicode.IsSpace)
		if len(name) > 0 && !bytes.HasSuffix(name, []byte("<")) {
			inner := CleanAddress(v[i+1 : len(v)-1])
			return append(append(append(bytes.Clone(name), " <"...), inner...), '>')
		}
	}
	return v
}

// mostAddress is how many octets an address with a name and all that clings to it may have; RFC
// 5321, section 4.5.3.1, allows 320 to the address. What is longer is none, whatever is taken off.
const mostAddress = 2048

// isPlain reports whether there is nothing to clean, as of most addresses.
func isPlain(v []byte) bool {
	for i, c := range v {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || i == len(v)-1 || strings.IndexByte("@.-_+%&='/!#$*^`{|}~", c) < 0) {
			return false
		}
	}
	return true
}

// seen is a text without the characters that nobody sees, and with plain letters in place of
// full-width ones (U+FF01 to U+FF5E, and the small @).
func seen(v []byte) []byte {
	if !bytes.ContainsFunc(v, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return v
	}
	out := make([]byte, 0, len(v))
	before := rune(0)
	for len(v) > 0 {
		r, n := utf8.DecodeRune(v)
		switch {
		case r == utf8.RuneError && n == 1: // no text: as it stands
			out = append(out, v[0])
		case r == '\u200c' || r == '\u200d':
			// Joiners are letters of some names (RFC 5892, appendix A), between such as have them.
			next, _ := utf8.DecodeRune(v[n:])
			if before >= 0x0600 && next >= 0x0600 && unicode.IsOneOf(joined, before) && unicode.IsOneOf(joined, next) {
				out = append(out, v[:n]...)
			}
		case isUnseen(r):
		case '\uff01' <= r && r <= '\uff5e':
			r += '!' - '\uff01'
			out = append(out, byte(r)) //nolint:gosec // it is ASCII
		case r == '\ufe6b':
			out = append(out, '@')
		default:
			out = append(out, v[:n]...)
		}
		before, v = r, v[n:]
	}
	return out
}

var joined = []*unicode.RangeTable{unicode.L, unicode.M}

// isUnseen reports whether a character shows nothing: zero width, marks of direction, a soft
// hyphen, a byte order mark.
func isUnseen(r rune) bool {
	switch {
	case r == '\u00ad', r == '\u034f', r == '\u061c', r == '\u180e', r == '\ufeff':
		return true
	case '\u200b' <= r && r <= '\u200f', '\u202a' <= r && r <= '\u202e', '\u2060' <= r && r <= '\u206f':
		return true
	}
	return false
}

// quotesAround are marks that are put around an address, and mean nothing.
var quotesAround = []struct{ open, close string }{
	{"<", ">"}, {`"`, `"`}, {"'", "'"}, {"“", "”"}, {"„", "“"}, {"‘", "’"}, {"«", "»"}, {"‹", "›"},
}

// around takes off what stands at the ends, as often as there is something: of
// '<mailto:ann@example.com>', say.
func around(v []byte) []byte {
	for {
		n := len(v)
		v = bytes.TrimFunc(v, unicode.IsSpace)
		v = bytes.TrimRight(bytes.TrimLeft(v, ",;"), ",;.")
		const scheme = "mailto:"
		if len(v) > len(scheme) && strings.EqualFold(string(v[:len(scheme)]), scheme) {
			v, _, _ = bytes.Cut(v[len(scheme):], []byte("?"))
			if plain, ok := pathUnescape(string(v)); ok { // RFC 6068, section 2
				v = []byte(plain)
			}
		}
		for _, q := range quotesAround {
			v = withoutQuotes(v, q.open, q.close)
		}
		if len(v) == n {
			return v
		}
	}
}

// withoutQuotes takes a pair of marks off, if it is around all of a text. One that closes and was
// never opened goes as well, as no domain ends with one.
func withoutQuotes(v []byte, open, close string) []byte {
	inner, ends := bytes.CutSuffix(v, []byte(close))
	if !ends || len(inner) == 0 {
		return v
	}
	if rest, begins := bytes.CutPrefix(inner, []byte(open)); begins {
		if bytes.Contains(rest, []byte(open)) && open != "'" {
			return v // "Ada" <"ada"@example.com>, say: these are two
		}
		return rest
	}
	if bytes.Contains(inner, []byte(open)) || bytes.IndexByte(inner, '@') < 0 {
		return v
	}
	return inner
}

// QuotedAddress reads an address with quotes or comments. Package quoted sets it: see there.
var QuotedAddress = func(string) (address string, ok bool) {
	panic("package brood/jobs/quoted is not imported by who asks for addresses")
}

// bare takes the name off an address such as Ada <ada@example.com>.
func bare(v []byte) []byte {
	v = CleanAddress(v)
	if bytes.ContainsAny(v, "\"(") { // quotes and comments: RFC 5322, section 3.4
		if address, ok := QuotedAddress(string(v)); ok {
			return []byte(address)
		}
	}
	if i := bytes.LastIndexByte(v, '<'); i >= 0 && v[len(v)-1] == '>' {
		v = bytes.TrimSpace(v[i+1 : len(v)-1])
	}
	return v
}

func normalEmail(v []byte) []byte {
	v = bytes.ToLower(norm.NFC.Bytes(bare(v)))
	at := bytes.LastIndexByte(v, '@')
	if at < 0 {
		return v
	}
	domain := bytes.TrimSuffix(v[at+1:], []byte("."))
	if !bytes.ContainsFunc(domain, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return v[:at+1+len(domain)]
	}
	if ascii, err := ASCIIDomain(string(domain)); err == nil {
		domain = []byte(ascii) // one that cannot be looked up is compared as it stands
	}
	return append(v[:at+1:at+1], domain...)
}

// ASCIIDomain is the name of a domain as the DNS has it: RFC 5891. An underscore in a label is
// none of a host's name (RFC 1123, section 2.1), but the DNS has any (RFC 2181, section 11), and
// there are domains with one that take mail.
func ASCIIDomain(domain string) (string, error) {
	if !strings.Contains(domain, "_") {
		return idna.Lookup.ToASCII(domain)
	}
	labels := strings.Split(domain, ".")
	for i, label := range labels {
		ascii, err := idna.Lookup.ToASCII(strings.ReplaceAll(label, "_", "x")) // in its place, for the rest
		if err != nil {
			return "", err
		}
		switch {
		case label == "" || len(label) > 63:
			return "", errors.New("a label is empty, or too long")
		case !strings.Contains(label, "_"):
			labels[i] = ascii
		case strings.ContainsFunc(label, func(r rune) bool { return r >= utf8.RuneSelf }):
			return "", errors.New("an underscore beside letters that are not ASCII")
		default:
			labels[i] = strings.ToLower(label)
		}
	}
	if out := strings.Join(labels, "."); len(out) <= 253 {
		return out, nil
	}
	return "", errors.New("the name is too long")
}
