package term

import "strings"

// priority is how much a line matters, as sd-daemon(3) has it after syslog(3). It stands before
// each line where standard error is the journal, which takes it off.
type priority string

// The priorities that are used, the most important first.
const (
	priorityError   priority = "<3>" // why a run ends, or does not begin
	priorityWarning priority = "<4>" // what a worker has written to standard error
	priorityNotice  priority = "<5>" // what brood says itself
	priorityInfo    priority = "<6>" // progress, and what a worker has printed
)

// of is the priority of an entry.
func (e *entry) priority() priority {
	switch e.Stream {
	case "":
		return priorityNotice
	case "stderr":
		return priorityWarning
	}
	return priorityInfo
}

// ranked puts a priority before each line of a text that ends with one.
func (t *Term) ranked(p priority, text string) string {
	if !t.journal || text == "" {
		return text
	}
	body, end := strings.CutSuffix(text, "\n")
	body = string(p) + strings.ReplaceAll(body, "\n", "\n"+string(p))
	if end {
		body += "\n"
	}
	return body
}
