// Package verp writes whom a message is for into the address that reports about it go to,
// and reads it there: variable envelope return paths.
//
// A return path bounces@example.com becomes one of three, by what the recipient's address is:
//
//	bounces+ann=example.org@example.com      one that needs nothing: LOCAL=DOMAIN, as it stands
//	bounces+==a=20b=example.org@example.com  one with other letters in its local part: each octet
//	                                         but A-Z a-z 0-9 - _ and single dots as = and two
//	                                         hexadecimal digits
//	bounces+=hzc4j…@example.com              one that the local part has no room for, of which RFC
//	                                         5321, section 4.5.3.1.1, allows 64 octets: 16 letters
//	                                         of its SHA-256, in base32 and small
//
// The last = stands before the domain, which can have none; the first + ends the local part of
// the return path, which therefore has none (see Check). A recipient whose local part begins with
// = is written in the second form. What is read does not depend on capitals, as systems on the
// way change them.
package verp

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/mail"
	"strings"
)

const (
	// mostLocal are the octets that a local part may have: RFC 5321, section 4.5.3.1.1.
	mostLocal = 64
	// hashMark stands before a hash, and escapeMark before a local part with escapes.
	hashMark, escapeMark = "=h", "=="
	hashLetters          = 16
	// mostBase is what leaves room for a hash in each return path.
	mostBase = mostLocal - len("+"+hashMark) - hashLetters
)

// Check refuses a return path that nothing can be written into so that it is read again.
func Check(returnPath string) error {
	local, domain := cut(returnPath)
	switch {
	case local == "" || domain == "":
		return fmt.Errorf("%q is not an address", returnPath)
	case strings.Contains(local, "+"):
		return errors.New("the recipient comes behind a +, so there can be none before it")
	case !isAtoms(local):
		return errors.New("what stands before the @ needs quotes, and a + with the recipient goes behind it: take a plainer one")
	case len(local) > mostBase:
		return fmt.Errorf("what stands before the @ has %d octets; there is room for %d, as the recipient goes behind it", len(local), mostBase)
	}
	return nil
}

// Write writes a recipient into a return path that Check allows. Both are addresses without
// names and quotes (addr-spec as net/mail has it in Address), and so is the result.
func Write(returnPath, to string) string {
	base, domain := cut(returnPath)
	local, toDomain := cut(to)
	tag := local + "=" + toDomain
	if !isPlain(local) {
		tag = escapeMark + escape(local) + "=" + toDomain
	}
	if len(base)+len("+")+len(tag) > mostLocal || strings.Contains(toDomain, "=") {
		tag = hashMark + hash(to)
	}
	return base + "+" + tag + "@" + domain
}

// Read is whom a message was for whose return path was made by Write. Ok is false where the
// address says nothing of the kind, or has no more than a hash of it: see Match.
func Read(address string) (to string, ok bool) {
	tag, ok := tagOf(address)
	if !ok || isHash(tag) {
		return "", false
	}
	i := strings.LastIndexByte(tag, '=')
	if i <= 0 || i == len(tag)-1 {
		return "", false
	}
	local, domain := tag[:i], tag[i+1:]
	if escaped, is := strings.CutPrefix(tag, escapeMark); is {
		if i < len(escapeMark) {
			return "", false
		}
		if local, ok = unescape(escaped[:i-len(escapeMark)]); !ok {
			return "", false
		}
	} else if !isAtoms(local) {
		return "", false
	}
	to = local + "@" + domain
	// Anybody may write to such an address, and what is read may go to a list.
	back, err := mail.ParseAddress((&mail.Address{Address: to}).String())
	if err != nil || back.Address != to || strings.ContainsAny(domain, "[]") {
		return "", false
	}
	return to, true
}

// Hashed reports whether an address has a hash of the recipient, so that it can only be
// recognised: see Match.
func Hashed(address string) bool {
	tag, ok := tagOf(address)
	return ok && isHash(tag)
}

// Match reports whether Write made an address for a recipient, such as one that is named in a
// message that came back.
func Match(address, to string) bool {
	tag, ok := tagOf(address)
	if ok && isHash(tag) {
		return strings.EqualFold(tag[len(hashMark):], hash(to))
	}
	read, ok := Read(address)
	return ok && strings.EqualFold(read, to)
}

// tagOf is what stands behind the first + of a local part.
func tagOf(address string) (string, bool) {
	local, _ := cut(address)
	_, tag, ok := strings.Cut(local, "+")
	return tag, ok && tag != ""
}

func isHash(tag string) bool {
	if len(tag) != len(hashMark)+hashLetters || !strings.EqualFold(tag[:len(hashMark)], hashMark) {
		return false
	}
	_, err := letters.DecodeString(strings.ToLower(tag[len(hashMark):]))
	return err == nil
}

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// hash is of an address whatever its capitals.
func hash(to string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(to)))
	return letters.EncodeToString(sum[:hashLetters*5/8])
}

func cut(address string) (local, domain string) {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return address, ""
	}
	return address[:i], address[i+1:]
}

// isAtoms reports whether a local part needs no quotes: RFC 5322, section 3.4.1, RFC 6532.
func isAtoms(local string) bool {
	return local != "" && (&mail.Address{Address: local + "@x"}).String() == "<"+local+"@x>"
}

// isPlain reports whether a local part can stand in another as it is. What mail systems take for
// a way to others (%, ! and /: RFC 5321, appendix C) is written with escapes, as is what is no
// ASCII: a report should come back through those that know no other letters (RFC 6531).
func isPlain(local string) bool {
	for i := range len(local) {
		if local[i] >= 0x80 || strings.IndexByte("%!/|`", local[i]) >= 0 {
			return false
		}
	}
	return isAtoms(local) && local[0] != '='
}

func escape(local string) string {
	var out strings.Builder
	for i := range len(local) {
		c := local[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_',
			c == '.' && (i == 0 || local[i-1] != '.'):
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "=%02X", c)
		}
	}
	return out.String()
}

func unescape(s string) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			out.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, low := digit(s[i+1]), digit(s[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		out.WriteByte(byte(high<<4 | low))
		i += 2
	}
	return out.String(), true
}

func digit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
