package email

import (
	"brood/jobs"
	"brood/jobs/email/verp"
	"bytes"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"
)

// letter is a message with what its way takes.
type letter struct {
	*mail.Msg
	message    []byte   // as it is sent, with the line ends of the wire
	sender     string   // the address in From
	from       string   // the return path, see returnPath
	verp       bool     // each recipient has one of its own
	recipients []string // addresses, with those of Cc and Bcc
	id         string   // Message-ID without angle brackets
	// envelope says that there is one, so that Bcc need not be a header.
	envelope bool
	allowed  func(string) bool
	utf8     bool // a header has an address with other letters than ASCII
}

// returnPath is where reports go that are about some recipients: see together.
func (l *letter) returnPath(to []string) string {
	if l.verp {
		return verp.Write(l.from, to[0])
	}
	return l.from
}

// together are the first of some recipients that have a return path in common, and so can be
// served by one transaction.
func (l *letter) together(to []string) []string {
	if l.verp {
		return to[:1]
	}
	return to
}

// bounced is the recipient whom an error is about, or nothing if it may be another
// one of several.
func (l *letter) bounced(err error) string {
	var one *rcptError
	switch {
	case errors.As(err, &one):
		return one.to
	case len(l.recipients) == 1:
		return l.recipients[0]
	}
	return ""
}

// ascii reports whether all addresses are.
func (l *letter) ascii() bool {
	if l.utf8 {
		return false
	}
	for _, a := range append([]string{l.from}, l.recipients...) {
		for i := range len(a) {
			if a[i] >= 0x80 {
				return false
			}
		}
	}
	return true
}

// oneLine refuses what would begin another header: RFC 5322, section 2.2.
func oneLine(what, value string) error {
	if strings.ContainsAny(value, "\r\n") {
		return fmt.Errorf("%s would have a line break in it", what)
	}
	if strings.ContainsRune(value, 0) {
		return fmt.Errorf("%s would have a zero byte in it", what)
	}
	if err := isText(value); err != nil {
		return fmt.Errorf("%s %w", what, err)
	}
	return nil
}

// mostLine is what a line may have, RFC 5322, section 2.1.1, without the space that
// goes before it.
const mostLine = 997

// mayBeSet refuses headers that are not for the user to write.
func mayBeSet(name string) error {
	switch name {
	case "To", "Date", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding", "List-Unsubscribe-Post":
		return fmt.Errorf("header %s is brood's to set", name)
	case "Dkim-Signature", "Return-Path", "Received":
		return fmt.Errorf("header %s is not written by hand: see --dkim-key and --return-path", name)
	case "List-Unsubscribe":
		return fmt.Errorf("header %s is set by --unsubscribe, or by the column %s", name, unsubscribeColumn)
	}
	return nil
}

// set sets a header.
func (l *letter) set(name, value string) error {
	if err := mayBeSet(name); err != nil {
		return err
	}
	switch name {
	case "From", "Reply-To", "Cc", "Bcc":
		list, err := netmail.ParseAddressList(value)
		if err != nil {
			return fmt.Errorf("header %s: %q: %w", name, value, err)
		}
		return l.setAddresses(name, list)
	case "Subject":
		l.SetGenHeader(mail.HeaderSubject, encodeText(name, value))
	default:
		if !isASCII(value) || strings.Contains(value, "=?") { // that would be read as encoded
			value = encodeText(name, value)
		}
		if n := longest(value); n > mostLine {
			return fmt.Errorf("header %s: a word of %d octets, and a line may have 998", name, n)
		}
		l.SetGenHeader(mail.Header(name), value)
	}
	return nil
}

// writable refuses an address of a header that no line has room for, or that would not be
// read as what it is: net/mail encodes no backslash beside letters that are not ASCII.
func writable(header string, a *netmail.Address) error {
	text := a.String()
	if n := longest(text); n > mostLine {
		return fmt.Errorf("header %s: a name of %d octets, and a line may have 998", header, n)
	}
	if back, err := netmail.ParseAddress(text); err != nil || *back != *a {
		return fmt.Errorf("header %s: the name %q cannot be written so that it is read (is there a backslash in it?)", header, a.Name)
	}
	return nil
}

// addRecipient adds an address, unless it is among them.
func (l *letter) addRecipient(address string) {
	normal := jobs.NormalAddress([]byte(address))
	if !slices.ContainsFunc(l.recipients, func(r string) bool { return bytes.Equal(jobs.NormalAddress([]byte(r)), normal) }) {
		l.recipients = append(l.recipients, address)
	}
}

// setAddresses sets a header of addresses. Who must not be written to is left out
// of Cc and Bcc.
func (l *letter) setAddresses(name string, list []*netmail.Address) error {
	var kept []*netmail.Address
	for _, a := range list {
		var err error
		if a.Address, err = asciiDomain(a.Address); err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
		if err := oneLine("header "+name, a.Name); err != nil {
			return err
		}
		if copied := name == "Cc" || name == "Bcc"; copied {
			if l.allowed != nil && !l.allowed(a.Address) {
				continue
			}
			l.addRecipient(a.Address)
		}
		l.utf8 = l.utf8 || !isASCII(a.Address)
		if err := writable(name, a); err != nil {
			return err
		}
		kept = append(kept, a)
	}
	switch {
	case len(kept) == 0:
	case name == "From":
		l.FromMailAddress(kept[0])
	case name == "Reply-To":
		l.ReplyToMailAddress(kept...)
	case name == "Cc":
		l.CcMailAddress(kept...)
	case !l.envelope:
		// In a Maildir there is no envelope: whoever sends the message from there
		// reads it, and takes it out.
		var all []string
		for _, a := range kept {
			all = append(all, a.String())
		}
		l.SetGenHeader("Bcc", strings.Join(all, ", "))
	}
	return nil
}
