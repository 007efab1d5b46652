package email

import (
	"brood/jobs"
	"bytes"
	"fmt"
	"os"
)

// cleaned counts the addresses that are not written to as they stand: see jobs.CleanAddress.
type cleaned struct {
	n     int
	first string // the first of them, in words
}

// note takes a record in, and reports whether its address is one of them.
func (c *cleaned) note(given []byte) bool {
	given = bytes.TrimSpace(given)
	clean := jobs.CleanAddress(given)
	if bytes.Equal(clean, given) {
		return false
	}
	if c.n++; c.n == 1 {
		c.first = fmt.Sprintf("%q is written to as %s", given, clean)
	}
	return true
}

// showCleaned is how many of them a worker tells of. There are lists of which all are.
const showCleaned = 3

// tell says of a message that goes out to whom, if the record does not say so in as many words.
func (c *cleaned) tell(given []byte) {
	if !c.note(given) || c.n > showCleaned {
		return
	}
	more := ""
	if c.n == showCleaned {
		more = "; more of them are not told"
	}
	fmt.Fprintf(os.Stderr, "%q is written to as %s%s\n", bytes.TrimSpace(given), jobs.CleanAddress(given), more)
}
