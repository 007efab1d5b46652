package report

import (
	"brood/jobs"
	_ "brood/jobs/quoted"
	"strings"
	"unicode/utf8"
)

// mention is an address in a text.
type mention struct {
	address    string
	begin, end int // where it stands, in bytes
}

// mentions are the addresses in a text, most of them at most.
func mentions(s string, most int) []mention {
	var out []mention
	for at := 0; len(out) < most; {
		i := strings.IndexByte(s[at:], '@')
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		begin, end := localBefore(s, i), domainAfter(s, i+1)
		if begin < i && end > i+1 {
			out = append(out, mention{s[begin:end], begin, end})
			at = end
		}
	}
	return out
}

// maxLocal and maxDomain are what RFC 5321, section 4.5.3.1, allows, and a quarter more for
// those who do not keep to it.
const (
	maxLocal  = 80
	maxDomain = 320
)

// localBefore is where the local part begins that ends before an @.
func localBefore(s string, at int) int {
	if at > 1 && s[at-1] == '"' { // a quoted one
		if i := strings.LastIndexByte(s[max(at-maxLocal, 0):at-1], '"'); i >= 0 {
			return i + max(at-maxLocal, 0)
		}
	}
	begin := at
	for begin > 0 && at-begin < maxLocal {
		c := s[begin-1]
		if c < utf8.RuneSelf && !isAtext(c) && c != '.' {
			break
		}
		begin--
	}
	for begin < at && (s[begin] == '.' || s[begin] == '\'' || s[begin] == '`' || s[begin] == '*' || s[begin] == '-' && begin+1 < at && s[begin+1] == '-' || s[begin] >= utf8.RuneSelf && !startsLetter(s[begin:])) {
		begin++
	}
	for _, prefix := range []string{"rfc822=", "smtp=", "SMTP="} { // of X.400 and its like
		if strings.HasPrefix(s[begin:at], prefix) {
			begin += len(prefix)
		}
	}
	return begin
}

// startsLetter reports whether a text begins with a letter, and not with a sign such as a
// quotation mark of East Asia.
func startsLetter(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 1 && r != utf8.RuneError && (r < 0x2000 || r > 0x303f) && r != '«' && r != '»' && r != '\u00a0' && r < 0xff00
}

func isAtext(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// domainAfter is where a domain ends that begins behind an @.
func domainAfter(s string, at int) int {
	if at < len(s) && s[at] == '[' { // an address of a host
		if i := strings.IndexByte(s[at:min(len(s), at+60)], ']'); i > 0 {
			return at + i + 1
		}
		return at
	}
	end := at
	for end < len(s) && end-at < maxDomain {
		c := s[end]
		if c >= utf8.RuneSelf && !startsLetter(s[end:]) {
			break
		}
		if c >= utf8.RuneSelf {
			_, n := utf8.DecodeRuneInString(s[end:])
			end += n
			continue
		}
		if c != '.' && c != '-' && c != '_' && (!isAtext(c) || strings.IndexByte("!#$%&'*+/=?^`{|}~", c) >= 0) {
			break
		}
		end++
	}
	for end > at && strings.IndexByte(".-_", s[end-1]) >= 0 {
		end--
	}
	return end
}

// same is what two writings of an address have in common.
func same(address string) string { return string(jobs.NormalAddress([]byte(address))) }

// unique leaves out addresses that were there before.
func unique(list []string) []string {
	seen := make(map[string]bool, len(list))
	out := list[:0:0]
	for _, a := range list {
		if k := same(a); !seen[k] {
			seen[k] = true
			out = append(out, a)
		}
	}
	return out
}

// among reports whether an address is one of a list.
func among(address string, list []string) bool {
	for _, a := range list {
		if same(a) == same(address) {
			return true
		}
	}
	return false
}

// roles are the local parts of those who answer for a mail system, and are no recipients of ours.
var roles = map[string]bool{
	"postmaster": true, "post_master": true, "mailer-daemon": true, "mailerdaemon": true, "mailer_daemon": true, "mail-daemon": true, "hostmaster": true, "abuse": true,
	"support": true, "helpdesk": true, "administrator": true, "sysadmin": true, "noreply": true, "no-reply": true,
}

func isRole(address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	return roles[local]
}
