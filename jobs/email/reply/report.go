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
// An action other than failed is the class. Of what failed it is the class of the reply that is
// quoted, or ClassBounce where that says that there is no such mailbox, though it asked to come
// back: whoever reports has come back for long enough. Without a reply it is ClassBounce, ClassFull,
// ClassSender, ClassPolicy, ClassContent or, where the words do not tell, ClassReply.
func OfReport(status, action, diagnostic string) jobs.Class {
	switch strings.ToLower(action) {
	case "failed":
	case "delayed", "delivered", "relayed", "expanded":
		return jobs.Class(strings.ToLower(action))
	default:
		return ClassReply // nobody says what became of it
	}
	text := untyped(diagnostic)
	o := Outcome{Phase: Rcpt, Text: text}
	code, _, said, quotes := ParseLine(text)
	if quotes = quotes && code >= 400; quotes {
		o.Code = code
		o.Enhanced, _ = CutEnhanced(strings.TrimSpace(said), code)
	} else if o.Code = 550; strings.HasPrefix(status, "4") {
		o.Code = 451
	}
	// The status of the report is often only a summary of what was said.
	if o.Enhanced == "" && len(plainOf(text).codes) == 0 && !strings.HasSuffix(status, ".0.0") {
		o.Enhanced = status
	}
	if subjectOf(&o) == ofNobody {
		return ClassBounce // also if it was asked again for a while
	}
	o.Rule(0)
	if !quotes && (o.Class == ClassGrey || o.Class == ClassBusy || o.Class == ClassAuth) {
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
