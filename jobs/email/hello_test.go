package email

import (
	"net"
	"testing"
)

func TestHelloName(t *testing.T) {
	for name, want := range map[string]bool{
		"mail.example.com": true, "localhost": true, "my_host.example": true, "a-b.example": true, "[192.0.2.1]": true, "[IPv6:2001:db8::1]": true,
		"": false, "[2001:db8::1]": false, "[IPv6:192.0.2.1]": false, "[192.0.2]": false, "[192.0.2.1": false, "[IPv6:fe80::1%eth0]": false,
		"two words": false, "a..b": false, "-a.example": false, "x\r\nMAIL": false, "zoë.example": false, "example.com.": false,
	} {
		if got := isHelloName(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	for name, want := range map[string]bool{
		"mail.example.com": true, "mail.example.com.": true, "xn--bcher-kva.example": true,
		"web1": false, "localhost": false, "localhost.localdomain": false, "printer.local": false, "my_host.example": false, "10.0.0.1": false, "": false, ".": false,
	} {
		if got := isKnownName(name); got != want {
			t.Errorf("the host name %q: %v", name, got)
		}
	}
	for _, c := range []struct {
		from net.Addr
		want string
	}{
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711}, "[192.0.2.1]"},
		{&net.TCPAddr{IP: net.ParseIP("2001:db8::1")}, "[IPv6:2001:db8::1]"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, "[IPv6:fe80::1]"},
		{&net.UnixAddr{Name: "/run/lmtp"}, "localhost"},
	} {
		if got := helloName(c.from); got != c.want || !isHelloName(got) {
			t.Errorf("from %s: %q, want %q", c.from, got, c.want)
		}
	}
}

// TestHelloByAddress: who has no name says from where it speaks.
func TestHelloByAddress(t *testing.T) {
	s, ends := serves(t, &server{}, nil, "> 220 mail.example\n< EHLO [127.0.0.1]\n> 250-mail.example\n> 250-PIPELINING\n> 250 8BITMIME\n"+onceLine)
	s.Hello = ""
	if _, at, err := s.send(t.Context(), aLetter()); err != nil {
		t.Errorf("%s: %v", at, err)
	}
	_ = s.close()
	<-ends
}
