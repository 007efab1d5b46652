package email

import (
	"brood/jobs"
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode"
)

// recipient is whom a record is about.
func recipient(vars variables, columns []string) (*netmail.Address, error) {
	for _, column := range columns {
		v := vars.text(column)
		if v == "" {
			continue
		}
		a, err := netmail.ParseAddress(strings.TrimSpace(string(jobs.CleanAddress([]byte(v)))))
		if err != nil {
			return nil, noAddress(v, err)
		}
		if a.Address, err = asciiDomain(a.Address); err != nil {
			return nil, err
		}
		if a.Name == "" {
			if a.Name = vars.text("name"); a.Name == "" {
				a.Name = strings.TrimSpace(vars.text("first_name") + " " + vars.text("last_name"))
			}
		}
		return a, oneLine("the name", a.Name)
	}
	return nil, fmt.Errorf("there is no address: %s is empty or missing", strings.Join(columns, " or "))
}

// noAddress words why a value is none, and what may have been meant: that is not for brood to
// decide.
func noAddress(v string, err error) error {
	local, domain, ok := cutAddress(strings.TrimSpace(v))
	if near := strings.ReplaceAll(domain, ",", "."); ok && near != domain && !strings.ContainsAny(local, ", ") && strings.Contains(near, ".") {
		if a, err := netmail.ParseAddress(local + "@" + near); err == nil {
			return fmt.Errorf("%q is not an address: is %s meant, with a dot?", v, a.Address)
		}
	}
	if strings.Contains(v, ",") {
		return fmt.Errorf("%q is not one address (more go into the column cc, and a name with a comma into quotes): %w", v, err)
	}
	return fmt.Errorf("%q is not an address: %w", v, err)
}

func cutAddress(a string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(a, '@')
	if i < 0 {
		return a, "", false
	}
	return a[:i], a[i+1:], true
}

// asciiDomain writes the domain of an address as the mail system wants it: RFC
// 5891.
func asciiDomain(a string) (string, error) {
	local, domain, ok := cutAddress(a)
	if !ok {
		return "", fmt.Errorf("%q is not an address", a)
	}
	if strings.ContainsFunc(local, hidden) {
		return "", fmt.Errorf("%q has a character that nobody sees, or a line break", a)
	}
	ascii, err := jobs.ASCIIDomain(domain)
	if err != nil || ascii == "" {
		return "", fmt.Errorf("%q: the domain is not valid", a)
	}
	out := local + "@" + ascii
	// xn--.example is a name to IDNA, and comes out as .example.
	if back, err := netmail.ParseAddress(path(out)); err != nil || back.Address != out {
		return "", fmt.Errorf("%q: the domain is not valid", a)
	}
	return out, nil
}

// hidden reports whether a character is in no address, quoted or not: controls, marks of direction and
// the like, spaces and line breaks of Unicode. Joiners are letters of some names: jobs.CleanAddress
// takes off the others.
func hidden(r rune) bool {
	return r != ' ' && unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
}

// path is an address as the commands of SMTP have it, in angle brackets, with
// quotes where it needs them.
func path(address string) string { return (&netmail.Address{Address: address}).String() }
