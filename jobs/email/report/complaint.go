package report

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"regexp"
	"strings"
	"sync"
)

// feedbackFrom are senders, and subjects, of complaints that have no part of RFC 5965.
var feedbackFrom = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)complaint about message from|^(abuse|spam|junk|feedback|fbl|complaint)[ -](report|complaint|notification)|email feedback report|feedback loop`)
})

// isLooseComplaint knows complaints such as those of Microsoft's JMRP: the message is returned, and
// the subject says why.
func (v *view) isLooseComplaint() bool {
	if v.whole == nil || len(v.fields) > 0 {
		return false
	}
	if v.returned.has("x-hmxmroriginalrecipient") || v.m.header.has("x-hmxmroriginalrecipient") {
		return v.speaker() == system || feedbackFrom().MatchString(v.subject()) && !isAnswer().MatchString(v.subject())
	}
	return (v.speaker() == system || v.speaker() == program && hasNoReturn(v.m.header)) && feedbackFrom().MatchString(v.subject())
}

// aboutComplaint says who has complained: RFC 5965, sections 3.1 and 3.2, or the header of
// the message.
func (v *view) aboutComplaint(written Written) []Recipient {
	if n := v.notice(); n != nil {
		return n.about()
	}
	class, text := ClassComplaint, v.subject()
	var who []string
	for _, f := range v.feedback {
		h := feedback(f)
		class, text = classOfFeedback(h.get("feedback-type")), "feedback: "+h.get("feedback-type")
		who = append(who, h.addresses("original-rcpt-to", "removal-recipient", "final-recipient")...)
	}
	for _, list := range [][]string{
		v.returned.addresses("x-hmxmroriginalrecipient"), v.m.header.addresses("x-hmxmroriginalrecipient"),
		v.returned.addresses("to"), v.returned.addresses("x-apparently-to", "delivered-to"),
	} {
		if len(who) == 0 {
			who = list
		}
	}
	var out []Recipient
	for _, a := range who[:min(len(who), maxRecipients)] {
		out = append(out, Recipient{Address: a, Class: class, Text: text})
	}
	if list := v.theirs(out, written); len(list) > 0 {
		list[0].Class, list[0].Text, list[0].Status, list[0].Action = class, text, "", ""
		return list
	}
	// Nobody is named, as with reports of what is forged in our name.
	for _, a := range v.m.header.addresses("to") {
		return []Recipient{{Address: a, Class: reply.ClassPolicy, Text: text}}
	}
	return nil
}

// classOfFeedback is the class of a Feedback-Type: RFC 5965, section 7.3, and RFC 6591.
func classOfFeedback(kind string) jobs.Class {
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "auth-failure", "dkim", "dmarc", "virus":
		return reply.ClassPolicy // about the message, and not of whom it was for
	case "not-spam":
		return ClassDelivered
	case "opt-out", "opt-out-list":
		return ClassUnsubscribe
	}
	return ClassComplaint
}
