package command

import (
	"brood/runner/remote"
	"brood/runner/spec"
	"slices"
	"strings"
	"testing"
)

// TestParseNATS has the addresses of a cluster be kept without who logs in.
func TestParseNATS(t *testing.T) {
	for text, want := range map[string][3]string{
		"nats://a:4222":                              {"nats://a:4222", "", ""},
		"tls://ann:p%40ss@a:4222":                    {"tls://a:4222", "ann", "p@ss"},
		"nats://ann:pw@a:4222, nats://ann:pw@b:4222": {"nats://a:4222,nats://b:4222", "ann", "pw"},
		"nats://ann:pw@a:4222,nats://b:4222":         {"nats://a:4222,nats://b:4222", "ann", "pw"},
		"nats://word@a:4222":                         {"nats://a:4222", "word", ""},
		"a:4222":                                     {},
		"":                                           {},
		"nats://ann:pw@a:4222,nats://joe:pw@b:4222": {},
		"nats://ann:se\x7fcret@a:4222":              {},
		"nats://a:4222,nats://ann:pw@b:4222":        {},
	} {
		addresses, user, password, err := parseNATS(text)
		if got := [3]string{addresses, user, password}; got != want || (err != nil) != (want[0] == "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), "pw") || strings.Contains(err.Error(), "cret")) {
			t.Errorf("%q: %v says it", text, err)
		}
	}
}

// TestNATSLogin has a user alone be one whose password is elsewhere, or a token; and a run that goes on need it again.
func TestNATSLogin(t *testing.T) {
	for name, c := range map[string]struct {
		env  string
		anew bool
		m    spec.Machines
		want remote.Login
		bad  bool
	}{
		"nobody":          {"", true, spec.Machines{}, remote.Login{}, false},
		"a token":         {"", true, spec.Machines{NATSUser: "word"}, remote.Login{Token: "word"}, false},
		"a user":          {"pw", true, spec.Machines{NATSUser: "ann"}, remote.Login{User: "ann", Password: "pw"}, false},
		"from the env":    {"word", true, spec.Machines{}, remote.Login{Token: "word"}, false},
		"of the address":  {"pw", true, spec.Machines{NATSUser: "ann", NATSPassword: "mine"}, remote.Login{User: "ann", Password: "mine"}, false},
		"goes on":         {"pw", false, spec.Machines{NATSUser: "ann", NATSLogin: true}, remote.Login{User: "ann", Password: "pw"}, false},
		"goes on without": {"", false, spec.Machines{NATSUser: "ann", NATSLogin: true}, remote.Login{}, true},
		"and creds":       {"pw", true, spec.Machines{NATSUser: "ann", Creds: "/c"}, remote.Login{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(natsVariable, c.env)
			err := logInToNATS(c.anew, &c.m)
			if (err != nil) != c.bad {
				t.Fatal(err)
			}
			if got := loginOf(&c.m); err == nil && got != c.want {
				t.Errorf("%+v", got)
			}
		})
	}
	for _, args := range [][]string{{"run", "--nats", "nats://word@a"}, {"run", "--nats=tls://b,nats://word@a"}, {"run", "--nats", "nats://ann:pw@a"}} {
		if kept := keptArgs(args); kept != nil {
			t.Errorf("%q are kept", kept)
		}
	}
	if args := []string{"run", "--nats", "nats://a:1,nats://b"}; !slices.Equal(keptArgs(args), args) {
		t.Error("an address alone is kept")
	}
}
