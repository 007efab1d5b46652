// Package report reads delivery reports and other mail that comes back: who it is about, and
// what was said.
//
// There is a standard for reports (RFC 3464), and there are decades of mail systems that write
// what they like. So a message is read in three steps, each of which makes do with what there
// is: mime.go takes any bytes apart, however broken; kind.go tells what came back (a report, a
// complaint, an automatic answer, a request to leave) from other mail; and then fields of
// reports (fields.go), words (prose.go) and the message that was returned (returned.go) say who
// it is about. What was said is judged by package reply, as in a conversation.
//
// All of it is written by strangers. Sizes, depths and numbers are bounded by the constants
// below, the time is linear in the size, and what is returned is one line of text each, without
// control characters. What is done about it is decided elsewhere.
package report

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode"
)

// What of a message is read, at most.
const (
	maxHeader     = 256 << 10 // bytes of a header
	maxParts      = 200
	maxDepth      = 10
	maxText       = 256 << 10 // bytes of a part's text, after decoding
	maxRecipients = 500
	maxSaid       = 500 // bytes of what is told of a reply
)

// Kind is what came back.
type Kind string

// The kinds. Other is mail that is none of these.
const (
	Delivery    Kind = "report"      // of a mail system, about a message that it has or has not delivered
	Complaint   Kind = "complaint"   // feedback about a message that somebody did not want: RFC 5965, and others
	AutoReply   Kind = "auto-reply"  // an automatic answer, as of somebody on holiday: RFC 3834
	Unsubscribe Kind = "unsubscribe" // a request to leave, as mail programs write it to a mailto: of List-Unsubscribe
	Other       Kind = "other"
)

// The classes that are not those of replies (reply.OfReport).
const (
	ClassComplaint   = jobs.Class(Complaint)
	ClassAutoReply   = jobs.Class(AutoReply)
	ClassUnsubscribe = jobs.Class(Unsubscribe)
	ClassDelivered   = jobs.Class(delivered)
)

// The actions of RFC 3464, section 2.3.3, that are used for reports without one.
const (
	failed    = "failed"
	delayed   = "delayed"
	delivered = "delivered"
)

// Message is what came back.
type Message struct {
	Kind Kind
	// ID is the same whenever, and from wherever, the message is read.
	ID string
	// Date is when it was written, as it says itself; zero if it does not.
	Date time.Time
	// About is empty for mail of kind Other, and where a report does not say who it is about.
	About []Recipient
}

// Recipient is somebody whom a message is about.
type Recipient struct {
	Address string // as it is written; not checked
	Class   jobs.Class
	Status  string // RFC 3463, or empty
	Action  string // failed, delayed, delivered, relayed, expanded; another word if the report has one; empty for other kinds
	Text    string // what was said
}

// Written tells from an address to which a report came, or from the return path of the message
// that it returns, to whom that was written: VERP. Of the addresses that a report names one may
// be needed to tell it. It returns "" where the address does not tell.
type Written func(returnPath string, named []string) string

// Read reads a message. Written may be nil.
func Read(raw []byte, written Written) Message {
	return read(parse(raw), written, 0)
}

func read(m *part, written Written, depth int) Message {
	v := m.view()
	ours := written != nil && v.writtenTo(written, nil) != ""
	out := Message{Kind: v.kind(ours), ID: m.id(), Date: m.header.date()}
	switch out.Kind {
	case Delivery:
		out.About = v.aboutDelivery(written)
	case Complaint:
		out.About = v.aboutComplaint(written)
	case AutoReply, Unsubscribe:
		if out.Kind == Unsubscribe {
			written = nil // whoever knows an address could ask for it
		}
		out.About = v.aboutSender(out.Kind, written)
	case Other:
	}
	if inner := v.inner(); inner != nil && depth == 0 && (out.Kind == Other && v.passesOn(inner, written) || out.Kind != Other && len(out.About) == 0) {
		// Somebody has passed a report on, as text or as an attachment.
		if found := read(inner, written, depth+1); found.Kind == Delivery || found.Kind == Complaint {
			out.Kind, out.About = found.Kind, found.About
		}
	}
	for i := range out.About {
		r := &out.About[i]
		r.Status, r.Action, r.Text = oneLine(r.Status), oneLine(r.Action), clip(oneLine(r.Text), maxSaid)
	}
	return out
}

// id is the Message-ID, or where there is none, or an empty one, the digest of the message.
func (p *part) id() string {
	if id := strings.Trim(strings.TrimSpace(p.header.get("message-id")), "<>"); id != "" {
		sum := sha256.Sum256([]byte(id + "\n" + p.header.get("date") + "\n" + p.header.get("to")))
		return hex.EncodeToString(sum[:16])
	}
	sum := sha256.Sum256(p.raw)
	return hex.EncodeToString(sum[:16])
}

// judged makes a recipient of what a report says about one.
func judged(address, status, action, text string) Recipient {
	if action == "" {
		action = failed
	}
	return Recipient{Address: address, Class: reply.OfReport(status, action, clip(text, maxPassage)), Status: status, Action: action, Text: text}
}

// oneLine makes a line of words without control characters of a text.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return unicode.ReplacementChar // Cf: letters from right to left, and the like
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// clip cuts a text off at a letter.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}
