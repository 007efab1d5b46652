package stripe

import (
	"strconv"
	"unicode/utf8"
)

// quickly reads an object of which each charge gets one: a payment intent or a charge that was made, as Stripe mostly writes it. It is false
// for whatever is otherwise than what it knows: an escape in a member that counts, an error or a next action within, a member
// twice, a name in capitals (which package encoding/json takes for the same), what is no JSON. All of that is read by package encoding/json,
// whose word counts: what is read here is the same, as its tests hold. Members that nobody asks for are passed over,
// and must be JSON all the same.
func quickly(body []byte, o *object) bool {
	s := scan{b: body}
	s.space()
	if !s.is('{') {
		return false
	}
	var had uint64
	for first := true; ; first = false {
		if s.space(); first && s.is('}') {
			break
		}
		name, ok := s.plain()
		if s.space(); !ok || !s.is(':') {
			return false
		}
		s.space()
		known, ok := s.member(o, name)
		if !ok || known >= 0 && had&(1<<known) != 0 {
			return false
		}
		if known >= 0 {
			had |= 1 << known
		}
		s.space()
		if s.is('}') {
			break
		}
		if !s.is(',') {
			return false
		}
	}
	s.space()
	return s.at == len(s.b)
}

// member reads the value of a member into the object; known tells members apart, and is -1 of one that nobody asks for.
func (s *scan) member(o *object, name []byte) (known int, ok bool) {
	switch string(name) {
	case "id":
		return 0, s.text(&o.ID)
	case "object":
		return 1, s.text(&o.Object)
	case "status":
		return 2, s.text(&o.Status)
	case "currency":
		return 3, s.text(&o.Currency)
	case "amount":
		return 4, s.whole(&o.Amount)
	case "created":
		return 5, s.whole(&o.Created)
	case "livemode":
		return 6, s.truth(&o.Live)
	case "refunded":
		return 7, s.truth(&o.Refunded)
	case "disputed":
		return 8, s.truth(&o.Disputed)
	case "captured":
		captured := new(bool)
		o.Captured = captured
		return 9, s.truth(captured)
	case "latest_charge":
		return 10, s.reference(&o.LatestCharge)
	case "payment_intent":
		return 11, s.reference(&o.Intent)
	case "metadata":
		return 12, s.texts(&o.Metadata)
	case "last_payment_error", "next_action", "failure_code", "failure_message", "failure_reason", "outcome", "payments", "hosted_invoice_url":
		return -1, s.word("null") // which leaves them empty, however often
	case "amount_due", "amount_paid", "total", "attempted":
		return -1, false // of an invoice
	}
	for _, c := range name {
		if c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf {
			return -1, false
		}
	}
	return -1, s.skip(deepest)
}

// deepest is how far what is passed over may be nested.
const deepest = 32

// scan goes over JSON.
type scan struct {
	b  []byte
	at int
}

func (s *scan) space() {
	for s.at < len(s.b) && (s.b[s.at] == ' ' || s.b[s.at] == '\n' || s.b[s.at] == '\r' || s.b[s.at] == '\t') {
		s.at++
	}
}

// is passes a character, if it is next.
func (s *scan) is(c byte) bool {
	if s.at < len(s.b) && s.b[s.at] == c {
		s.at++
		return true
	}
	return false
}

// word passes a word, if it is next.
func (s *scan) word(w string) bool {
	if len(s.b)-s.at >= len(w) && string(s.b[s.at:s.at+len(w)]) == w {
		s.at += len(w)
		return true
	}
	return false
}

// plain is a text without escapes, borrowed.
func (s *scan) plain() ([]byte, bool) {
	if !s.is('"') {
		return nil, false
	}
	from, ascii := s.at, true
	for ; s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; {
		case c == '"':
			text := s.b[from:s.at]
			s.at++
			return text, ascii || utf8.Valid(text)
		case c < ' ', c == '\\':
			return nil, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, false
}

// text reads a text, or null, which leaves it empty.
func (s *scan) text(to *string) bool {
	if s.word("null") {
		return true
	}
	b, ok := s.plain()
	if ok {
		*to = string(b)
	}
	return ok
}

// whole reads a whole number.
func (s *scan) whole(to *int64) bool {
	from := s.at
	if !s.number() {
		return false
	}
	n, err := strconv.ParseInt(string(s.b[from:s.at]), 10, 64)
	*to = n
	return err == nil
}

func (s *scan) truth(to *bool) bool {
	*to = s.word("true")
	return *to || s.word("false")
}

// reference reads an id, or null.
func (s *scan) reference(to *reference) bool { return s.text(&to.ID) }

// texts reads an object of texts.
func (s *scan) texts(to *map[string]string) bool {
	if !s.is('{') {
		return false
	}
	m := make(map[string]string)
	*to = m
	for s.space(); !s.is('}'); s.space() {
		if len(m) > 0 && !s.is(',') {
			return false
		}
		s.space()
		name, ok := s.plain()
		if s.space(); !ok || !s.is(':') {
			return false
		}
		s.space()
		value, ok := s.plain()
		if !ok {
			return false
		}
		before := len(m)
		if m[string(name)] = string(value); len(m) == before {
			return false
		}
	}
	return true
}

// skip passes any value.
func (s *scan) skip(depth int) bool {
	if depth == 0 || s.at >= len(s.b) {
		return false
	}
	switch s.b[s.at] {
	case '{':
		return s.skipAll('{', '}', depth)
	case '[':
		return s.skipAll('[', ']', depth)
	case '"':
		_, ok := s.plain()
		return ok
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	return s.number()
}

// skipAll passes an array, or an object.
func (s *scan) skipAll(open, end byte, depth int) bool {
	s.is(open)
	if s.space(); s.is(end) {
		return true
	}
	for {
		if s.space(); open == '{' {
			_, ok := s.plain()
			if s.space(); !ok || !s.is(':') {
				return false
			}
			s.space()
		}
		if !s.skip(depth - 1) {
			return false
		}
		if s.space(); s.is(end) {
			return true
		}
		if !s.is(',') {
			return false
		}
	}
}

// number passes a number: RFC 8259, section 6.
func (s *scan) number() bool {
	s.is('-')
	if !s.is('0') && !s.digits() {
		return false
	}
	if s.is('.') && !s.digits() {
		return false
	}
	if s.is('e') || s.is('E') {
		if !s.is('+') {
			s.is('-')
		}
		return s.digits()
	}
	return true
}

func (s *scan) digits() bool {
	from := s.at
	for s.at < len(s.b) && s.b[s.at] >= '0' && s.b[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}
