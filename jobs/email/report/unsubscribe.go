package report

import (
	"regexp"
	"strings"
	"sync"
)

// isUnsubscribe knows the messages that mail programs write when somebody clicks on leave. Who has
// more to say than that is somebody to be answered: please do not remove mine!
func isUnsubscribe(subject, prose string) bool {
	const word = "unsubscribe"
	said := ""
	for line := range strings.Lines(prose) {
		line = strings.TrimRight(line, "\r\n")
		if line == "-- " || strings.TrimSpace(line) == "--" {
			break // a signature
		}
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, ">") || byProgram().MatchString(line) {
			continue
		}
		if said != "" {
			return false
		}
		said = strings.ToLower(strings.TrimRight(line, ".!"))
	}
	switch subject = strings.ToLower(strings.TrimSpace(subject)); said {
	case "":
		return subject == word
	case word, word + " me", "please " + word, "please " + word + " me":
		return len(subject) < maxPassage
	}
	return false
}

// byProgram are lines that mail programs write into a message.
var byProgram = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(apple mail sent this e-?mail to unsubscribe from the message\b.*|this (e-?mail|message|is an? (automated|automatic)? ?(e-?mail|message|unsubscribe request))\b[^.]{0,60}\b(automatically|automatic|generated|sent) ?(generated|sent)?\b[^.]{0,60}\.?` +
		`|(sent|get|gesendet|von meinem|envoyé|enviado|inviato)\b[^.!?]{0,60}(iphone|ipad|android|outlook|mail|gmail|samsung|smartphone|phone|gesendet)( (for|pour|für) \w+)?\.?|on .{4,100} wrote:|am .{4,100} schrieb.{0,100}:)$`)
})
