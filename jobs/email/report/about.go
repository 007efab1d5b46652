package report

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"strings"
)

// aboutDelivery says whom a report is about, and what became of the message.
func (v *view) aboutDelivery(written Written) []Recipient {
	if n := v.notice(); n != nil {
		return n.about()
	}
	if len(v.disposition) > 0 && len(v.fields) == 0 {
		return v.theirs(v.aboutDisposition(), written)
	}
	subject := v.subject()
	l := readLetter(v.prose)
	out := v.fromFields(l, subject)
	if len(out) == 0 {
		out = v.fromWords(l, subject)
	}
	return v.theirs(out, written)
}

// fromFields reads the fields of a report, and the letter where they say too little.
func (v *view) fromFields(l *letter, subject string) []Recipient {
	var list []entry
	for _, text := range v.fields {
		list = append(list, entries(text, true)...)
	}
	if len(list) == 0 {
		list = entries(v.prose, false)
	}
	var out []Recipient
	for _, e := range list {
		address := ""
		for _, f := range []string{e.original, e.final, e.actual} {
			if address = addressOf(f); address != "" {
				break
			}
		}
		if address == "" {
			if address = v.only(l); address == "" {
				address = untyped(e.final) // told as it is
			}
		}
		action := strings.ToLower(strings.TrimRight(firstWord(e.action), ";,."))
		status := strings.Trim(firstWord(e.status), "();,")
		r := v.fromEntry(e, address, action, status)
		if action == "" || action == failed {
			r = v.more(r, l, addressOf(e.final), subject, len(list) == 1)
			r = l.doubted(r, l.about(r.Address, false, ""))
		}
		out = append(out, r)
	}
	return out
}

// fromEntry judges the fields alone.
func (v *view) fromEntry(e entry, address, action, status string) Recipient {
	if action == "" {
		switch {
		case strings.HasPrefix(status, "2"):
			action = delivered
		case status != "" || e.said != "":
			action = howItEnded(v.subject(), "")
		default:
			action = howItEnded(v.subject(), v.beginning())
		}
	}
	said := e.said
	if kind, text, ok := strings.Cut(said, ";"); ok && !strings.ContainsAny(strings.TrimSpace(kind), " @<") {
		said = text
	}
	said = strings.TrimLeft(strings.Join(strings.Fields(said), " "), "#")
	return judged(address, status, action, said)
}

// more looks into the letter where the fields do not say why.
func (v *view) more(r Recipient, l *letter, final, subject string, alone bool) Recipient {
	vague := r.Status == "" || strings.HasSuffix(r.Status, ".0.0")
	if r.Text != "" && (r.Class != reply.ClassReply || !vague) {
		return r
	}
	texts := l.about(r.Address, alone, "")
	if final != "" && same(final) != same(r.Address) {
		texts = append(l.about(final, false, ""), texts...)
	}
	for i, t := range texts {
		if i == len(texts)-1 && r.Text == "" && vague {
			t += "\n" + subject
		}
		status, said := quote(t)
		if !vague || status == "" {
			status = r.Status
		}
		found := judged(r.Address, status, r.Action, said)
		if found.Class != reply.ClassReply && found.Class != r.Class || r.Text == "" && i == 0 && said != r.Address {
			if found.Class == reply.ClassReply && r.Class != reply.ClassReply {
				continue // words that say nothing take nothing away
			}
			r = found
			if r.Class != reply.ClassReply {
				return r
			}
		}
	}
	return r
}

// fromWords reads a report that is words alone.
func (v *view) fromWords(l *letter, subject string) []Recipient {
	h := v.m.header
	action := howItEnded(subject, v.beginning())
	who := h.addresses("x-failed-recipients")
	if len(who) == 0 {
		who = l.addresses(v.others())
	}
	if len(who) == 0 {
		who = v.returned.writtenTo()
		const several = 1 // of many one cannot tell which
		if len(who) > several {
			who = v.returned.addresses("to")
		}
		if len(who) > several {
			who = nil
		}
	}
	if len(who) == 0 {
		who = l.addresses(nil)
	}
	if len(who) == 0 {
		for _, m := range mentions(l.told(), 50) {
			if !isRole(m.address) && !among(m.address, v.others()) {
				who = []string{m.address}
				break
			}
		}
	}
	var out []Recipient
	for _, a := range who {
		out = append(out, l.best(a, action, l.about(a, len(who) == 1, subject)))
	}
	return out
}

