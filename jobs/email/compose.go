package email

import (
	"brood/jobs"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// composer makes the message of a record.
type composer struct {
	config
	headers    []filledHeader
	text, html filler // nil: there is none
}

type filledHeader struct {
	name  string
	value filler
}

// newComposer parses the templates; shape is that of the records.
func newComposer(c config, shape *jobs.Shape) (*composer, error) {
	out := &composer{config: c}
	for _, h := range c.Headers {
		t, err := textTemplate(h.Name, h.Value, shape)
		if err != nil {
			return nil, err
		}
		out.headers = append(out.headers, filledHeader{h.Name, t})
	}
	var err error
	if c.Text != "" {
		if out.text, err = textTemplate(c.TextName, c.Text, shape); err != nil {
			return nil, err
		}
	}
	if c.HTML != "" {
		out.html, err = htmlTemplate(c.HTMLName, c.HTML, shape)
	}
	return out, err
}

// The columns that an address may stand in.
var addressColumns = []string{"email", "to", "e-mail"}

// letter is a message with what its way takes.
type letter struct {
	*mail.Msg
	from       string   // the sender's address
	recipients []string // addresses, with those of Cc and Bcc
	id         string   // Message-ID without angle brackets
	// envelope says that there is one, so that Bcc need not be a header.
	envelope bool
}

// ascii reports whether all addresses are.
func (l *letter) ascii() bool {
	for _, a := range append([]string{l.from}, l.recipients...) {
		for i := range len(a) {
			if a[i] >= 0x80 {
				return false
			}
		}
	}
	return true
}

// badRecord is why no message can be made of a record.
type badRecord struct {
	class jobs.Class
	err   error
}

func (e *badRecord) Error() string { return e.err.Error() }

const (
	classAddress  jobs.Class = "address"
	classTemplate jobs.Class = "template"
	classHeader   jobs.Class = "header"
)

// compose makes the message of a record. An error is a *badRecord.
func (c *composer) compose(rec *jobs.Record, key, run string) (*letter, error) {
	vars := variablesOf(rec)
	to, err := recipient(vars)
	if err != nil {
		return nil, &badRecord{classAddress, err}
	}
	l := &letter{Msg: mail.NewMsg(mail.WithNoDefaultUserAgent()), recipients: []string{to.Address}, envelope: c.Server != nil}
	l.ToMailAddress(to)
	l.SetDate()
	headers, err := c.fillHeaders(vars)
	if err != nil {
		return nil, err
	}
	for _, h := range headers {
		if err := l.set(h.Name, h.Value); err != nil {
			return nil, &badRecord{classHeader, err}
		}
	}
	from := l.GetFrom()
	if len(from) == 0 {
		return nil, &badRecord{classHeader, errors.New("there is no From")}
	}
	l.from = from[0].Address
	_, domain, _ := cutAddress(l.from)
	mac := hmac.New(sha256.New, []byte(run))
	mac.Write([]byte(key))
	l.id = hex.EncodeToString(mac.Sum(nil)[:16]) + "@" + domain
	l.SetMessageIDWithValue(l.id)
	if err := c.fillBody(l, vars); err != nil {
		return nil, &badRecord{classTemplate, err}
	}
	return l, c.attach(l, vars)
}

// fillHeaders fills the headers of the template, and those that a record has in
// columns of its own, which count more.
func (c *composer) fillHeaders(vars variables) ([]header, error) {
	own := map[string]string{"Subject": "subject", "Cc": "cc", "Bcc": "bcc", "Reply-To": "reply_to"}
	var out []header
	for _, h := range c.headers {
		if _, ok := vars[own[h.name]]; ok {
			continue
		}
		value, err := fill(h.value, vars)
		if err != nil {
			return nil, &badRecord{classTemplate, fmt.Errorf("header %s: %w", h.name, err)}
		}
		out = append(out, header{h.name, value})
	}
	for _, name := range []string{"Subject", "Cc", "Bcc", "Reply-To"} {
		if v, ok := vars[own[name]]; ok {
			out = append(out, header{name, v})
		}
	}
	for _, h := range out {
		// A line break would begin another header: RFC 5322, section 2.2.
		if strings.ContainsAny(h.Value, "\r\n") {
			return nil, &badRecord{classHeader, fmt.Errorf("header %s would have a line break in it", h.Name)}
		}
	}
	if !slices.ContainsFunc(out, func(h header) bool { return h.Name == "Subject" && strings.TrimSpace(h.Value) != "" }) {
		return nil, &badRecord{classHeader, errors.New("there is no Subject")}
	}
	return out, nil
}

// set sets a header.
func (l *letter) set(name, value string) error {
	switch name {
	case "From", "Reply-To", "Cc", "Bcc":
		list, err := netmail.ParseAddressList(value)
		if err != nil {
			return fmt.Errorf("header %s: %q: %w", name, value, err)
		}
		for _, a := range list {
			if a.Address, err = asciiDomain(a.Address); err != nil {
				return fmt.Errorf("header %s: %w", name, err)
			}
			if name == "Cc" || name == "Bcc" {
				l.recipients = append(l.recipients, a.Address)
			}
		}
		switch name {
		case "From":
			l.FromMailAddress(list[0])
		case "Reply-To":
			l.ReplyToMailAddress(list...)
		case "Cc":
			l.CcMailAddress(list...)
		default:
			if l.envelope {
				break
			}
			// In a Maildir there is no envelope: whoever sends the message from
			// there reads it, and takes it out.
			var all []string
			for _, a := range list {
				all = append(all, a.String())
			}
			l.SetGenHeader("Bcc", strings.Join(all, ", "))
		}
	case "To", "Date", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding":
		return fmt.Errorf("header %s is brood's to set", name)
	case "Subject":
		l.Subject(value)
	default:
		l.SetGenHeader(mail.Header(name), value)
	}
	return nil
}

func (c *composer) fillBody(l *letter, vars variables) error {
	if c.text != nil {
		text, err := fill(c.text, vars)
		if err != nil {
			return err
		}
		l.SetBodyString(mail.TypeTextPlain, text)
	}
	if c.html == nil {
		return nil
	}
	html, err := fill(c.html, vars)
	if err != nil {
		return err
	}
	if c.text == nil {
		l.SetBodyString(mail.TypeTextHTML, html)
	} else {
		l.AddAlternativeString(mail.TypeTextHTML, html)
	}
	return nil
}

// attach adds the files for all, and those of the record.
func (c *composer) attach(l *letter, vars variables) error {
	files := slices.Clone(c.Attach)
	for name := range strings.SplitSeq(vars["attachments"], ";") {
		if name = strings.TrimSpace(name); name != "" {
			files = append(files, name)
		}
	}
	for _, name := range files {
		st, err := os.Stat(name)
		if err == nil && !st.Mode().IsRegular() {
			err = fmt.Errorf("%s is not a regular file", name)
		}
		if err != nil {
			return &badRecord{"attachment", fmt.Errorf("attachment: %w", err)}
		}
		l.AttachFile(name, mail.WithFileName(filepath.Base(name)))
	}
	return nil
}

// recipient is whom a record is about.
func recipient(vars variables) (*netmail.Address, error) {
	for _, column := range addressColumns {
		v, ok := vars[column]
		if !ok {
			continue
		}
		a, err := netmail.ParseAddress(strings.TrimSpace(v))
		if err != nil {
			return nil, fmt.Errorf("%q is not an address: %w", v, err)
		}
		if a.Address, err = asciiDomain(a.Address); err != nil {
			return nil, err
		}
		if a.Name == "" {
			if a.Name = vars["name"]; a.Name == "" {
				a.Name = strings.TrimSpace(vars["first_name"] + " " + vars["last_name"])
			}
		}
		if strings.ContainsAny(a.Name, "\r\n") {
			return nil, errors.New("the name has a line break in it")
		}
		return a, nil
	}
	return nil, fmt.Errorf("there is no address: columns %s are empty or missing", strings.Join(addressColumns, ", "))
}

func cutAddress(a string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(a, '@')
	if i < 0 {
		return a, "", false
	}
	return a[:i], a[i+1:], true
}

// asciiDomain writes the domain of an address as the mail system wants it: RFC
// 5891.
func asciiDomain(a string) (string, error) {
	local, domain, ok := cutAddress(a)
	if !ok {
		return "", fmt.Errorf("%q is not an address", a)
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || ascii == "" {
		return "", fmt.Errorf("%q: the domain is not valid", a)
	}
	return local + "@" + ascii, nil
}
