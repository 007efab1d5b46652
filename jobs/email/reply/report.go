package reply

import (
	"brood/jobs"
	"strings"
)

// OfReport is the class of what a delivery report says about one recipient: its status
// (RFC 3463, as in 5.1.1), its action (RFC 3464, section 2.3.3) and what the server said that
// refused the message, each of them empty where the report does not have it. The diagnostic
// may have its type in front ("smtp; 550 no such user"). A report in words of its own is one
// with the action "failed" and those words as the diagnostic.
//
// An action other than failed is the class. Of what failed the class is that of the reply; one that
// asks to wait is ClassReply, as whoever reports has waited for long enough.
func OfReport(status, action, diagnostic string) jobs.Class {
	switch strings.ToLower(action) {
	case "failed":
	case "delayed", "delivered", "relayed", "expanded":
		return jobs.Class(strings.ToLower(action))
	default:
		return ClassReply // nobody says what became of it
	}
	text := untyped(diagnostic)
	o := Outcome{Phase: Rcpt, Enhanced: status, Text: text}
	if code, _, said, ok := ParseLine(text); ok && code >= 400 {
		o.Code = code
		// The status of the report is often only a summary of what was said.
		if said, _ := CutEnhanced(strings.TrimSpace(said), code); said != "" && strings.HasSuffix(status, ".0.0") {
			o.Enhanced = said
		}
	}
	if o.Code == 0 {
		o.Code = 554 // so that nothing is made of it that its status does not say
		if strings.HasPrefix(status, "4") {
			o.Code = 451
		}
	}
	if strings.HasSuffix(o.Enhanced, ".0.0") {
		o.Enhanced = ""
	}
	o.Rule(0)
	if o.Class == ClassGrey || o.Class == ClassBusy || o.Class == ClassAuth {
		return ClassReply
	}
	return o.Class
}

// untyped takes the type off a diagnostic: RFC 3464, section 2.3.6.
func untyped(s string) string {
	kind, rest, ok := strings.Cut(s, ";")
	if kind = strings.ToLower(strings.TrimSpace(kind)); ok && (kind == "smtp" || kind == "lmtp" || kind == "dns" || strings.HasPrefix(kind, "x-")) && !strings.Contains(kind, " ") {
		s = rest
	}
	return strings.TrimSpace(s)
}
