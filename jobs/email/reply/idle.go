package reply

import "strings"

// SaysTimedOut reports whether words are about a connection on which nothing was said for too
// long. What a lookup of the server's has waited for is something else.
func (r *Reply) SaysTimedOut() bool {
	if r.Code < 400 {
		return false
	}
	words := plainOf(r.Text).words
	for _, other := range []string{" lookup", " look up", " dns", " resolv", " database", " ldap", " verification", " callout", " greylist", " policy"} {
		if strings.Contains(words, other) {
			return false
		}
	}
	for _, w := range []string{" timeout", " time out", " timed out", " idle", " idling", " inactivity", " no activity", " waited too long", " time limit", " zeituberschreitung"} {
		if strings.Contains(words, w) {
			return true
		}
	}
	return false
}
