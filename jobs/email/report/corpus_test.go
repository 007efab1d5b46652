package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"
)

// forms are how mail systems put a reply into a report: as RFC 3464 has it, and in words alone.
var forms = map[string]string{
	"RFC 3464": "From: MAILER-DAEMON@mx.example.net\nTo: bounces@example.com\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\nYour message could not be delivered.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n" +
		"Final-Recipient: rfc822; cyd@example.net\nAction: failed\nStatus: %[2]s\nRemote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; %[1]s\n\n--b--\n",
	"Postfix": "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\nTo: bounces@example.com\nSubject: Undelivered Mail Returned to Sender\n\n" +
		"This is the mail system at host mx.example.net.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n" +
		"<cyd@example.net>: host mx.example.net[192.0.2.25] said: %[1]s (in reply to %[3]s command)\n",
	"Exim": "From: Mail Delivery System <Mailer-Daemon@mx.example.net>\nTo: bounces@example.com\nSubject: Mail delivery failed: returning message to sender\nX-Failed-Recipients: cyd@example.net\n\n" +
		"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n" +
		"  cyd@example.net\n    host mx.example.net [192.0.2.25]\n    SMTP error from remote mail server after %[3]s:\n    %[1]s\n",
}

// commands are what a phase is called in reports.
var commands = map[string]string{"connect": "initial connection", "auth": "AUTH", "mail": "MAIL FROM", "rcpt": "RCPT TO", "data": "DATA", "dot": "end of DATA"}

// TestCorpus: each reply of the corpus that is final comes to the same in a report, whoever
// writes that; in words alone at least as dead or alive.
func TestCorpus(t *testing.T) {
	const corpus = "../../../testdata/mail/replies.tsv"
	b, err := os.ReadFile(corpus)
	if err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(bytes.NewReader(b))
	in.Comma, in.LazyQuotes = '\t', true
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for i, row := range rows[1:] {
		said, want := row[2], row[5]
		status := said[:1] + ".0.0"
		if words := strings.Fields(said[3:]); len(words) > 0 && strings.Count(words[0], ".") == 2 && words[0][0] == said[0] {
			status = words[0]
		}
		for form, text := range forms {
			m := Read([]byte(fmt.Sprintf(text, said, status, commands[row[1]])), nil)
			if m.Kind != Delivery || len(m.About) != 1 || m.About[0].Address != "cyd@example.net" {
				t.Errorf("%s:%d, %s: %s is %s about %v", corpus, i+2, form, said, m.Kind, m.About)
				continue
			}
			read++
			got := string(m.About[0].Class)
			if got != want && (form == "RFC 3464" || (got == "bounce") != (want == "bounce")) {
				t.Errorf("%s:%d, %s: %s is %s, not %s", corpus, i+2, form, said, got, want)
			}
		}
	}
	if read < 900 {
		t.Errorf("%d reports only", read)
	}
}
