package reasons

import (
	"brood/jobs"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// ownWords are brood's words in front of what a command has said, and a command's exit
// status; stopped are those of a record that was stopped at a limit, before them.
var (
	ownWords = lazy(`^(?:it was asked to stop: )?(?:exit status \d+|killed by signal [A-Z0-9+]+)(?:: |$)`)
	stopped  = lazy(`^[^\n]{1,200}? and was stopped: `)
	// died is the end of a worker, and inner what a worker says of the job in it that
	// could not go on: then the worker's own exit status says nothing.
	died  = lazy(`^the worker died with this record in hand \([^\n]*?\): `)
	inner = lazy(`^worker: job [^ ,]+, record \d+: `)
)

// lazy compiles an expression when it is needed first: workers start without it.
func lazy(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// Harmless stands behind the error of a record that is unknown, where brood can be told to
// try such again. It is no part of the reason.
const Harmless = " (if repeating it does no harm: --effect none)"

// Text is an error in one line: of what a command has said the last line, which says why
// it ended, behind its exit status.
func Text(class jobs.Class, text string) string {
	text = strings.TrimSuffix(text, Harmless)
	head := ""
	take := func(r func() *regexp.Regexp) bool {
		found := r().FindString(text)
		head, text = head+found, text[len(found):]
		return found != ""
	}
	if slices.Contains(jobs.LossClasses, class) {
		take(stopped)
		if take(died) {
			if s := ofProgram(text); s != "" {
				return s
			}
		}
	}
	take(ownWords)
	_, last := lastLine(text)
	return strings.TrimSuffix(head+last, ": ")
}

// ofProgram is what is left of the end of a worker because of a program that it had
// started: how that ended, and the last that it said. It is empty if it was another.
func ofProgram(text string) string {
	before, last := lastLine(text)
	own := inner().FindString(last)
	if own == "" {
		return ""
	}
	how := last[len(own):]
	if _, said := lastLine(before); said != "" {
		how += ": " + said
	}
	return how
}

// lastLine is the last line of a text that is not empty, and what stands before it.
func lastLine(text string) (before, last string) {
	text = strings.TrimSpace(text)
	i := strings.LastIndexAny(text, "\n\r")
	return text[:max(i, 0)], strings.TrimSpace(text[i+1:])
}
