package email

import (
	"errors"
	"strconv"
	"strings"
)

// reply is what a server says: RFC 5321, section 4.2. It is an error where its
// code says so.
type reply struct {
	code     int
	enhanced string // RFC 3463, as in 5.1.1; empty if there is none
	text     string // its lines in one
}

func (r *reply) Error() string {
	words := []string{strconv.Itoa(r.code)}
	if r.enhanced != "" {
		words = append(words, r.enhanced)
	}
	return strings.Join(append(words, r.text), " ")
}

// errGarbled means that the other side does not speak the protocol.
var errGarbled = errors.New("the server said something that is not a reply")

func parseLine(s string) (code int, more bool, text string, ok bool) {
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

// cutEnhanced takes the code of RFC 2034 off a reply. Its first digit is that of
// the reply, or it is something else.
func cutEnhanced(text string, code int) (enhanced, rest string) {
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
