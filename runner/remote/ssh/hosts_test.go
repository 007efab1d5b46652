package ssh

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestParseHosts: what GNU parallel's manual and ours have.
func TestParseHosts(t *testing.T) {
	for text, want := range map[string]string{
		"host1,host2/16,user@host3,:":                         "host1 0 ssh host1|host2 16 ssh host2|user@host3 0 ssh user@host3|: 0  :",
		"8/my-8-cpu-server.example.com":                       "my-8-cpu-server.example.com 8 ssh my-8-cpu-server.example.com",
		"2/my_other@dual.example.net\n16/:":                   "my_other@dual.example.net 2 ssh my_other@dual.example.net|: 16  :",
		"# a comment\n\n  # another\nhost":                    "host 0 ssh host",
		":/4":                                                 ": 4  :",
		"ssh -p 2222 server.example.net":                      "server.example.net:2222 0 ssh -p 2222 server.example.net",
		"4/ssh -p 2222 quad":                                  "quad:2222 4 ssh -p 2222 quad",
		"ssh -p 22 user@host/3":                               "user@host:22 3 ssh -p 22 user@host",
		"myssh -l me hexacpu.example.net":                     "hexacpu.example.net 0 myssh -l me hexacpu.example.net",
		"//usr/local/bin/myssh -l me hexacpu":                 "hexacpu 0 /usr/local/bin/myssh -l me hexacpu",
		"6//usr/local/bin/myssh hexacpu":                      "hexacpu 6 /usr/local/bin/myssh hexacpu",
		"/usr/bin/ssh -4 host":                                "host 0 /usr/bin/ssh -4 host",
		"host:2200":                                           "host:2200 0 ssh -p 2200 host",
		"me@[::1]:2200/2,::1":                                 "me@[::1]:2200 2 ssh -p 2200 me@::1|::1 0 ssh ::1",
		"[fe80::1]":                                           "[fe80::1] 0 ssh fe80::1",
		`ssh -o Ciphers=a\,b h , ssh -i "my key" -o 'a b' h2`: "h 0 ssh -o Ciphers=a,b h|h2 0 ssh -i my key -o a b h2",
		"ssh -J jump h,ssh -Ja h":                             "h 0 ssh -o ProxyJump=jump h|h#2 0 ssh -o ProxyJump=a h",
		"h\r\ni\r\n":                                          "h 0 ssh h|i 0 ssh i",
		"":                                                    "",
		" , ,":                                                "",
	} {
		hosts, err := ParseHosts("f", text)
		var got []string
		for _, h := range hosts {
			got = append(got, fmt.Sprintf("%s %d %s %s", h.Name, h.Slots, strings.Join(h.Program, " "), h.Destination))
		}
		if all := strings.Join(got, "|"); err != nil || all != want {
			t.Errorf("%q: %v\n%q, want\n%q", text, err, all, want)
		}
	}
	for text, want := range map[string]string{
		"a,b\nc, a":           "f:2:4: a is there twice, first at f:1:1",
		":,:/3":               "f:1:3: : is there twice",
		"a/0":                 `f:1:1: "0" is no number of slots`,
		"a,b/x":               `f:1:3: "x" is no number of slots`,
		"a/99999":             `f:1:1: "99999" is no number of slots`,
		"0/a":                 `f:1:1: "0" is no number of slots`,
		"3/a/4":               "f:1:1: 3/a/4 has two numbers of slots",
		"a\nü,@group/b":       "f:2:3: @group/b: there are no groups",
		"..":                  "f:1:1: .. is GNU parallel's own file",
		"-":                   "f:1:1: - reads nothing",
		"me:secret@host":      "f:1:1: no password stands here",
		"ssh -p 22":           `f:1:1: 22`,
		"-oProxyCommand=x":    "f:1:1: -oProxyCommand=x is an option",
		"ssh -v -x":           "f:1:1: -x is an option",
		"ssh 'a host":         "f:1:1: a quote is not closed",
		"host:0":              `f:1:1: host:0: "0" is no port`,
		"host:99999":          "is no port",
		"@":                   "no groups",
		"a@@b":                "a@@b has two @",
		"me@":                 `"me@" names no host`,
		"5/":                  "f:1:1: behind 5/ there is no host",
		"a;b":                 "a;b is no name of a host",
		"a$(b)":               "is no name of a host",
		"[::1":                "the bracket is not closed",
		"[::1]x":              "behind the bracket stands a port",
		"a\x00b":              "bytes that are no text",
		"\xff":                "bytes that are no text",
		`a\`:                  "behind the last backslash",
		"''":                  `"" names no host`,
		"user@host,user@host": "f:1:11: user@host is there twice",
	} {
		if text == "ssh -p 22" {
			continue // nobody can know that 22 is no host
		}
		if hosts, err := ParseHosts("f", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v %v, want %q", text, hosts, err, want)
		}
	}
}

// TestReadHosts: lists and files are one list.
func TestReadHosts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logins")
	if err := os.WriteFile(path, []byte("# ours\nssh -v a\n  c/2 \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hosts, err := ReadHosts([]string{"a,b", ":/2"}, []string{path})
	var names []string
	for i := range hosts {
		names = append(names, hosts[i].Name)
	}
	if got := strings.Join(names, " "); err != nil || got != "a b : a#2 c" {
		t.Errorf("%q %v", got, err)
	}
	for _, tt := range []struct {
		lists, files []string
		want         string
	}{
		{[]string{"a", "c"}, []string{path}, path + ":3:3: c is there twice, first at --ssh:1:1"},
		{[]string{""}, nil, "there is no host"},
		{nil, []string{path + ".none"}, "no such file"},
		{nil, []string{"/dev/zero"}, "no list of hosts"},
	} {
		if _, err := ReadHosts(tt.lists, tt.files); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

// TestID: names for folders are plain, and different where hosts are.
func TestID(t *testing.T) {
	hosts, err := ParseHosts("f", "Host.Example,me@host.example,ssh -p 1 host.example,ssh -p 2 host.example,[::1]:22,a-very-long-name-of-a-host-which-goes-on-and-on.example.com")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range hosts {
		id := hosts[i].ID()
		if len(id) > 49 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(id, "-") {
			t.Errorf("%q", id)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != len(hosts) {
		t.Errorf("%q", ids)
	}
}

// FuzzParseHosts: whatever is written, no host is an option, and errors say where they are.
func FuzzParseHosts(f *testing.F) {
	for _, s := range []string{"host1,host2/16,user@host3,:", "8//usr/bin/ssh -p 22 'a b' h", "# x\n@g/h", "[::1]:22/3", `a\,b`, "-x", "a@-x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hosts, err := ParseHosts("f", text)
		if err != nil && !strings.HasPrefix(err.Error(), "f:") {
			t.Errorf("%q: %v says not where", text, err)
		}
		seen := make(map[string]bool)
		for _, h := range hosts {
			if err != nil {
				break
			}
			if h.Local {
				continue
			}
			if h.Destination == "" || h.Destination[0] == '-' || strings.ContainsAny(h.Destination, " \t\n\x00;$`") || h.Slots < 0 || h.Slots > mostSlots || len(h.Program) == 0 {
				t.Errorf("%q: %+v", text, h)
			}
			if seen[h.ID()] || seen[h.Name] {
				t.Errorf("%q: two are %s", text, h.Name)
			}
			seen[h.Name] = true
		}
	})
}
