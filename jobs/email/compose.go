package email

import (
	"brood/jobs"
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail"
)

// composer makes the message of a record, or of several at a time.
type composer struct {
	config
	columns
	layouts     map[string]*layout // by language; under "" if there is one for all
	unsubscribe *slotted           // nil: only the column says
	signer      *signer            // nil: not signed
	named       []filler           // names of files
	// The last HTML that a text was made of, and that text.
	madeOf, made string
	madeMu       sync.Mutex
	size         atomic.Int64 // of a message, with some room
	now          func() time.Time
	// allowed reports whether an address may be written to; it may be nil.
	allowed func(address string) bool
}

// setHeader is a header with what a record brings.
type setHeader struct {
	name, value string
	list        []mailbox // of one with addresses
}

// newComposer parses the templates; shape is that of the records.
func newComposer(c config, shape *jobs.Shape) (*composer, error) {
	out := &composer{config: c, columns: columnsIn(shape, c.Address, &c.List), layouts: make(map[string]*layout), now: time.Now}
	langs := make(map[string]bool)
	parts := []variants{c.Template, c.Text, c.HTML, c.Markdown, c.Calendar}
	for _, v := range parts {
		for lang := range v {
			langs[lang] = true
		}
	}
	if len(langs) > 1 {
		delete(langs, "") // that part is for all of them
	}
	if len(langs) == 0 {
		langs[""] = true
	}
	for _, lang := range slices.Sorted(maps.Keys(langs)) {
		for _, v := range parts {
			if _, ok := v.of(lang); !ok && v != nil {
				return nil, fmt.Errorf("there are templates in language %s for one part of the messages and not for another", lang)
			}
		}
		var err error
		if out.layouts[lang], err = newLayout(&c, lang, out.fillable()); err != nil {
			return nil, err
		}
		out.layouts[lang].bind(lang, func() time.Time { return out.now() })
	}
	if _, ok := out.layouts[c.DefaultLang]; !ok && c.DefaultLang != "" {
		return nil, fmt.Errorf("--default-lang %s: there is no template in it, but in %s", c.DefaultLang, strings.Join(slices.Sorted(maps.Keys(langs)), ", "))
	}
	var err error
	if c.Unsubscribe != "" {
		if out.unsubscribe, err = newSlotted("List-Unsubscribe", c.Unsubscribe, out.known); err != nil {
			return nil, err
		}
	}
	for _, name := range c.AttachNamed {
		f, err := textTemplate("header ATTACHMENT", name, out.known)
		if err != nil {
			return nil, err
		}
		out.named = append(out.named, f)
	}
	if c.DKIM != nil {
		out.signer, err = c.DKIM.open()
	}
	return out, err
}

// badRecord is why no message can be made of a record.
type badRecord struct {
	class jobs.Class
	err   error
}

func (e *badRecord) Error() string { return e.err.Error() }

const (
	classAddress    jobs.Class = "address"
	classTemplate   jobs.Class = "template"
	classHeader     jobs.Class = "header"
	classAttachment jobs.Class = "attachment"
)

// compose makes the message of a record. To is who gets it instead of whom the
// record names, if that is not empty. An error is a *badRecord.
func (c *composer) compose(rec *jobs.Record, key, run, instead string) (*letter, error) {
	vars, acting, err := c.variablesOf(rec)
	if err != nil {
		return nil, &badRecord{classTemplate, err}
	}
	to, err := recipient(vars, c.addresses)
	if err != nil {
		return nil, &badRecord{classAddress, err}
	}
	if err := c.oneAddress(rec); err != nil {
		return nil, &badRecord{classAddress, err}
	}
	if instead != "" {
		// A message of its own, to one address and nobody else.
		key += " for " + instead
		for _, name := range []string{"cc", "bcc"} {
			delete(acting, name)
		}
		if to, err = netmail.ParseAddress(instead); err != nil {
			return nil, &badRecord{classAddress, err}
		}
	}
	m, lang, err := c.layoutFor(vars)
	if err != nil {
		return nil, &badRecord{classTemplate, err}
	}
	l := &letter{
		Msg: mail.NewMsg(mail.WithNoDefaultUserAgent()), recipients: []string{to.Address},
		envelope: c.Maildir == "", allowed: c.allowed, utf8: !isASCII(to.Address),
	}
	l.SetDateWithValue(c.now())
	if err := c.setUnsubscribe(l, vars, acting); err != nil {
		return nil, err
	}
	headers, err := m.fillHeaders(vars, acting)
	if err != nil {
		return nil, err
	}
	if err := l.setAll(headers, to, instead != ""); err != nil {
		return nil, &badRecord{classHeader, err}
	}
	if lang != "" {
		l.SetGenHeader("Content-Language", lang)
	}
	l.sender = l.addresses["From"][0].address
	c.setReturnPath(l)
	_, domain, _ := cutAddress(l.sender)
	mac := hmac.New(sha256.New, []byte(run))
	mac.Write([]byte(key))
	l.id = hex.EncodeToString(mac.Sum(nil)[:16]) + "@" + domain
	l.SetMessageIDWithValue(l.id)
	if c.NameList && !m.has(listID) {
		l.nameList(domain)
	}
	text, html, err := m.fillBody(vars)
	if err != nil {
		return nil, &badRecord{classTemplate, err}
	}
	l.writeAddresses()
	if err := c.nameFiles(vars, acting); err != nil {
		return nil, &badRecord{classAttachment, err}
	}
	if html, err = c.addFiles(l, m.files, acting, html); err != nil {
		return nil, &badRecord{classAttachment, err}
	}
	if m.text == nil {
		text = c.madeText(html)
	}
	if m.text != nil || text != "" {
		l.SetBodyString(mail.TypeTextPlain, text)
	}
	if m.html != nil {
		l.AddAlternativeString(mail.TypeTextHTML, html)
	}
	if m.calendar != nil {
		text, err := m.calendar.fill(vars)
		if err != nil {
			return nil, err
		}
		l.AddAlternativeString(mail.ContentType("text/calendar; method="+m.calendar.method), text)
	}
	return l, c.write(l)
}

