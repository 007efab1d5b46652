package email

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// TestExchanges asks a name server whether domains take mail.
func TestExchanges(t *testing.T) {
	mx := func(name string) *dnsmessage.MXResource {
		return &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(name)}
	}
	server := serveNames(t, "127.0.0.1:0", map[string]dnsmessage.ResourceBody{
		"with.example.":   mx("mail.with.example."),
		"null.example.":   mx("."), // RFC 7505
		"only-a.example.": &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
		"only-6.example.": &dnsmessage.AAAAResource{AAAA: [16]byte{15: 1}},
		"text.example.":   &dnsmessage.TXTResource{TXT: []string{"no mail here"}},
		"broken.example.": nil,
	})
	e := newExchanges(server)
	for domain, want := range map[string]string{
		"with.example": "", "only-a.example": "", "only-6.example": "", "WITH.example": "",
		"null.example": "says that it takes no mail", "gone.example": "there is no mail server for gone.example", "text.example": "there is no mail server",
	} {
		for range 2 { // what is known is not asked again
			err := e.check(t.Context(), domain)
			if (err == nil) != (want == "") {
				t.Errorf("%s: %v, want %q", domain, err, want)
				continue
			}
			var no *noMail
			if err != nil && (!errors.As(err, &no) || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %v, want %q", domain, err, want)
			}
		}
	}
	// What cannot be found out is no reason to give an address up.
	err := e.check(t.Context(), "broken.example")
	var no *noMail
	if err == nil || errors.As(err, &no) {
		t.Errorf("a name server that fails: %v", err)
	}
	if _, known := e.known["broken.example"]; known {
		t.Error("a failure is remembered")
	}
}
