package settings

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExample: the commented example is right, and has every setting that there is.
func TestExample(t *testing.T) {
	s, err := Read("../../../testdata/billing/seller.toml")
	if err != nil {
		t.Fatal(err)
	}
	if s.Seller.Country != "DE" || s.Caps.Record["JPY"] != "800000" || s.SEPA.CreditorID == "" {
		t.Errorf("%+v", s)
	}
	one, err := s.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	again := new(Settings)
	if err := json.Unmarshal(one, again); err != nil {
		t.Fatal(err)
	}
	two, err := again.Canonical()
	if err != nil || !bytes.Equal(one, two) || bytes.ContainsAny(one, "\n") {
		t.Errorf("%s\n%s, %v", one, two, err)
	}
}

// TestRefused says in which line, or which setting, something is wrong.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"zone = \"Mars/Olympus\"":                                        `zone: there is no zone "Mars/Olympus"`,
		"zone = \"Local\"":                                               `there is no zone "Local"`,
		"[seller]\nnmae = \"x\"":                                         "line 2: there is no setting seller.nmae",
		"[seller]\nname = 3":                                             "line 2, column 8: seller.name",
		"[seller]\nname = \"x":                                           "line 2",
		"[seller]\ncountry = \"Germany\"":                                "seller.country",
		"[seller]\nname = \"a\\nb\"":                                     "seller.name: it has control characters",
		"[seller]\nemail = \"a\"":                                        "seller.email",
		"[caps.record]\nEUR = 100.0":                                     "line 2",
		"[caps.record]\nEUR = \"100.001\"":                               "caps.record.EUR: \"100.001\" is no amount: the currency has 2 decimals",
		"[caps.run]\neur = \"100\"":                                      `there is no currency "eur"`,
		"[caps.run]\nEUR = \"0\"":                                        "it is 0, which allows nothing",
		"tax_rounding = \"up\"":                                          `tax_rounding: it is "up"`,
		"[invoice]\nseries = \"R-{year}\"":                               "has {number} 0 times",
		"[invoice]\nseries = \"{number}/{year}\"":                        "becomes the name of a file",
		"[invoice]\nseries = \"{number:99}\"":                            "the width is between 1 and 18",
		"[invoice]\nseries = \"{month}{number}\"":                        "there is no {month}",
		"[invoice]\nseries = \"{number\"":                                "a { without its }",
		"[invoice]\nseries = \"number}\"":                                "a } without its {",
		"[invoice]\nseries = \"{number}\"\ncredit_series = \"{number}\"": "two papers would have one number",
		"[seller]\niban = \"DE02120300000000202052\"":                    "seller.iban: ",
		"[seller]\nbic = \"X\"":                                          "seller.bic: ",
		"[sepa]\niban = \"DE02120300000000202051\"\nbic = \"BNPAFRPP\"":  "sepa.bic: BNPAFRPP is of a bank of another country than the IBAN",
		"[sepa]\ncreditor_id = \"DE97ZZZ09999999999\"":                   "sepa.creditor_id: ",
		"[journal]\nbank = \"a  b\"":                                     "journal.bank",
		"[sepa]\ninstrument = \"COR1\"":                                  "sepa.instrument",
		"[sepa]\nversion = \"pain.001\"":                                 "sepa.version",
		"[sepa]\nnotice_days = -1":                                       "sepa.notice_days",
		"[nacha]\noriginating_dfi = \"123\"":                             "nacha.originating_dfi",
		"[nacha]\nclass = \"TEL\"":                                       "nacha.class",
		"[nacha]\ncompany_name = \"ABCDEFGHIJKLMNOPQ\"":                  "more than 16 characters",
		"[approval]\nrequired = true":                                    "approval.required",
		"# sk_live_abc":                                                  "line 1: there is a secret key in it",
		"[seller]\nname = \"M\xfcller\"":                                 "not in UTF-8",
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "sk_live_abc") {
			t.Errorf("the secret is in the error: %v", err)
		}
	}
}

// TestBeside reads what the settings name from beside them.
func TestBeside(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("invoice.html", "<p>{{.}}")
	put("signers", "ada ssh-ed25519 AAAA\n")
	put("own.ttf", "font")
	path := put("seller.toml", "[invoice]\nhtml = \"invoice.html\"\nfont = \"own.ttf\"\n[approval]\nrequired = true\nallowed_signers = \"signers\"\n")
	s, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if s.Invoice.Template != "<p>{{.}}" || s.Approval.Signers != "ada ssh-ed25519 AAAA\n" || s.Invoice.Font != filepath.Join(dir, "own.ttf") ||
		s.Invoice.FontSum != "795ea3efa43d0872b63bf0067be97553b46983e4f075097669391e9d15388ecc" {
		t.Errorf("%+v", s)
	}
	b, err := s.Canonical()
	if err != nil || bytes.Contains(b, []byte(dir)) {
		t.Errorf("%s, %v", b, err)
	}
	put("invoice.html", "\xff")
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "invoice.html") {
		t.Error(err)
	}
	if _, err := Read(filepath.Join(dir, "none")); err == nil {
		t.Error("a file that is not there was read")
	}
}

// FuzzParse: settings that are taken are right, and canonical: written, read and written again they are the same.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../../testdata/billing/seller.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte("[caps.run]\nEUR = \"1\"\n[invoice]\nseries = \"{number:6}\"\nfooter = [\"a\"]"))
	f.Add([]byte("zone = 'UTC'\nseller.name = 'x'"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		one, err := s.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		again := new(Settings)
		if err := json.Unmarshal(one, again); err != nil {
			t.Fatal(err)
		}
		two, err := again.Canonical()
		if err != nil || !bytes.Equal(one, two) {
			t.Fatalf("%s\n%s, %v", one, two, err)
		}
	})
}
