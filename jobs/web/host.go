package web

import (
	"brood/jobs"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

// Host is the name of a host as it is compared: in small letters, as the DNS has it, without the
// brackets of an address and without a dot at the end.
func Host(name string) string {
	name = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), ".")
	if inner, ok := strings.CutPrefix(name, "["); ok {
		name = strings.TrimSuffix(inner, "]")
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return a.WithZone("").Unmap().String()
	}
	if ascii, err := jobs.ASCIIDomain(name); err == nil {
		return ascii
	}
	return name
}

// Origin is what must be the same for a secret to go along: scheme, host and port.
func Origin(u *url.URL) string {
	scheme := strings.ToLower(u.Scheme)
	port := u.Port()
	if port == "" {
		port = proxyPorts[scheme]
	}
	return scheme + "://" + Host(u.Hostname()) + ":" + port
}

// environmentProxies are the addresses of the proxies that the environment names, as
// http.ProxyFromEnvironment reads it.
func environmentProxies() map[string]bool {
	out := make(map[string]bool)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		given := os.Getenv(name)
		if given == "" {
			continue
		}
		if !strings.Contains(given, "://") {
			given = "http://" + given
		}
		if u, err := url.Parse(given); err == nil && u.Host != "" {
			out[proxyAddress(u)] = true
		}
	}
	return out
}
