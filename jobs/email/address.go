package email

import (
	"brood/jobs"
	_ "brood/jobs/quoted"
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
		a, err := parseAddress(strings.TrimSpace(string(jobs.CleanAddress([]byte(v)))))
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
	if back, err := parseAddress(path(out)); err != nil || back.Address != out {
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
func path(address string) string {
	if isPlain(address) {
		return "<" + address + ">"
	}
	return (&netmail.Address{Address: address}).String()
}

// parseAddress is that of net/mail, which for an address that is plain, in angle brackets or
// not, as nearly all are, has nothing to find out.
func parseAddress(s string) (*netmail.Address, error) {
	inner, open := strings.CutPrefix(s, "<")
	if inner, closed := strings.CutSuffix(inner, ">"); open == closed && isPlain(inner) {
		return &netmail.Address{Address: inner}, nil
	}
	return netmail.ParseAddress(s)
}

// isPlain reports whether an address is words of letters and digits, with few signs, and dots
// between, before the @, and a domain in letters of ASCII behind it: it needs no quotes and is read as it
// is written.
func isPlain(address string) bool {
	local, domain, ok := cutAddress(address)
	if !ok || !isDomainName(domain) {
		return false
	}
	dot := true // a word begins here
	for i := range len(local) {
		c := local[i]
		switch {
		case c == '.' && dot:
			return false
		case c != '.' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("_+-=", c) < 0:
			return false
		}
		dot = c == '.'
	}
	return !dot
}