// mostAhead is how much room for a message is made before it is known how long it is.
const mostAhead = 64 << 10

// write writes the message out, and signs it.
func (c *composer) write(l *letter) error {
	var out bytes.Buffer
	out.Grow(int(min(c.size.Load(), mostAhead)))
	if _, err := l.WriteTo(&out); err != nil {
		return &badRecord{classHeader, err}
	}
	l.message = out.Bytes()
	c.size.Store(int64(len(l.message) + len(l.message)/8)) // the next one is about as long
	if !bytes.HasSuffix(l.message, []byte("\r\n")) {
		l.message = append(l.message, "\r\n"...)
	}
	if c.signer == nil {
		return nil
	}
	var err error
	if l.message, err = c.signer.sign(l.message, l.sender); err != nil {
		return &badRecord{classHeader, fmt.Errorf("DKIM: %w", err)}
	}
	return nil
}

// setAll sets all headers. To is whom the record is about; alone says that nobody else is to
// get the message.
func (l *letter) setAll(headers []setHeader, to *netmail.Address, alone bool) error {
	for _, h := range headers {
		var err error
		switch {
		case alone && (h.name == "Cc" || h.name == "Bcc"):
		case h.name == "To":
			err = nameOf(to, h.list, alone)
		case hasAddresses(h.name):
			l.setAddresses(h.name, h.list)
		default:
			err = l.set(h.name, h.value)
		}
		if err != nil {
			return err
		}
	}
	box, err := writtenMailbox("To", to)
	if err != nil {
		return err
	}
	l.setAddresses("To", []mailbox{box})
	return l.checkAddresses()
}

// nameOf gives a recipient the name that a template's To has beside the address.
func nameOf(to *netmail.Address, list []mailbox, other bool) error {
	if len(list) != 1 || !other && !bytes.Equal(jobs.NormalAddress([]byte(list[0].address)), jobs.NormalAddress([]byte(to.Address))) {
		return fmt.Errorf("header To must give the address of the record, %s, and nobody else: others go into Cc or Bcc", to.Address)
	}
	if list[0].name != "" {
		to.Name = list[0].name
	}
	return nil
}

// ownHeaders are those that a record may have in columns that act.
var ownHeaders = []struct{ name, column string }{{"Subject", "subject"}, {"Cc", "cc"}, {"Bcc", "bcc"}, {"Reply-To", "reply_to"}}

// ownColumn is the column of a header, or nothing if there is none.
func ownColumn(header string) string {
	for _, o := range ownHeaders {
		if o.name == header {
			return o.column
		}
	}
	return ""
}

// fillHeaders fills the headers of the template, and those that a record has in
// columns of its own that act, which count more.
func (m *layout) fillHeaders(vars, acting variables) ([]setHeader, error) {
	out := make([]setHeader, 0, len(m.headers)+len(ownHeaders))
	subject := false
	for _, h := range m.headers {
		if acting.text(ownColumn(h.name)) != "" {
			continue
		}
		set := setHeader{name: h.name}
		var err error
		if h.addresses != nil {
			set.list, err = h.addresses.mailboxes(vars)
		} else if set.value, err = fill(h.value, vars); err != nil {
			err = &badRecord{classTemplate, fmt.Errorf("header %s: %w", h.name, err)}
		}
		if err != nil {
			return nil, err
		}
		out = append(out, set)
	}
	for _, o := range ownHeaders {
		name, v := o.name, acting.text(o.column)
		if v == "" {
			continue
		}
		set := setHeader{name: name, value: v}
		if name != "Subject" {
			var err error
			if set.list, err = listOf(name, v); err != nil {
				return nil, &badRecord{classHeader, err}
			}
		}
		out = append(out, set)
	}
	for i, h := range out {
		out[i].value = strings.Trim(h.value, " \t")
		if err := oneLine("header "+h.name, h.value); err != nil {
			return nil, &badRecord{classHeader, err}
		}
		subject = subject || h.name == "Subject" && strings.TrimSpace(h.value) != ""
	}
	if !subject {
		return nil, &badRecord{classHeader, errors.New("there is no Subject")}
	}
	return out, nil
}

// setReturnPath says where reports about a message go. With VERP each recipient has a
// return path of its own.
func (c *composer) setReturnPath(l *letter) {
	l.from, l.verp = cmp.Or(c.ReturnPath, l.sender), c.VERP && c.ReturnPath != ""
}
