package reply

import "testing"

// Servers word in many ways that there are too many connections at a time, and other things
// in similar words.
func TestTooMany(t *testing.T) {
	for _, c := range []struct {
		at   Phase
		code int
		text string
		want bool
	}{
		{Connect, 421, "Error: too many connections from 192.0.2.1", true},
		{Connect, 421, "Too many concurrent SMTP connections; please try again later.", true},
		{Connect, 421, "Service not available", true}, // it may be that
		{Connect, 450, "try again", false},
		{Connect, 554, "Too many connections from your host", true},
		{Connect, 554, "blocked", false},
		{Auth, 421, "Too many sessions", true},
		{Auth, 454, "Temporary authentication failure", false},
		{Mail, 432, "Concurrent connections limit exceeded. Visit the documentation", true},
		{Mail, 421, "concurrency limit reached", true},
		{Mail, 421, "closing transmission channel", false},
		{Mail, 450, "too many connections from your IP", true},
		{Mail, 451, "maximum number of simultaneous connections exceeded", true},
		{Mail, 421, "The maximum number of concurrent connections has exceeded a limit, closing transmission channel", true},
		{Rcpt, 450, "4.7.1 callout: host said: too many concurrent connections", false}, // to another server
		{Dot, 451, "next hop said: too many connections", false},
		{Rcpt, 421, "too many connections from 192.0.2.1", true},
		{Dot, 432, "STOREDRV.ClientSubmit; sender thread limit exceeded", true},
		{Mail, 421, "Connection limit exceeded", true},
		{Mail, 421, "Connection rate limit exceeded", false},
		{Mail, 421, "Too many connections per hour", false},
		{Mail, 451, "Too many messages on this connection", false},
		{Rcpt, 452, "Too many recipients", false},
		{Rcpt, 450, "Requested mail action not taken", false},
		{Rcpt, 550, "<too-many-connections@limit.example>: user unknown", false},
		{Mail, 250, "too many connections, but never mind", false},
	} {
		if got := TooMany(c.at, &Reply{Code: c.code, Text: c.text}); got != c.want {
			t.Errorf("%s: %d %s: %v", c.at, c.code, c.text, got)
		}
	}
}
