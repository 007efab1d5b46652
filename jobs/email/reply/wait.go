package reply

import (
	"strconv"
	"strings"
	"time"
)

// StatedMost is the longest that a reply is believed to ask us to wait.
const StatedMost = 2 * time.Hour

// units are how replies write units of time.
var units = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
}

// StatedWait is how long a reply asks us to wait, if it says so: "Greylisted for 300
// seconds" (postgrey), "please come back in 00:04:59" (milter-greylist), "try again in 5
// minutes", "retry after 60s". A time behind another word is none to wait for: "10 messages
// per 60 seconds".
func StatedWait(text string) (d time.Duration, ok bool) {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" \t.,;()[]<>\"'=", r) })
	for i, w := range words {
		switch w {
		case "in", "for", "after", "another":
		default:
			continue
		}
		rest := words[i+1:]
		for len(rest) > 0 && (rest[0] == "at" || rest[0] == "least" || rest[0] == "another" || rest[0] == "about") {
			rest = rest[1:]
		}
		if d, ok = span(rest); ok && d > 0 && d <= StatedMost {
			return d, true
		}
	}
	return 0, false
}

// span reads a time at the beginning of words.
func span(words []string) (time.Duration, bool) {
	if len(words) == 0 {
		return 0, false
	}
	if parts := strings.Split(words[0], ":"); len(parts) == 2 || len(parts) == 3 { // [hours:]minutes:seconds
		var sum int
		for _, p := range parts {
			n, err := strconv.ParseUint(p, 10, 16)
			if err != nil || len(p) > 2 {
				return 0, false
			}
			sum = 60*sum + int(n)
		}
		return time.Duration(sum) * time.Second, true
	}
	digits := len(words[0]) - len(strings.TrimLeft(words[0], "0123456789"))
	n, err := strconv.ParseUint(words[0][:digits], 10, 16)
	if err != nil {
		return 0, false
	}
	name := words[0][digits:]
	if name == "" && len(words) > 1 {
		name = words[1]
	}
	unit, ok := units[name]
	return time.Duration(n) * unit, ok
}

// IsGreylisting reports whether a reply says of itself that it is greylisting: then it is
// about this sender and this recipient alone, whoever else has the same server, and who asks
// for the others at once need not wait for each of them in turn.
func IsGreylisting(text string) bool {
	text = strings.ToLower(text)
	for _, w := range []string{"greylist", "graylist", "grey list", "gray list", "grey-list", "gray-list", "postgrey"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
