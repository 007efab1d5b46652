package email

import (
	"brood/jobs/email/reply"
	"brood/jobs/email/verp"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReturnPaths: with --verp each recipient of a message has a return path of its own, and so
// a transaction of its own.
func TestReturnPaths(t *testing.T) {
	const go1 = "> 220 mail.example ESMTP\n< EHLO me.example\n> 250-mail.example\n> 250-PIPELINING\n> 250 8BITMIME\n" +
		"< MAIL FROM:<r+a=x.example@x.example> BODY=8BITMIME\n< RCPT TO:<a@x.example>\n< DATA\n> 250 ok\n> 250 ok\n> 354 go\n<.\n> 250 ok\n"
	two := "< MAIL FROM:<" + verp.Write("r@x.example", "b c@x.example") + "> BODY=8BITMIME\n< RCPT TO:<\"b c\"@x.example>\n< DATA\n> 250 ok\n"
	for name, c := range map[string]struct {
		script, err string
		at          reply.Phase
	}{
		"both":       {go1 + two + "> 250 ok\n> 354 go\n<.\n> 250 ok\n", "", reply.Dot},
		"half of it": {go1 + two + "> 550 5.1.1 no\n> 503 none\n< RSET\n> 250 ok\n", "sent to a@x.example, but not to b c@x.example", reply.Rcpt},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := converseLetter(t.Context(), t, &server{TLS: "never"}, c.script, &letter{from: "r@x.example", verp: true, recipients: []string{"a@x.example", "b c@x.example"}})
			if l.at != c.at || (l.err == nil) != (c.err == "") || l.err != nil && !strings.Contains(l.err.Error(), c.err) {
				t.Errorf("%s: %v", l.at, l.err)
			}
		})
	}
}

// TestSendmailAsOne: without it a program gets all recipients at once, and if it says that there
// is no such user nobody knows who is meant.
func TestSendmailAsOne(t *testing.T) {
	program := filepath.Join(t.TempDir(), "sendmail")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"$@\"\nexit 67\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, _, err := sendmail(program).send(t.Context(), &letter{message: []byte("x"), from: "r@x.example", recipients: []string{"a@x.example", "b@x.example"}})
	if err == nil || !strings.Contains(err.Error(), "some of a@x.example, b@x.example may have it") || !strings.Contains(err.Error(), "-i -f r@x.example -- a@x.example b@x.example") {
		t.Error(err)
	}
}
