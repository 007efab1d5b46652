package verp

import (
	"net/mail"
	"strings"
	"testing"
)

const path = "bounces@example.com"

func TestWritten(t *testing.T) {
	for _, c := range []struct{ to, want string }{
		{"ann@example.org", "bounces+ann=example.org@example.com"},
		{"ann+tag@example.org", "bounces+ann+tag=example.org@example.com"},
		{"a=b@example.org", "bounces+a=b=example.org@example.com"},
		{"o'brien.x@example.org", "bounces+o'brien.x=example.org@example.com"},
		{"a b@example.org", "bounces+==a=20b=example.org@example.com"},
		{"a@b@example.org", "bounces+==a=40b=example.org@example.com"},
		{"=x@example.org", "bounces+===3Dx=example.org@example.com"},
		{"a..b.@example.org", "bounces+==a.=2Eb.=example.org@example.com"},
		{"a%b!c/d@example.org", "bounces+==a=25b=21c=2Fd=example.org@example.com"},
		{"zoë@xn--bcher-kva.example", "bounces+==zo=C3=AB=xn--bcher-kva.example@example.com"},
		{"=h@example.org", "bounces+===3Dh=example.org@example.com"},
		{strings.Repeat("a", 40) + "@example.org", "bounces+" + strings.Repeat("a", 40) + "=example.org@example.com"},
	} {
		got := Write(path, c.to)
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.to, got, c.want)
		}
		for _, address := range []string{got, strings.ToLower(got)} {
			if to, ok := Read(address); !ok || !strings.EqualFold(to, c.to) || !Match(address, c.to) || Hashed(address) {
				t.Errorf("%q is read as %q, %v", address, to, ok)
			}
		}
	}
}

// TestLong: a local part of more than 64 octets would be refused, so a hash stands there.
func TestLong(t *testing.T) {
	long := strings.Repeat("a", 50) + "@a-long-name.example.org"
	got := Write(path, long)
	if local, _ := cut(got); len(local) > 64 {
		t.Errorf("%q has %d octets", local, len(local))
	}
	if _, ok := Read(got); ok || !Hashed(got) || !Match(strings.ToUpper(got), long) || Match(got, "b@example.org") {
		t.Errorf("%q does not stand for %q", got, long)
	}
	if other := Write(path, "b"+long); other == got {
		t.Errorf("%q stands for two", got)
	}
	base := strings.Repeat("b", mostBase) + "@example.com"
	if err := Check(base); err != nil {
		t.Error(err)
	}
	if local, _ := cut(Write(base, long)); len(local) != 64 {
		t.Errorf("%q has %d octets", local, len(local))
	}
}

// TestOthers: what was not written by Write tells nothing.
func TestOthers(t *testing.T) {
	for _, address := range []string{
		"", "@", "+", "ann@example.com", "ann+tag@example.com", "bounces+@example.com", "bounces+=@example.com", "bounces+a=@example.com", "bounces+=example.org@example.com",
		"bounces+==@example.com", "bounces+===@example.com", "bounces+==a=2=example.org@example.com", "bounces+==a=GG=example.org@example.com",
		"bounces+==a=0A=example.org@example.com", "bounces+a=b c@example.com", "bounces+a <x>=b@example.com", "bounces+=hshort@example.com", "bounces+a=[127.0.0.1]@example.com", "bounces+a b=example.org@example.com\r\n",
	} {
		if to, ok := Read(address); ok {
			t.Errorf("%q is read as %q", address, to)
		}
	}
	for _, bad := range []string{"bounces", "a+b@example.com", `a b@example.com`, strings.Repeat("b", mostBase+1) + "@example.com"} {
		if Check(bad) == nil {
			t.Errorf("%q is allowed", bad)
		}
	}
}

// FuzzVERP: what is written is an address without quotes with a local part of at most 64
// octets, and is read as what it was; what comes from elsewhere is read as an address, or not.
func FuzzVERP(f *testing.F) {
	for _, s := range []string{"ann@example.org", "a=b+c@example.org", "a b@x.example", "\"a@b\"@x.example", "zoë@x.example", "=h@x.example", "..@x.example", "bounces+==a=20b=x.example@example.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if to, ok := Read(s); ok {
			if a, err := mail.ParseAddress((&mail.Address{Address: to}).String()); err != nil || a.Address != to {
				t.Fatalf("%q is read as %q", s, to)
			}
		}
		a, err := mail.ParseAddress(s)
		if err != nil {
			return
		}
		_, domain := cut(a.Address)
		if strings.ContainsAny(domain, "[]") {
			return // nobody's: brood sends to names
		}
		w := Write(path, a.Address)
		local, _ := cut(w)
		if _, err := mail.ParseAddress(w); err != nil || len(local) > mostLocal && isAtoms(domain) || !Match(w, a.Address) {
			t.Fatalf("%q is written as %q: %v", a.Address, w, err)
		}
		if to, ok := Read(w); ok == Hashed(w) || ok && to != a.Address {
			t.Fatalf("%q is written as %q and read as %q", a.Address, w, to)
		}
	})
}
