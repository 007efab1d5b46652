package email

import (
	"errors"
	"fmt"
	"mime"
	netmail "net/mail"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
)

// mailbox is an address as a header has it.
type mailbox struct {
	name    string
	address string // addr-spec without quotes, its domain as the mail system wants it
	text    string // both, as they are written
}

// newMailbox writes a name and an address for a header.
func newMailbox(header string, a *netmail.Address) (mailbox, error) {
	address, err := asciiDomain(a.Address)
	if err != nil {
		return mailbox{}, fmt.Errorf("header %s: %w", header, err)
	}
	return writtenMailbox(header, &netmail.Address{Name: a.Name, Address: address})
}

// writtenMailbox is newMailbox for an address whose domain is as it should be. It refuses what no
// line has room for, or would not be read as what it is.
func writtenMailbox(header string, a *netmail.Address) (mailbox, error) {
	if err := oneLine("header "+header, a.Name); err != nil {
		return mailbox{}, err
	}
	box := mailbox{a.Name, a.Address, path(a.Address)}
	if a.Name != "" {
		box.text = phrase(a.Name) + " " + box.text
	}
	if n := longest(box.text); n > mostLine {
		return mailbox{}, fmt.Errorf("header %s: an address of %d octets, and a line may have 998", header, n)
	}
	if back, err := parseAddress(box.text); err != nil || back.Name != box.name || back.Address != box.address {
		return mailbox{}, fmt.Errorf("header %s: the name %q cannot be written so that it is read", header, a.Name)
	}
	return box, nil
}

// mostWord is what a word of a name may have before it is cut into encoded ones, which can be
// folded.
const mostWord = 900

// phrase writes a name before an address, RFC 5322, section 3.2.5: in quotes, or, where it has
// other letters than ASCII or would be read as something else, in encoded words.
func phrase(name string) string {
	switch {
	case strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }):
		// Of what has a meaning in a phrase nothing may stand in Q: RFC 2047, section 5 (3).
		if strings.ContainsAny(name, "\"#$%&'(),.:;<>@[]^`{|}~\\") {
			return mime.BEncoding.Encode("utf-8", name)
		}
		return mime.QEncoding.Encode("utf-8", name)
	case readable(name) && longest(name) <= mostWord:
		return strings.TrimSuffix((&netmail.Address{Name: name}).String(), " <@>")
	}
	return encodedPhrase(name)
}

// encodedPhrase writes any name in encoded words of at most 75 octets: RFC 2047, section 2.
func encodedPhrase(name string) string {
	const most = 45 // octets, which are 60 in base64
	var words []string
	begin := 0
	flush := func(end int) {
		words = append(words, "=?utf-8?b?"+encodeB(name[begin:end])+"?=")
		begin = end
	}
	for i, r := range name {
		if i+utf8.RuneLen(r)-begin > most {
			flush(i)
		}
	}
	flush(len(name))
	return strings.Join(words, " ")
}

// lists reads lists of addresses, with encoded words in whatever letters they have.
var lists = netmail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: charset.Reader}}

// onlyAddress reads a value that is to be one address, with or without a name.
func onlyAddress(value string) (*netmail.Address, error) {
	a, err := lists.Parse(value)
	switch {
	case err == nil && strings.HasSuffix(strings.TrimSpace(value), ";"):
		err = errors.New("it is a group")
	case err != nil && strings.ContainsAny(value, ",;"):
		err = fmt.Errorf("it is not one address, and a value is never two (a column with a list: --use-columns): %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", value, err)
	}
	return a, nil
}

// listOf reads a list of addresses that a column has which acts.
func listOf(header, value string) ([]mailbox, error) {
	if err := oneLine("header "+header, value); err != nil {
		return nil, err
	}
	list, err := lists.ParseList(value)
	if err != nil {
		return nil, fmt.Errorf("header %s: %q: %w", header, value, err)
	}
	var out []mailbox
	for _, a := range list {
		box, err := newMailbox(header, a)
		if err != nil {
			return nil, err
		}
		out = append(out, box)
	}
	return out, nil
}

// folded is a header as it is sent, without the end of its last line. It is folded at spaces, so
// that its lines have at most 76 octets if they can: RFC 5322, section 2.2.3.
func folded(name, value string) string {
	var out strings.Builder
	out.Grow(len(name) + len(value) + 16)
	out.WriteString(name)
	out.WriteByte(':')
	// Counted as go-mail does, so that all headers look alike.
	room := 72 - len(name)
	for word := range strings.SplitSeq(value, " ") {
		if word == "" {
			continue // a line must not be made of spaces alone: RFC 5322, section 3.2.2
		}
		if room-len(word) <= 1 {
			out.WriteString("\r\n")
			room = 73
		}
		out.WriteByte(' ')
		out.WriteString(word)
		room -= len(word) + 1
	}
	return out.String()
}
