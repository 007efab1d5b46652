package email

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// server is where messages are handed in, and how.
type server struct {
	Network  string `json:"network"` // tcp or unix
	Address  string `json:"address"` // host:port, or a path
	Host     string `json:"host"`
	User     string `json:"user,omitempty"`
	Auth     string `json:"auth,omitempty"`     // auto, or a mechanism
	LMTP     bool   `json:"lmtp,omitempty"`     // RFC 2033
	Implicit bool   `json:"implicit,omitempty"` // TLS from the first byte: RFC 8314
	// TLS is required, optional or never; with required STARTTLS must succeed.
	TLS          string `json:"tls"`
	CAFile       string `json:"ca_file,omitempty"`       // whom to trust; empty: whom the system does
	PasswordFile string `json:"password_file,omitempty"` // empty: PasswordVariable
	Hello        string `json:"hello"`                   // empty: the address from which it speaks
	// Idle is how long a connection may have nothing to do; 0 is for ever.
	Idle time.Duration `json:"idle,omitempty"`
	// MaxPerConnection is how many messages a connection may carry; 0 is no limit.
	MaxPerConnection int `json:"max_per_connection,omitempty"`
}

// PasswordVariable holds the password, where no file is named.
const PasswordVariable = "BROOD_SMTP_PASSWORD"

const serverForms = "smtp://[user@]host[:port], smtps://[user@]host[:port], lmtp://host:port or lmtp:///socket"

// parseServer reads smtp://user@host:port and its like.
func parseServer(s string) (*server, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("%q is not a server: there are %s", s, serverForms)
	}
	socket := u.Scheme == "lmtp" && u.Host == "" && len(u.Path) > 1
	if !socket && (u.Hostname() == "" || (u.Path != "" && u.Path != "/")) {
		return nil, fmt.Errorf("%q is not a server: there are %s", s, serverForms)
	}
	if _, given := u.User.Password(); given {
		return nil, fmt.Errorf("do not write the password there, where others may read it: give --password-file, or %s in the environment", PasswordVariable)
	}
	out := &server{Network: "tcp", Host: u.Hostname(), User: u.User.Username(), LMTP: u.Scheme == "lmtp", Implicit: u.Scheme == "smtps"}
	if socket {
		out.Network, out.Address, out.Host = "unix", u.Path, "localhost"
		return out, nil
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"smtps": "465", "smtp": "587", "lmtp": "24"}[u.Scheme]
	}
	out.Address = net.JoinHostPort(out.Host, port)
	return out, nil
}

// tlsModes are what --tls may be.
var tlsModes = []string{"required", "optional", "never"}

func (s *server) check() error {
	if s.Idle < 0 {
		return fmt.Errorf("--idle %s: a time such as 8s, or 0 for never", s.Idle)
	}
	if !slices.Contains(tlsModes, s.TLS) {
		return fmt.Errorf("--tls %q: there are %s", s.TLS, strings.Join(tlsModes, ", "))
	}
	if !slices.Contains(authNames(), s.Auth) {
		return fmt.Errorf("--auth %q: there are %s", s.Auth, strings.Join(authNames(), ", "))
	}
	return nil
}
