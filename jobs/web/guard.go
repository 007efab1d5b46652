package web

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// The guard: a host that comes from a row, a redirect, or a name whose address changes between two
// lookups, must not make brood ask what only this machine or its network can reach (metadata services
// of clouds, routers, databases). So the address itself is looked at, when it is dialed.

// closed are the networks that are not the open internet, with what they are: the special-purpose
// registries of IANA (RFC 6890).
var closed = []struct {
	network netip.Prefix
	what    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "of this host"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},          // RFC 1918
	{netip.MustParsePrefix("100.64.0.0/10"), "of a provider"}, // RFC 6598
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},        // RFC 1122
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},   // RFC 3927: metadata of clouds
	{netip.MustParsePrefix("168.63.129.16/32"), "of a cloud"}, // Azure: DNS, health and the agent of its machines
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},       // RFC 1918
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},       // RFC 6890
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},  // RFC 5737
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},      // RFC 1918
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},  // RFC 2544
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},       // RFC 1112
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},        // RFC 1112, with the broadcast
	{netip.MustParsePrefix("::/96"), "of this host"},          // ::, ::1 and RFC 4291, section 2.5.5.1
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "translated"},  // RFC 7915: of IPv4, within a network
	{netip.MustParsePrefix("64:ff9b:1::/48"), "private"},      // RFC 8215: NAT64 within a network
	{netip.MustParsePrefix("100::/64"), "reserved"},           // RFC 6666
	{netip.MustParsePrefix("2001::/32"), "of a tunnel"},       // RFC 4380: Teredo
	{netip.MustParsePrefix("2001:2::/48"), "benchmarking"},    // RFC 5180
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"}, // RFC 3849
	{netip.MustParsePrefix("3fff::/20"), "documentation"},     // RFC 9637
	{netip.MustParsePrefix("fc00::/7"), "private"},            // RFC 4193
	{netip.MustParsePrefix("fe80::/10"), "link-local"},        // RFC 4291
	{netip.MustParsePrefix("fec0::/10"), "private"},           // RFC 3879
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// Networks of IPv6 whose addresses hold one of IPv4, and at which byte.
var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixTo4  = netip.MustParsePrefix("2002::/16")    // RFC 3056
	within4 = []struct {
		network netip.Prefix
		at      int
	}{{nat64, 12}, {sixTo4, 2}}
)

// Closed reports whether an address is not one of the open internet, and what it is. An address
// of IPv4 within one of IPv6 (mapped, NAT64, 6to4) counts.
func Closed(a netip.Addr) (what string, yes bool) {
	a = a.WithZone("").Unmap()
	if !a.IsValid() {
		return "no address", true
	}
	if a.Is6() {
		for _, w := range within4 {
			if w.network.Contains(a) {
				b := a.As16()
				return Closed(netip.AddrFrom4([4]byte(b[w.at : w.at+4])))
			}
		}
	}
	for _, c := range closed {
		if c.network.Contains(a) {
			return c.what, true
		}
	}
	return "", false
}

// closedError is why an address was not dialed.
type closedError struct {
	address, what string
}

func (e *closedError) Error() string {
	return fmt.Sprintf("%s is not an address of the open internet (%s): type that host on the command line, or give --allow-private", e.address, e.what)
}

// refused is why a URL is not asked for, before anything is dialed: a proxy dials by itself, so of
// what it gets only the name is known. Nil: it may be.
func (c *Client) refused(u *url.URL) *Trouble {
	if u.Scheme != "http" && u.Scheme != "https" {
		return failed(ClassRequest, "a URL begins with http:// or https://")
	}
	name := u.Hostname()
	if name == "" {
		return failed(ClassRequest, "the URL has no host")
	}
	if c.o.AllowPrivate || c.typed[Host(name)] || c.dialer.resolves(u) {
		return nil
	}
	if what := closedName(Host(name)); what != "" {
		return failed(ClassPrivate, "%s", (&closedError{clip(name), what}).Error())
	}
	return nil
}

// closedName is what a host is that need not be looked up to know that it is not one of the open
// internet; empty: it may be.
func closedName(host string) string {
	if a, err := netip.ParseAddr(host); err == nil {
		what, _ := Closed(a)
		return what
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761, section 6.3
		return "loopback"
	}
	if isNumber(host[strings.LastIndexByte(host, '.')+1:]) {
		// 127.1, 0x7f000001 and 2130706433 are addresses to some, and names to nobody (RFC 3696,
		// section 2: the last label is not all digits).
		return "no plain address"
	}
	return ""
}

func isNumber(label string) bool {
	if label == "" {
		return true
	}
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// clip bounds a word that is quoted in an error.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		return fmt.Sprintf("%.*q…", most, s)
	}
	return s
}
