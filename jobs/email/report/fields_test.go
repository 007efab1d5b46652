package report

import (
	"fmt"
	"slices"
	"testing"
)

// Addresses with other letters than ASCII stand in reports as RFC 6533 has them, or as they are. What
// is wrong stays as it is, and is no address.
func TestInternational(t *testing.T) {
	const text = "From: MAILER-DAEMON@mx.example.net\nTo: bounces@example.com\nSubject: Undelivered\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\nx\n\n--b\nContent-Type: message/global-delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n" +
		"Final-Recipient: %s\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\n\n--b--\n"
	for field, want := range map[string]string{
		`utf-8; zo\x{EB}@x.example`:            "zoë@x.example",
		`UTF-8;\x{65E5}\x{672C}@x.example`:     "日本@x.example",
		`utf-8; zoë@x.example`:                 "zoë@x.example",
		`rfc822; "ann smith"@x.example`:        `"ann smith"@x.example`,
		`utf-8; a\x{40}y.example, b@x.example`: "",
		`utf-8; zo\x{110000}@x.example`:        `zo\x{110000}@x.example`,
		`utf-8; zo\x{EB@x.example`:             `zo\x{EB@x.example`,
	} {
		got := said(Read([]byte(fmt.Sprintf(text, field)), nil))
		if want != "" && !slices.Equal(got, []string{want + " bounce failed"}) {
			t.Errorf("%s: %q", field, got)
		}
		if a := addressOf(field); a != want {
			t.Errorf("%s: the address is %q", field, a)
		}
	}
}
