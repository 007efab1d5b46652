package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestClosed(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": false, "1.1.1.1": false, "172.15.255.255": false, "172.32.0.0": false, "100.63.255.255": false, "100.128.0.0": false, "168.63.129.15": false, "168.63.129.17": false, "169.253.0.1": false, "193.0.0.1": false, "223.255.255.255": false,
		"2606:4700::1111": false, "2a00:1450:4001::1": false, "64:ff9b::808:808": false, "2002:808:808::1": false, "::ffff:8.8.8.8": false,
		"0.0.0.0": true, "0.1.2.3": true, "10.0.0.1": true, "100.64.0.1": true, "127.0.0.1": true, "127.9.9.9": true, "169.254.169.254": true, "172.16.0.1": true, "172.31.255.255": true, "192.168.1.1": true, "192.0.0.8": true, "192.0.2.1": true, "198.18.0.1": true, "198.51.100.7": true, "203.0.113.9": true, "168.63.129.16": true, "224.0.0.251": true, "239.1.1.1": true, "240.0.0.1": true, "255.255.255.255": true,
		"::": true, "::1": true, "::127.0.0.1": true, "::ffff:127.0.0.1": true, "::ffff:169.254.169.254": true, "::ffff:10.0.0.1": true, "::ffff:0:127.0.0.1": true, "64:ff9b::7f00:1": true, "64:ff9b::a9fe:a9fe": true, "64:ff9b:1::808:808": true, "2002:7f00:1::": true, "2002:a00:1::1": true, "2001:0:53aa:64c::1": true,
		"fe80::1": true, "fe80::1%eth0": true, "fc00::1": true, "fd12:3456::1": true, "fec0::1": true, "ff02::1": true, "2001:db8::1": true, "100::1": true,
	} {
		if what, got := Closed(netip.MustParseAddr(address)); got != want || got != (what != "") {
			t.Errorf("%s: %v (%s), want %v", address, got, what, want)
		}
	}
	if _, yes := Closed(netip.Addr{}); !yes {
		t.Error("no address is an open one")
	}
}

// fakeDNS is a name server that answers every name with these addresses.
func fakeDNS(t *testing.T, addresses ...string) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = socket.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Additionals = true, nil
			q := m.Questions[0]
			for _, a := range addresses {
				addr := netip.MustParseAddr(a)
				head := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}
				switch {
				case q.Type == dnsmessage.TypeA && addr.Is4():
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: addr.As4()}})
				case q.Type == dnsmessage.TypeAAAA && addr.Is6():
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
				}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = socket.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

func get(t *testing.T, o Options, address string) (*Answer, *Trouble) {
	t.Helper()
	return send(t, o, http.MethodGet, address, "", nil)
}

func send(t *testing.T, o Options, method, address, body string, header http.Header) (*Answer, *Trouble) {
	t.Helper()
	if o.Proxy == "" {
		o.Proxy = NoProxy
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var req *http.Request
	if body == "" {
		req, err = http.NewRequest(method, address, nil)
	} else {
		req, err = http.NewRequest(method, address, strings.NewReader(body))
	}
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	a, err := c.Do(t.Context(), req)
	if err == nil {
		return a, nil
	}
	var trouble *Trouble
	if !errors.As(err, &trouble) {
		t.Fatalf("%v is no Trouble", err)
	}
	return nil, trouble
}

// TestGuard: an address is refused by what it is, however it is written or looked up, and not by what
// it is called.
func TestGuard(t *testing.T) {
	arrived := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { arrived <- r.Host }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	looked := fakeDNS(t, "127.0.0.1", "::1", "fe80::1")
	refused := func(o Options, host string) {
		t.Helper()
		if a, trouble := get(t, o, "http://"+host+":"+port+"/x"); trouble == nil || trouble.Class != ClassPrivate || trouble.Phase != PhaseNotConnected || strings.Contains(trouble.Text, "/x") {
			t.Errorf("%s: %+v, %+v", host, a, trouble)
		}
	}
	for _, host := range []string{"127.0.0.1", "localhost", "LOCALHOST.", "a.localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0x7f000001", "0", "0.0.0.0", "[::]", "[64:ff9b::7f00:1]", "169.254.169.254", "127.0.0.1."} {
		refused(Options{Resolver: looked}, host)
		refused(Options{Resolver: looked, Proxy: "http://127.0.0.1:1"}, host)
	}
	refused(Options{Resolver: looked}, "api.example.com")
	refused(Options{Resolver: looked, Typed: []string{"other.example.com"}}, "api.example.com")
	refused(Options{Resolver: looked, Resolve: []string{"api.example.com:1:127.0.0.1"}}, "api.example.com")
	if len(arrived) > 0 {
		t.Fatalf("%s was asked", <-arrived)
	}
	for _, o := range []Options{{AllowPrivate: true}, {Typed: []string{"API.example.com."}}, {Resolve: []string{"api.example.com:" + port + ":127.0.0.1"}}} {
		o.Resolver = looked
		if _, trouble := get(t, o, "http://api.example.com:"+port+"/"); trouble != nil {
			t.Errorf("%+v: %v", o, trouble)
		} else if host := <-arrived; host != "api.example.com:"+port {
			t.Errorf("%s", host)
		}
	}
	// A proxy that the user names may stand anywhere; what is asked of it is not typed by that.
	if a, trouble := get(t, Options{Proxy: server.URL}, "http://api.example.com/x"); trouble != nil || a.Status != 200 {
		t.Errorf("%+v", trouble)
	} else {
		<-arrived
	}
	refused(Options{Proxy: server.URL}, "127.0.0.1")
}

func TestParseResolve(t *testing.T) {
	for given, want := range map[string]string{
		"a.example:443:10.0.0.1": "a.example:443 10.0.0.1:443", "A.Example.:80:1.2.3.4,[::1]": "a.example:80 1.2.3.4:80 [::1]:80", "[::1]:80:1.2.3.4": "[::1]:80 1.2.3.4:80",
		"*:80:1.2.3.4": "", "+a:80:1.2.3.4": "",
		"a:80": "", "a:b:1.2.3.4": "", ":80:1.2.3.4": "", "a:80:b.example": "", "a::1.2.3.4": "", "": "", "[::1:80:1.2.3.4": "", "a:80:": "",
	} {
		from, to, err := ParseResolve(given)
		if got := strings.Join(append([]string{from}, to...), " "); err == nil && got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
}

// FuzzRefused: a host that is an address within a network is never let through unresolved.
func FuzzRefused(f *testing.F) {
	for _, s := range []string{"http://127.0.0.1/", "http://[::1]/", "http://a@127.1:80/", "http://0x7f.1/", "https://example.com/"} {
		f.Add(s)
	}
	c, err := New(Options{Proxy: "http://127.0.0.1:1"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, given string) {
		u, err := url.Parse(given)
		if err != nil {
			return
		}
		trouble := c.refused(u)
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && trouble == nil {
			if what, yes := Closed(a); yes {
				t.Errorf("%s is %s", given, what)
			}
		}
		if trouble == nil && u.Hostname() == "" {
			t.Errorf("%s has no host", given)
		}
	})
}
