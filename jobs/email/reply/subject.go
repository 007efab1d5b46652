package reply

import "strings"

// subject is what a refusal is about.
type subject string

const (
	ofUnsaid  subject = ""        // nobody knows
	ofQuota   subject = "quota"   // the sender has sent what it may for now
	ofTempo   subject = "tempo"   // the sender is too fast
	ofLogin   subject = "login"   // the sender must prove who it is
	ofRelay   subject = "relay"   // the server takes no mail for others, of this sender
	ofSender  subject = "sender"  // its address, its name or its account is not accepted
	ofPolicy  subject = "policy"  // its reputation, the message, or who may write there
	ofFull    subject = "full"    // the mailbox takes no more for now
	ofStorage subject = "storage" // the server has no room, whoever the recipient
	ofSize    subject = "size"    // the message is too large
	ofNobody  subject = "nobody"  // there is no such mailbox, or no such domain
	ofAbsent  subject = "absent"  // the mailbox is not there, if the code does not say otherwise
	ofShut    subject = "shut"    // there is one, which is switched off for good or not
	ofBarred  subject = "barred"  // there is one, which is closed for some time
	ofTrouble subject = "trouble" // something does not work there
)

// subjectOf says what a refusal is about: the words first, and then the codes, where the
// words do not say otherwise.
func subjectOf(o *Outcome) subject {
	text := plainOf(o.Text)
	code := o.Enhanced
	if code == "" && len(text.codes) > 0 && text.codes[0][0] == byte('0'+o.Code/100%10) {
		code = text.codes[0] // as qmail writes it: sorry, no mailbox here (#5.1.1)
	}
	// Microsoft's, for an address that its directory does not have.
	if code == "5.4.1" && (strings.Contains(text.words, " recipient address rejected access denied ") || strings.Contains(text.words, " recipient addresses rejected access denied ")) {
		return ofNobody
	}
	about := text.subject()
	if (about == ofNobody || about == ofUnsaid) && text.oursIsMissing() {
		about = ofSender
	}
	by := subjectOfCode(o, code)
	if about == ofAbsent {
		if by != ofUnsaid || o.Code < 500 { // 450 is a mailbox that is busy: RFC 5321, section 4.2.3
			return by
		}
		about = ofNobody
	}
	switch {
	case about == ofUnsaid && isSwitchedOff(code) && !switchedOffAlone(o, text):
		return ofPolicy
	case about == ofUnsaid:
		return by
	case about == ofStorage && code != "4.3.1" && code != "":
		return ofFull
	case about == ofShut && by == ofNobody: // 5.2.1: "is disabled", 5.1.1: "inactive"
		return ofNobody
	case about == ofNobody && by != ofNobody && o.Code >= 500 && o.Code <= 504:
		return ofUnsaid // a command, or its parameter
	case by == ofSender && (about == ofPolicy || about == ofNobody), about == ofTrouble && by != ofNobody:
		return by
	}
	return about
}

// subjectOfCode is what the codes of RFC 3463 and RFC 5321 alone say.
func subjectOfCode(o *Outcome, code string) subject {
	class, rest, _ := strings.Cut(code, ".")
	switch rest {
	case "1.1", "1.2", "1.3", "1.6", "1.10", "1.0", "4.4":
		return ofNobody
	case "2.1": // see switchedOffAlone
		if class == "5" {
			return ofNobody
		}
	case "2.2":
		return ofFull
	case "1.7", "1.8", "7.60":
		return ofSender
	case "4.5": // Gmail: the user's own limit
		if class == "5" {
			return ofQuota
		}
	case "2.3", "3.4":
		return ofSize
	}
	switch {
	case strings.HasPrefix(rest, "7."):
		return ofPolicy
	case o.Code == 552 && code == "" && o.Phase == Rcpt:
		return ofFull
	case o.Code == 552 && (code == "" || rest == "0.0"):
		return ofSize
	case o.Code == 556: // RFC 7504
		return ofNobody
	}
	return ofUnsaid
}

// isSwitchedOff is about the code of a mailbox that takes nothing: RFC 3463, section 3.3.
func isSwitchedOff(code string) bool { return code == "5.2.1" }

// switchedOffAlone reports whether 5.2.1 alone says that a mailbox is switched off. Others use
// it for what they think of a message, or of the sender (AOL: 521 5.2.1, 554 5.2.1): without
// words for it the mailbox was looked at, and nothing else.
func switchedOffAlone(o *Outcome, text *plain) bool {
	if o.Phase != Rcpt || o.Code == 521 || o.Code == 554 {
		return false
	}
	for _, w := range []string{" message", " mail ", " email ", " content", " delivery", " refused", " your ", " url", " attachment"} {
		if strings.Contains(text.words, w) {
			return false
		}
	}
	return !strings.Contains(text.words, " rejected ") || strings.Contains(text.words, " recipient ") || strings.Contains(text.words, " mailbox ")
}
