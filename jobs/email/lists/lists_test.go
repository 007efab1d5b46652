package lists

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// read reads a sample as its tool writes it.
func read(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../testdata/mail/lists", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	if name == "brevo.csv" || name == "cleverreach.csv" {
		r.Comma = ';'
	}
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestTools: each tool is known by what it writes, and who is left out, and why.
func TestTools(t *testing.T) {
	samples, err := filepath.Glob("../../../testdata/mail/lists/*.csv")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range []struct{ file, tool, addresses, names, left string }{
		{"mailchimp-subscribed.csv", "Mailchimp", "Email Address", "First Name, Last Name", ""},
		{"mailchimp-unsubscribed.csv", "Mailchimp", "Email Address", "First Name, Last Name", "left@example.org unsubscribed"},
		{"mailchimp-cleaned.csv", "Mailchimp", "Email Address", "First Name, Last Name", "gone@example.org cleaned"},
		{"listmonk.csv", "listmonk", "email", "name", "block@example.org unsubscribed, off@example.org unsubscribed"},
		{"listmonk-query.csv", "listmonk", "email", "name", "left@example.org unsubscribed"},
		{"brevo.csv", "Brevo", "EMAIL", "FIRSTNAME, LASTNAME", "left@example.org unsubscribed"},
		{"hubspot.csv", "HubSpot", "Email", "First Name, Last Name", "left@example.org unsubscribed, gone@example.org cleaned"},
		{"thunderbird.csv", "Thunderbird", "Primary Email, Secondary Email", "First Name, Last Name, Display Name", ""},
		{"google.csv", "Google Contacts", "E-mail 1 - Value", "First Name, Last Name", ""},
		{"google-old.csv", "Google Contacts", "E-mail 1 - Value", "Given Name, Family Name, Name", ""},
		{"outlook.csv", "Outlook", "E-mail Address, E-mail 2 Address", "First Name, Last Name", ""},
		{"klaviyo.csv", "Klaviyo", "Email", "First Name, Last Name", "left@example.org unsubscribed, gone@example.org unsubscribed"},
		{"constantcontact.csv", "Constant Contact", "Email address", "First name, Last name", "left@example.org unsubscribed"},
		{"cleverreach.csv", "CleverReach", "email", "firstname, lastname", "left@example.org unsubscribed"},
		{"phplist.csv", "phpList", "email", "", "left@example.org unsubscribed, new@example.org unsubscribed"},
		{"ghost.csv", "Ghost", "email", "name", "left@example.org unsubscribed"},
		{"sendgrid.csv", "SendGrid", "EMAIL", "FIRST_NAME, LAST_NAME", ""},
		{"mailerlite.csv", "MailerLite", "Subscriber", "Name, Last name", ""},
	} {
		seen++
		rows := read(t, c.file)
		l := Recognize(rows[0])
		var names, left []string
		for _, what := range []string{"first_name", "last_name", "name"} {
			if n := l.Names[what]; n != "" {
				names = append(names, n)
			}
		}
		for _, row := range rows[1:] {
			for i := range l.Marks {
				if at := slices.Index(rows[0], l.Marks[i].Column); l.Marks[i].Holds([]byte(row[at])) {
					left = append(left, row[slices.Index(rows[0], l.Addresses[0])]+" "+string(l.Marks[i].Class))
					break
				}
			}
		}
		got := []string{l.Tool, strings.Join(l.Addresses, ", "), strings.Join(names, ", "), strings.Join(left, ", ")}
		if want := []string{c.tool, c.addresses, c.names, c.left}; !slices.Equal(got, want) {
			t.Errorf("%s:\n%q, want\n%q", c.file, got, want)
		}
		if said := l.Says(); !strings.Contains(said[0], "an export of "+c.tool) || c.left != "" && len(said) < 2 {
			t.Errorf("%s: %q", c.file, said)
		}
	}
	if seen != len(samples) {
		t.Errorf("%d samples, and %d of them are looked at", len(samples), seen)
	}
}

