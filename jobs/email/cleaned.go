package email

import (
	"brood/jobs"
	"bytes"
	"fmt"
	"os"
	"sync"
)

// cleaned counts the addresses that are not written to as they stand: see jobs.CleanAddress.
type cleaned struct {
	mu    sync.Mutex
	n     int
	first string // the first of them, in words
}

// note takes a record in. If its address is one of them it says which, from 1.
func (c *cleaned) note(given []byte) (n int) {
	given = bytes.TrimSpace(given)
	clean := jobs.CleanAddress(given)
	if bytes.Equal(clean, given) {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; c.n == 1 {
		c.first = fmt.Sprintf("%q is written to as %s", given, clean)
	}
	return c.n
}

// showCleaned is how many of them a worker tells of. There are lists of which all are.
const showCleaned = 3

// tell says of a message that goes out to whom, if the record does not say so in as many words.
func (c *cleaned) tell(given []byte) {
	n := c.note(given)
	if n == 0 || n > showCleaned {
		return
	}
	more := ""
	if n == showCleaned {
		more = "; more of them are not told"
	}
	fmt.Fprintf(os.Stderr, "%q is written to as %s%s\n", bytes.TrimSpace(given), jobs.CleanAddress(given), more)
}