// others are the addresses of those who have written the report, or to whom it came.
func (v *view) others() []string {
	known := v.returned.writtenTo()
	out := v.m.header.addresses("from", "sender", "to", "delivered-to", "x-original-to", "envelope-to", "reply-to")
	out = append(out, v.returned.addresses("from", "sender", "return-path", "reply-to")...)
	kept := out[:0]
	for _, a := range out { // who writes to himself
		if !among(a, known) || among(a, v.returned.addresses("from", "sender")) && len(known) > 1 {
			kept = append(kept, a)
		}
	}
	return kept
}

// only is the one address to which the returned message was written, or of which the report
// speaks; "" if there are several.
func (v *view) only(l *letter) string {
	for _, list := range [][]string{v.m.header.addresses("x-failed-recipients"), v.returned.addresses("to"), l.addresses(v.others())} {
		if len(list) == 1 {
			return list[0]
		}
		if len(list) > 1 {
			break
		}
	}
	return ""
}

// theirs puts the address to which was written in the place of that which was not reached, as
// there may be a forwarding between them.
func (v *view) theirs(list []Recipient, written Written) []Recipient {
	to, all := v.returned.addresses("to"), v.returned.writtenTo()
	if len(list) == 1 && len(v.fields) > 0 && len(to) == 1 && len(v.returned.addresses("cc", "bcc")) == 0 && !among(list[0].Address, all) &&
		!among(to[0], v.returned.addresses("from", "sender")) {
		list[0].Address = to[0]
	}
	if written == nil {
		return dropDoubles(list)
	}
	if a := v.writtenTo(written, list); a != "" {
		return []Recipient{v.ofOne(a, list)}
	}
	return dropDoubles(list)
}

// writtenTo is whom the return path of the message names, which is where the report has come to, or
// stands in what is returned.
func (v *view) writtenTo(written Written, list []Recipient) string {
	named := v.returned.writtenTo()
	for _, r := range list {
		named = append(named, r.Address)
	}
	for _, m := range mentions(v.prose, 50) {
		named = append(named, m.address)
	}
	named = append(unique(named), v.m.header.addresses("x-failed-recipients", "from")...)
	for _, at := range append(v.m.header.addresses("to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "original-recipient", "cc"),
		v.sentFrom()...) {
		if a := written(at, named); a != "" {
			return a
		}
	}
	return ""
}

// sentFrom are the return paths of the message, as what is returned and feedback about it say: RFC 5965,
// section 3.2.
func (v *view) sentFrom() []string {
	out := v.returned.addresses("return-path", "x-envelope-from", "x-return-path", "errors-to")
	for _, f := range v.feedback {
		out = append(out, feedback(f).addresses("original-mail-from")...)
	}
	return out
}

// ofOne is what a report says about the one to whom a message was written: of several, which are
// where it was forwarded to, what is least bad, as he may have got it there.
func (v *view) ofOne(address string, list []Recipient) Recipient {
	subject := v.subject()
	if len(list) == 0 {
		return readLetter(v.prose).best(address, howItEnded(subject, v.beginning()), []string{v.prose, subject})
	}
	out := list[0]
	for _, r := range list {
		if same(r.Address) == same(address) {
			out = r
			break
		}
		if out.Class == reply.ClassBounce && r.Class != reply.ClassBounce {
			out = r
		}
	}
	out.Address = address
	return out
}

// dropDoubles leaves one of what is said about one address: the worst, as the others may be
// of its aliases.
func dropDoubles(list []Recipient) []Recipient {
	at := make(map[string]int, len(list))
	out := list[:0]
	for _, r := range list {
		k := same(r.Address)
		if i, ok := at[k]; ok {
			if out[i].Class == reply.ClassReply && r.Class != reply.ClassReply {
				out[i] = r
			}
			continue
		}
		at[k] = len(out)
		out = append(out, r)
	}
	return out
}

// aboutDisposition reads a receipt: RFC 8098. Whoever sends one has the message.
func (v *view) aboutDisposition() []Recipient {
	var out []Recipient
	for _, text := range v.disposition {
		h := feedback(text)
		for _, name := range []string{"original-recipient", "final-recipient"} {
			if a := addressOf(h.get(name)); a != "" {
				out = append(out, Recipient{Address: a, Class: ClassDelivered, Action: delivered, Text: untyped(h.get("disposition"))})
				break
			}
		}
	}
	return out
}

// aboutSender is for mail of somebody to whom was written.
func (v *view) aboutSender(kind Kind, written Written) []Recipient {
	if written != nil {
		if a := v.writtenTo(written, nil); a != "" {
			return []Recipient{{Address: a, Class: jobs.Class(kind), Text: v.subject()}}
		}
	}
	for _, a := range v.m.header.addresses("from", "reply-to", "sender") {
		return []Recipient{{Address: a, Class: jobs.Class(kind), Text: v.subject()}}
	}
	return nil
}
