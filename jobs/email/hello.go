package email

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
)

// introduce decides what the machine calls itself towards the server: what the user says, or
// its own name if others can know it. Left empty it is the address from which it speaks, which
// is known when there is a connection: see helloName.
func (s *server) introduce(given string) error {
	if given != "" {
		if !isHelloName(given) {
			return fmt.Errorf("--ehlo-name %q: a name such as mail.example.com, or an address such as [192.0.2.1] or [IPv6:2001:db8::1]", given)
		}
		s.Hello = given
		return nil
	}
	if name, err := os.Hostname(); err == nil && isKnownName(name) {
		s.Hello = strings.TrimSuffix(name, ".")
	}
	return nil
}

// isHelloName reports whether a server can read what a machine calls itself: RFC 5321,
// section 4.1.1.1. A name without a dot is none that others know, but may be meant.
func isHelloName(s string) bool {
	inner, ok := strings.CutPrefix(s, "[")
	if !ok {
		return isDomainName(strings.ReplaceAll(s, "_", "x")) // some hosts have one
	}
	if inner, ok = strings.CutSuffix(inner, "]"); !ok {
		return false
	}
	v6, ok := strings.CutPrefix(inner, "IPv6:")
	a, err := netip.ParseAddr(v6)
	return err == nil && a.Zone() == "" && a.Is6() == ok
}

// isKnownName reports whether a host's name means anything elsewhere: servers refuse those
// that do not (RFC 5321, section 4.1.4, and "need fully-qualified hostname").
func isKnownName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	return isDomainName(host) && last != host && last != "localdomain" && last != "local" && last != "localhost" && !isDigits(last)
}

// isDomainName reports whether labels of letters, digits and inner hyphens stand with dots
// between: RFC 5321, section 4.1.2.
func isDomainName(s string) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// helloName is what a machine calls itself that has no name of its own: the address from
// which it speaks (RFC 5321, section 4.1.3), or localhost where there is none.
func helloName(from net.Addr) string {
	a, ok := from.(*net.TCPAddr)
	if !ok {
		return "localhost"
	}
	if v4 := a.IP.To4(); v4 != nil {
		return "[" + v4.String() + "]"
	}
	return "[IPv6:" + a.IP.String() + "]"
}
