// Package reply knows what the replies of mail servers mean: what is to become of a message,
// and of its recipient, after what was said in a phase of the conversation. Reading and
// judging are here, and nothing that speaks; a delivery report is judged as the reply that it
// quotes.
package reply

import (
	"errors"
	"strconv"
	"strings"
)

// Reply is what a server says: RFC 5321, section 4.2. It is an error where its
// code says so.
type Reply struct {
	Code     int
	Enhanced string // RFC 3463, as in 5.1.1; empty if there is none
	Text     string // its lines in one
}

func (r *Reply) Error() string {
	words := []string{strconv.Itoa(r.Code)}
	if r.Enhanced != "" {
		words = append(words, r.Enhanced)
	}
	return strings.Join(append(words, r.Text), " ")
}

// ErrGarbled means that the other side does not speak the protocol.
var ErrGarbled = errors.New("the server said something that is not a reply")

// ParseLine reads a line of a reply; more says that others follow.
func ParseLine(s string) (code int, more bool, text string, ok bool) {
	if len(s) < 3 {
		return 0, false, "", false
	}
	code, err := strconv.Atoi(s[:3])
	if err != nil || code < 200 || code > 599 {
		return 0, false, "", false
	}
	if len(s) == 3 {
		return code, false, "", true
	}
	return code, s[3] == '-', strings.ToValidUTF8(s[4:], "\uFFFD"), s[3] == '-' || s[3] == ' '
}

// CutEnhanced takes the code of RFC 2034 off a reply. Its first digit is that of
// the reply, or it is something else.
func CutEnhanced(text string, code int) (enhanced, rest string) {
	word, rest, _ := strings.Cut(text, " ")
	digits := strings.Split(word, ".")
	if len(digits) != 3 || digits[0] != strconv.Itoa(code/100) {
		return "", text
	}
	for _, d := range digits {
		if _, err := strconv.ParseUint(d, 10, 16); err != nil || len(d) > 3 {
			return "", text
		}
	}
	return word, rest
}
