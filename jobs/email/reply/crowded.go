package reply

import (
	"slices"
	"strings"
)

// TooMany reports whether a server refuses a connection as there are too many at a time: by
// its words, whenever it says so; or as it sends a new connection away, which may be why.
func TooMany(at Phase, said *Reply) bool {
	return said.Code >= 400 && (crowded(at, said.Code, said.Text) || (said.Code == 421 && at == Connect))
}

// crowded reports whether a reply that came in a phase says that there are too many connections.
// Once a transaction goes on, words are not enough: a server may quote another one there, that of
// the recipient.
func crowded(at Phase, code int, text string) bool {
	if !slices.Contains([]Phase{Connect, Auth, Mail}, at) && code != 421 && code != 432 {
		return false
	}
	return saysTooMany(text)
}

// saysTooMany reports whether words are about too many connections at a time. Servers have
// each their own: "too many connections from 192.0.2.1" (Postfix), "Too many concurrent SMTP
// connections" (Exim), "Concurrent connections limit exceeded", "The maximum number of
// concurrent connections has exceeded a limit", "sender thread limit exceeded" (Exchange),
// "concurrency limit reached". How often one may connect, or how much one may send, is
// something else.
func saysTooMany(text string) bool {
	words := plainOf(text).words
	has := func(list ...string) bool {
		return slices.ContainsFunc(list, func(w string) bool { return strings.Contains(words, w) })
	}
	switch {
	case has(" rate limit", "connection rate", " per hour", " per minute", " per day", " daily"):
		return false
	case has(" concurren", " simultaneous", " parallel"):
		return has("connection", "session", " limit", " thread")
	case has("connections", "sessions"):
		return has("too many", " limit", " maximum", " max ", " exceed")
	}
	return has("connection limit", "sender thread limit")
}
