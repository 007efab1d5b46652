package report

import (
	"regexp"
	"strings"
	"sync"
)

// returnedMark are the lines behind which mail systems return a message.
var returnedMark = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^[-=*_#\s>]*(` +
		`((below|included|enclosed|attached|here|this|following)[^.]{0,20} (is|are) (a |the )?(copy|header|beginning|first)[^.]{0,40}(message|mail|header))` +
		`|(a |the )?(copy|header|headers|beginning|text|start)[^.]{0,10} of (the|your) (original |returned |unsent )?(message|mail)[^.]{0,40}(follow|below|:)` +
		`|below this line is a copy` +
		`|(original|returned|unsent|undelivered|bounced|your|rejected) (message|mail|e-?mail|text)( (header|headers|text|body))?( (is|are))?( (follows|following|below|attached|included|starts))?` +
		`|(message|mail)[- ](header|headers|text|body|contents?)( (follow|follows|following|below))` +
		`|(the )?(message|mail)( that)? (was sent|follows|returned)( below)?` +
		`|unsent message (follows|below)|original mail as follows|message header follows|original headers?)` +
		`[-=*_#\s.:]*$`)
})

// cutReturned parts the text of a report from the message that it returns.
func cutReturned(text string) (words, returned string) {
	at := 0
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		bare := strings.TrimSpace(unquoted(line))
		if len(bare) > 0 && len(bare) < 100 && i > 0 && returnedMark().MatchString(bare) && headerFollows(lines[i+1:]) {
			return text[:at], text[at+len(line):]
		}
		if headerBegins(lines[i:]) {
			return text[:at], text[at:]
		}
		at += len(line)
	}
	return text, ""
}

// headerFollows reports whether what comes next looks like a message, or nothing comes: a mark alone could be a
// sentence of the report.
func headerFollows(lines []string) bool {
	const most = 12
	for i, line := range lines {
		line = strings.TrimSpace(unquoted(line))
		if line == "" || strings.Trim(line, "-=*_") == "" || strings.HasPrefix(line, "The original message is over") {
			continue
		}
		if name, _, ok := strings.Cut(line, ":"); ok && isToken([]byte(name)) || strings.HasPrefix(line, "From ") || strings.HasPrefix(line, "(") || i > most {
			return true
		}
		return false
	}
	return true
}

// returnedNames are fields that a message has, and a report about one does not show to people.
var returnedNames = map[string]bool{
	"received": true, "message-id": true, "mime-version": true, "return-path": true, "dkim-signature": true, "x-mailer": true, "user-agent": true,
	"content-type": true, "x-originating-ip": true, "authentication-results": true, "domainkey-signature": true, "x-received": true,
}

// commonNames are the others that count as those of a header.
var commonNames = map[string]bool{"from": true, "to": true, "cc": true, "subject": true, "date": true, "sender": true, "reply-to": true, "delivered-to": true, "content-transfer-encoding": true}

// headerBegins reports whether the header of a message begins here: four fields in a row, one of
// them as people do not write it. What a mail system itself has written is no message of ours.
func headerBegins(lines []string) bool {
	if name, _, ok := strings.Cut(lines[0], ":"); !ok || !returnedNames[strings.ToLower(name)] && !commonNames[strings.ToLower(name)] {
		return false
	}
	fields, telling := 0, 0
	const most = 40
	for i, line := range lines {
		if i > most {
			break
		}
		if strings.TrimSpace(line) == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, ok := strings.Cut(line, ":")
		name = strings.ToLower(name)
		if !ok || !isToken([]byte(name)) {
			if name = strings.ToLower(line); fields == 0 || !strings.HasPrefix(name, "from ") {
				break
			}
		}
		fields++
		if returnedNames[name] {
			telling++
		}
	}
	return fields >= 4 && telling >= 1 || fields >= 3 && telling >= 2
}

// writtenTo are the addresses to which a returned message was written, as its header says.
func (h header) writtenTo() []string {
	return h.addresses("to", "x-envelope-to", "x-original-to", "x-rcpt-to", "delivered-to", "cc", "bcc")
}
