package report

import (
	"brood/jobs/email/verp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// formats are the samples, one for each format, and what they say: address, class and action.
var formats = map[string][]string{
	"communigate.eml":          {"ann@example.org bounce failed"},
	"exchange-365-words.eml":   {"ann@example.org bounce failed"},
	"exchange-german.eml":      {"ann@example.org bounce failed"},
	"exim-sender.eml":          {"ann@example.org sender failed", "bob@example.org reply failed"},
	"exim-unroutable.eml":      {"ann@nosuch.example bounce failed"},
	"groupwise-transcript.eml": {"ann@example.org bounce failed"},
	"interscan.eml":            {"ann@example.org bounce failed"},
	"james.eml":                {"ann@example.org bounce failed"},
	"mailmarshal.eml":          {"ann@example.org bounce failed"},
	"mdaemon.eml":              {"ann@example.org bounce failed"},
	"mercury.eml":              {"ann@example.org bounce failed"},
	"postfix-expired.eml":      {"ann@example.org reply failed", "bob@example.org reply failed"},
	"postfix-french.eml":       {"ann@example.org bounce failed"},
	"postfix-nx.eml":           {"ann@example.or bounce failed"},
	"qmail-kind.eml":           {"ann@example.org full failed", "bob@example.org bounce failed"},
	"sendmail-delay.eml":       {"ann@example.org delayed delayed"},
	"vacation-danish.eml":      {"ann@example.org auto-reply "},
	"letter-of-a-shop.eml":     nil,
	"arf.eml":                  {"ann@example.org complaint "},
	"arf-dmarc.eml":            {"ann@example.org policy "},
	"arf-redacted.eml":         {"ann@example.org complaint "},
	"arf-verp.eml":             {"ann@example.org complaint "},
	"arf-verp-nobody.eml":      {"ann@example.org complaint "},
	"smtputf8.eml":             {"zoë@example.org bounce failed", `"Ann Smith"@example.org bounce failed`},
	"broken.eml":               {"ann@example.org bounce failed"},
	"courier.eml":              {"ann@example.org bounce failed"},
	"delivered.eml":            {"ann@example.org relayed relayed"},
	"domino.eml":               {"ann@example.org bounce failed"},
	"dragonfly.eml":            {"ann@example.org bounce failed"},
	"exchange-2003.eml":        {"ann@example.org bounce failed", "bob@example.org policy failed"},
	"exchange-365.eml":         {"ann@example.org bounce failed"},
	"exim.eml":                 {"ann@example.org bounce failed", "bob@example.org content failed"},
	"exim-retry.eml":           {"ann@example.org reply failed"},
	"exim-warning.eml":         {"ann@example.org delayed delayed"},
	"ezweb.eml":                {"ann@example.org reply failed"},
	"forwarded.eml":            nil, // anybody may have typed it
	"forwarded-attached.eml":   {"ann@example.org bounce failed"},
	"forwarding.eml":           {"ann@example.org bounce failed"},
	"gmail-delay.eml":          {"ann@example.org delayed delayed"},
	"gmail-old.eml":            {"ann@example.org bounce failed"},
	"gmx.eml":                  {"ann@example.org bounce failed"},
	"groupwise.eml":            {"ann@example.org bounce failed"},
	"imail.eml":                {"ann@example.org full failed"},
	"jmrp.eml":                 {"ann@example.org complaint "},
	"letter.eml":               nil,
	"mailru.eml":               {"ann@example.org bounce failed"},
	"mfilter.eml":              {"ann@example.org bounce failed"},
	"opensmtpd.eml":            {"ann@example.org bounce failed", "bob@example.org full failed"},
	"postfix-words.eml":        {"ann@example.org bounce failed", "bob@example.org bounce failed", "cyd@example.org sender failed"},
	"qmail.eml":                {"ann@example.org bounce failed", "bob@example.org bounce failed", "eve@example.org full failed"},
	"qmail-queue.eml":          {"ann@example.org busy failed"},
	"receipt.eml":              {"ann@example.org delivered delivered"},
	"sendmail.eml":             {"ann@example.org policy failed"},
	"sendmail-old.eml":         {"ann@example.org bounce failed"},
	"ses-bounce.eml":           {"ann@example.org bounce failed"},
	"ses-complaint.eml":        {"ann@example.org complaint "},
	"unsubscribe.eml":          {"ann@example.org unsubscribe "},
	"vacation.eml":             {"ann@example.org auto-reply "},
	"vacation-left.eml":        {"ann@example.org auto-reply "},
	"verp-hash.eml":            {"a-name-that-is-much-too-long-for-a-return-path-of-64-octets@department.example.org bounce failed"},
	"verp-words.eml":           {"ann@example.org bounce failed"},
	"workmail.eml":             {"ann@example.org bounce failed"},
	"yahoo.eml":                {"ann@example.org bounce failed"},
}

// written is as brood bounces has it.
func written(returnPath string, named []string) string {
	if to, ok := verp.Read(returnPath); ok {
		return to
	}
	for _, a := range named {
		if verp.Hashed(returnPath) && verp.Match(returnPath, a) {
			return a
		}
	}
	return ""
}

const samples = "../../../testdata/mail/reports/formats/"

func TestFormats(t *testing.T) {
	paths, err := filepath.Glob(samples + "*")
	if err != nil || len(paths) < len(formats) {
		t.Fatal(len(paths), err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, ok := formats[name]
		if !ok {
			t.Errorf("%s is not in the table", name)
		}
		for _, form := range [][]byte{raw, []byte(strings.ReplaceAll(string(raw), "\n", "\r\n"))} {
			if got := said(Read(form, written)); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

func said(m Message) []string {
	var out []string
	for _, r := range m.About {
		out = append(out, fmt.Sprintf("%s %s %s", r.Address, r.Class, r.Action))
	}
	return out
}
