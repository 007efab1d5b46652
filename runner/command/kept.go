package command

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// keptArgs are the arguments of a run as its ledger keeps them: all, or none where one of them may
// be a secret. What stands behind "--" is kept anyway, as is what the job makes of its flags.
func keptArgs(args []string) []string {
	for i, a := range args {
		if (i == 0 || !slices.Contains(notSecret, args[i-1])) && mayBeSecret(a) {
			return nil
		}
		name, value, joined := strings.Cut(a, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if isUser(name) && !strings.Contains(value, "{secret:") {
			return nil
		}
	}
	return slices.Clone(args)
}

// isUser reports whether an argument is the flag by which a job is told a user and a password.
func isUser(arg string) bool { return arg == "--basic" || arg == "-basic" || arg == "-u" }

// secretShapes are what a secret looks like on a command line: a password in a URL; a header, a
// variable or a field whose name says so and whose value stands there; a password of curl's;
// and a token of NATS, which stands where a user does.
var secretShapes = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^[^/\s]*[a-z][a-z0-9+.-]*://[^/?#\s]*:[^/?#\s]*@` +
		`|(?:cookie|token|secret|passwor[dt]|passwd|api[-_]?key|credential)[a-z0-9_-]*"?\s*[:=]\s*[^\s{$]` +
		`|authorization\s*:\s*(?:(?:basic|bearer|digest|token)\s+[^\s{$]|[^\s{$]+$)` +
		`|^-u[^\s{]*:[^{]` +
		`|\s(?:-u|--user)[\s=]` +
		`|(?:nats|tls|wss?)://[^/?#\s,]*@`)
})

// secretPlace is where a job puts one whose name it was told.
var secretPlace = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{secret:[^{}]*\}`) })

// notSecret are flags whose names say secret, and whose values are a name or a file.
var notSecret = []string{"--secret", "-secret", "--password-file", "-password-file", "--oauth2-secret", "-oauth2-secret", "--oauth2-token-url", "-oauth2-token-url"}

// mayBeSecret reports whether an argument looks as if it had a secret in it.
func mayBeSecret(arg string) bool {
	if name, _, _ := strings.Cut(arg, "="); slices.Contains(notSecret, name) {
		return false
	}
	return secretShapes().MatchString(secretPlace().ReplaceAllString(arg, "{"))
}
