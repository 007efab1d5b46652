package email

import (
	"brood/jobs"
	"brood/jobs/email/verp"
	"bytes"
	"errors"
	"fmt"
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

	eightBit bool // a part is not ASCII, and not encoded

	addresses map[string][]mailbox // by name of the header
	names     []string             // of headers that are set
	repeated  []header             // those of a name that was there
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

// addressHeaders are those that have addresses in them, in the order in which they are written.
var addressHeaders = []string{
	"From", "Sender", "To", "Cc", "Bcc", "Reply-To", "Errors-To", "Return-Receipt-To", "Disposition-Notification-To", "X-Confirm-Reading-To",
	"Mail-Followup-To", "Mail-Reply-To", "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Bcc", "Resent-Reply-To",
}

func hasAddresses(name string) bool { return slices.Contains(addressHeaders, name) }

// onlyOnce are the other headers of which there may be one: RFC 5322, section 3.6, RFC 2369, RFC
// 2919, RFC 3834, RFC 3282, and what mail programs read of their own.
var onlyOnce = []string{
	"Subject", "In-Reply-To", "References", "List-Id", "List-Help", "List-Post", "List-Owner", "List-Archive", "List-Subscribe",
	"Auto-Submitted", "Content-Language", "Precedence", "Priority", "Importance", "X-Priority", "X-Mailer", "User-Agent", "Organization", "Feedback-Id",
}

// maySeveral reports whether there may be several headers of a name, or, of Cc and Bcc, lines of one.
func maySeveral(name string) bool {
	return name == "Cc" || name == "Bcc" || !hasAddresses(name) && !slices.Contains(onlyOnce, name)
}

// mayBeSet refuses headers that are not for the user to write.
func mayBeSet(name string) error {
	switch name {
	case "Date", "Message-Id":
		return fmt.Errorf("header %s: leave it out, brood writes it", name)
	case "Mime-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Id":
		return fmt.Errorf("header %s: leave it out, brood writes it; HTML goes into --html, or on top of a --template it says what follows", name)
	case "Dkim-Signature", "Return-Path", "Received":
		return fmt.Errorf("header %s is not written by hand: see --dkim-key and --return-path", name)
	case "List-Unsubscribe", "List-Unsubscribe-Post":
		return fmt.Errorf("header %s is set by --unsubscribe, or by the column %s", name, unsubscribeColumn)
	}
	return nil
}

// set sets a header that has no addresses. One of a name that is there already goes beside it,
// unless there may be one: see checkHeaders.
func (l *letter) set(name, value string) error {
	switch phrase, rest := cutAngle(value); {
	case name == "Subject":
		value = encodeText(name, value)
	case isASCII(value) && !strings.Contains(value, "=?"): // that would be read as encoded
		value = strings.Join(strings.Fields(value), " ")
	case rest != "": // List-Id: Grüße <news.example.com>
		value = encodeText(name, phrase) + " " + rest
	default:
		value = encodeText(name, value)
	}
	if n := longest(value); n > mostLine {
		return fmt.Errorf("header %s: a word of %d octets, and a line may have 998", name, n)
	}
	if slices.Contains(l.names, name) && !slices.Contains(onlyOnce, name) {
		l.repeated = append(l.repeated, header{name, value})
		return nil
	}
	l.names = append(l.names, name)
	l.SetGenHeader(mail.Header(name), value)
	return nil
}

// cutAngle takes off a value what stands in angle brackets at its end, if that is ASCII and there is
// something before it: a name, and what is named. Rest is empty where it is not so.
func cutAngle(value string) (phrase, rest string) {
	i := strings.LastIndexByte(value, '<')
	if i <= 0 || !strings.HasSuffix(value, ">") || !isASCII(value[i:]) || strings.Contains(value[i:], "=?") {
		return value, ""
	}
	return strings.TrimSpace(value[:i]), value[i:]
}

// setAddresses sets a header of addresses, or adds to it. Who must not be written to is left out
// of Cc and Bcc.
func (l *letter) setAddresses(name string, list []mailbox) {
	for _, box := range list {
		if name == "Cc" || name == "Bcc" {
			if l.allowed != nil && !l.allowed(box.address) {
				continue
			}
			l.addRecipient(box.address)
		}
		l.utf8 = l.utf8 || !isASCII(box.address)
		if l.addresses == nil {
			l.addresses = make(map[string][]mailbox)
		}
		l.addresses[name] = append(l.addresses[name], box)
	}
}

// checkAddresses refuses headers of addresses that do not go together: RFC 5322, section 3.6.2.
func (l *letter) checkAddresses() error {
	from, sender := l.addresses["From"], l.addresses["Sender"]
	switch {
	case len(from) == 0:
		return errors.New("there is no From")
	case len(from) > 1 && len(sender) == 0:
		return fmt.Errorf("header From has %d addresses: a header Sender must say which of them sends it (or is there a name with a comma in it? It goes into quotes)", len(from))
	case len(sender) > 1:
		return fmt.Errorf("header Sender has %d addresses: it has one", len(sender))
	}
	return nil
}

// writeAddresses puts the headers of addresses, and those that are repeated, into the message.
func (l *letter) writeAddresses() {
	var lines []string
	for _, name := range addressHeaders {
		list := l.addresses[name]
		// In a Maildir there is no envelope: whoever sends the message from there reads Bcc,
		// and takes it out.
		if len(list) == 0 || l.envelope && (name == "Bcc" || name == "Resent-Bcc") {
			continue
		}
		all := make([]string, len(list))
		for i, box := range list {
			all[i] = box.text
		}
		lines = append(lines, folded(name, strings.Join(all, ", ")))
	}
	for _, h := range l.repeated {
		lines = append(lines, folded(h.Name, h.Value))
	}
	// go-mail would write several of one name as a list, and of From only the first. It puts a
	// colon and a space between what it takes for the name of one header and its value.
	block := strings.Join(lines, "\r\n")
	name, value, ok := strings.Cut(block, ": ")
	if !ok { // each is folded behind its name
		name, value, _ = strings.Cut(block, ":")
	}
	l.SetGenHeaderPreformatted(mail.Header(name), value)
}

// addRecipient adds an address, unless it is among them.
func (l *letter) addRecipient(address string) {
	normal := jobs.NormalAddress([]byte(address))
	if !slices.ContainsFunc(l.recipients, func(r string) bool { return bytes.Equal(jobs.NormalAddress([]byte(r)), normal) }) {
		l.recipients = append(l.recipients, address)
	}
}