// TestGeneral: a list that nobody knows leaves out only whom it clearly says so of.
func TestGeneral(t *testing.T) {
	for _, c := range []struct {
		column, value string
		left          bool
	}{
		{"unsubscribed", "yes", true},
		{"Unsubscribed", "TRUE", true},
		{"unsubscribed", "1", true},
		{"unsubscribed", "2025-01-01", true},
		{"unsubscribed", "no", false},
		{"unsubscribed", "", false},
		{"unsubscribed", "0", false},
		{"unsubscribed", "False", false},
		{"unsubscribed", "null", false},
		{"Opt-Out", "x", true},
		{"opt_out", "n", false},
		{"Email Opt Out", "1", true},
		{"blacklisted", "true", true},
		{"Email Blocklisted", "Yes", true},
		{"unsubscribed_at", "2025-01-01 10:00:00", true},
		{"unsubscribed_at", "0000-00-00 00:00:00", false},
		{"unsubscribed_at", "", false},
		{"status", "unsubscribed", true},
		{"status", "Unsubscribed", true},
		{"status", "blocklisted", true},
		{"status", "active", false},
		{"status", "gold", false},
		{"status", "disabled", false},
		{"status", "bounced", false},
		{"status", "inactive", false},
		{"status", "1", false},
		{"subscription_status", "OPTED_OUT", true},
		{"subscription_status", "unconfirmed", false},
		{"email_status", "bounced", true},
		{"email_status", "suppressed", true},
		{"email_status", "sent", false},
		{"email_status", "deferred", false},
		{"subscribed", "false", true},
		{"subscribed", "true", false},
		{"subscribed", "2024-01-01", false},
		{"subscribed", "", false},
		{"opt_in", "no", false},
		{"newsletter", "no", false},
		{"comment", "unsubscribed", false},
		{"unsubscribe_url", "https://example.com", false},
		{"cc", "AT", false},
		{"member_status", "unsubscribed", false},
		{"disabled", "true", false},
		{"blocked", "yes", false},
		{"confirmed", "no", false},
		{"deactivated", "2025-01-01", false},
	} {
		l := Recognize([]string{"email", c.column, "name"})
		left := slices.ContainsFunc(l.Marks, func(m Mark) bool { return m.Column == c.column && m.Holds([]byte(c.value)) })
		if left != c.left || l.Tool != "" || l.Addresses != nil {
			t.Errorf("%s %q: left out is %v, of %q", c.column, c.value, left, l.Tool)
		}
	}
	if l := Recognize([]string{"email", "name"}); len(l.Says()) != 0 {
		t.Errorf("%q", l.Says())
	}
	if said := strings.Join(func() []string { l := Recognize([]string{"e", "Opt Out", "unsub_time"}); return l.Says() }(), "\n"); said != "nobody is written to of whom Opt Out is set; or unsub_time has a date (--include-unsubscribed does)" {
		t.Errorf("%q", said)
	}
}

// TestTables: columns and values are written as they are compared.
func TestTables(t *testing.T) {
	check := func(what, name string) {
		if Plain(name) != name {
			t.Errorf("%s: the column %q is %q in plain", what, name, Plain(name))
		}
	}
	marks := func(what string, list []Mark) {
		for _, m := range list {
			check(what, m.Column)
			for _, v := range slices.Concat(m.Is, m.Unless) {
				if plainValue(v) != v {
					t.Errorf("%s: %s: the value %q is %q in plain", what, m.Column, v, plainValue(v))
				}
			}
			if m.Class == "" || m.Is != nil && m.Unless != nil || m.Is == nil && m.Unless == nil {
				t.Errorf("%s: %+v", what, m)
			}
		}
	}
	marks("general", General())
	for _, x := range tools() {
		marks(x.name, x.marks)
		for _, set := range x.known {
			if len(set) == 0 {
				t.Errorf("%s has all lists", x.name)
			}
			for _, c := range set {
				check(x.name, c)
			}
		}
		for _, c := range slices.Concat(x.addresses, x.others) {
			check(x.name, c)
		}
		for what, c := range x.names {
			check(x.name, what)
			check(x.name, c)
		}
	}
}

// FuzzRecognize: whatever a header is, what is found are columns of it.
func FuzzRecognize(f *testing.F) {
	f.Add("Email Address,LEID,EUID,UNSUB_TIME", "2025")
	f.Add("\ufeffemail,status", "UNSUBSCRIBED")
	f.Fuzz(func(t *testing.T, header, value string) {
		columns := strings.Split(header, ",")
		l := Recognize(columns)
		found := slices.Clone(l.Addresses)
		for _, c := range l.Names {
			found = append(found, c)
		}
		for i := range l.Marks {
			found = append(found, l.Marks[i].Column)
			_ = l.Marks[i].Holds([]byte(value))
			if l.Marks[i].Holds(nil) {
				t.Fatalf("%q: who has nothing in %s is left out", header, l.Marks[i].Column)
			}
		}
		for _, c := range found {
			if !slices.Contains(columns, c) {
				t.Fatalf("%q has no column %q", header, c)
			}
		}
	})
}
