package report

import (
	"brood/jobs/billing/account"
	"brood/runner/term"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// longestText is how much of a text is shown, in bytes.
const longestText = 600

// harmless is a text as it may be shown, whoever has written it: one line, with no account number in it, and with
// characters written out that order something instead of being seen.
func harmless(s string) string {
	if len(s) > longestText {
		cut := longestText
		for cut > longestText-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return term.Escape(maskAccounts(s))
}

// likeIBAN is what may be an IBAN (ISO 13616): a country, two check digits, and up to thirty more, as it is stored
// or in groups.
var likeIBAN = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b[A-Z]{2}[0-9]{2}(?:[ \x{a0}-]?[A-Z0-9]){10,30}\b`)
})

// maskAccounts leaves of IBANs what one needs to tell them apart. What only looks like one stays as it is.
func maskAccounts(s string) string {
	if len(s) < 14 {
		return s
	}
	return likeIBAN().ReplaceAllStringFunc(s, func(found string) string {
		// Words behind it may look as if they belonged to it.
		for end := len(found); end >= 14; end-- {
			if !alnum(found[end-1]) || end < len(found) && alnum(found[end]) {
				continue
			}
			plain := strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(found[:end])
			if n, err := account.ParseIBAN(plain); err == nil {
				return n.Mask() + found[end:]
			}
		}
		return found
	})
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// secret is what takes the place of what must not be seen.
const secret = "***"

var (
	// secretName is the name of a setting whose value nobody else must see.
	secretName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)passw|passphrase|secret|token|authori[sz]ation|cookie|credential|api[-_ ]?key|apikey|private[-_ ]?key|^basic$|^auth$|signature`)
	})
	// secretWord is such a name with its value, in a line of a command or a header.
	secretWord = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)((?:[\w-]*(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|apikey|authorization|cookie|credential)[\w-]*)["']?\s*[:=]\s*["']?)((?:(?:basic|bearer|digest)\s+)?[^\s"'&,;]+)`)
	})
	// userinfo is who logs in by an URL: RFC 3986, 3.2.1.
	userinfo = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*):[^\s/@]+@`)
	})
	// keyLike are keys of services that say what they are by how they begin.
	keyLike = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\b(?:sk|rk|pk|whsec|xox[abp]|gh[pousr]|glpat|SG)[_.-](?:live_|test_)?[A-Za-z0-9_-]{12,}`)
	})
)

// maskSecrets takes out of a setting, or a word of a command, what looks like a secret.
func maskSecrets(s string) string {
	s = userinfo().ReplaceAllString(s, "$1:"+secret+"@")
	s = keyLike().ReplaceAllString(s, secret)
	return secretWord().ReplaceAllStringFunc(s, func(found string) string {
		m := secretWord().FindStringSubmatch(found)
		if strings.Contains(m[2], "{secret:") || strings.HasPrefix(m[2], "{") { // its place, not the value
			return found
		}
		return m[1] + secret
	})
}
