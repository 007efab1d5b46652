package approve

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// keys makes a key pair, and returns its file.
func keys(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return path
}

func sign(t *testing.T, key, namespace string, message []byte) []byte {
	t.Helper()
	cmd := exec.Command("ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", namespace)
	cmd.Stdin = bytes.NewReader(message)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func public(t *testing.T, key string) string {
	t.Helper()
	b, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// TestVerify has real keys sign, and says what does not count.
func TestVerify(t *testing.T) {
	needs.Programs(t, "ssh-keygen")
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	ada, bob, eve := keys(t, dir, "ada"), keys(t, dir, "bob"), keys(t, dir, "eve")
	list := "# who may sign\nada@example.org,ada " + public(t, ada) + "\nbob@example.org namespaces=\"brood-plan\" " + public(t, bob) + "\n"
	bobs := Operator{Names: []string{"bob"}}
	bobs.addKeys([]byte(public(t, bob)))
	right := sign(t, ada, Namespace, Message(hash))
	for name, c := range map[string]struct {
		signers  string
		sig      []byte
		operator Operator
		want     string
	}{
		"a second person":                 {list, right, bobs, ""},
		"by name alone":                   {list, right, Operator{Names: []string{"bob@example.org"}}, ""},
		"own key":                         {list, sign(t, bob, Namespace, Message(hash)), bobs, "signed with a key of yours"},
		"own name":                        {list, right, Operator{Names: []string{"root", "ADA"}}, "ada signed it, and that is who runs it"},
		"own second key of the same name": {list + "bob@example.org " + public(t, eve) + "\n", sign(t, eve, Namespace, Message(hash)), bobs, "bob@example.org signed it, and that is who runs it"},
		"not in the list":                 {list, sign(t, eve, Namespace, Message(hash)), bobs, "is not in the list"},
		"another plan":                    {list, sign(t, ada, Namespace, Message(strings.Repeat("0", 64))), bobs, "is not one of the plan 0123456789ab"},
		"another namespace":               {list, sign(t, ada, "file", Message(hash)), bobs, `is one for "file"`},
		"a name for anybody":              {"*@example.org " + public(t, ada) + "\n", right, bobs, "which is anybody"},
		"expired":                         {"ada valid-before=\"20200101\" " + public(t, ada) + "\n", right, bobs, "or not at this time"},
		"a key for something else":        {"ada namespaces=\"git\" " + public(t, ada) + "\n", right, bobs, "the plan is not approved"},
		"no list":                         {" \n", right, bobs, "it has no list"},
		"no signature":                    {list, []byte("x"), bobs, "it is no signature"},
		"a signature with a byte changed": {list, changed(right), bobs, "the plan is not approved"},
	} {
		a, err := Verify(t.Context(), Request{hash, c.signers, c.sig, c.operator})
		switch {
		case c.want == "":
			if err != nil || strings.Join(a.Principals, " ") != "ada@example.org ada" {
				t.Errorf("%s: %v, %v", name, a, err)
				continue
			}
			out, err := exec.Command("ssh-keygen", "-l", "-f", ada+".pub").Output()
			if err != nil || !strings.Contains(string(out), a.Fingerprint) {
				t.Errorf("%s is not in %s, %v", a.Fingerprint, out, err)
			}
		case !errors.Is(err, ErrNotApproved) || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), os.TempDir()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "brood-approve-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Verify(t.Context(), Request{"x", list, right, bobs}); err == nil {
		t.Error("x is a hash")
	}
}

// changed is a signature with another byte near its end.
func changed(sig []byte) []byte {
	lines := bytes.Split(bytes.Clone(sig), []byte("\n"))
	line := lines[len(lines)-4]
	if line[0] == 'A' {
		line[0] = 'B'
	} else {
		line[0] = 'A'
	}
	return bytes.Join(lines, []byte("\n"))
}

// TestMe finds the keys of the home directory.
func TestMe(t *testing.T) {
	needs.Programs(t, "ssh-keygen")
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("SSH_AUTH_SOCK", "")
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	key := keys(t, filepath.Join(home, ".ssh"), "id")
	me := Me(t.Context(), "ada")
	if me.Names[0] != "ada" || len(me.Names) < 2 || len(me.Keys) != 1 {
		t.Errorf("%q, %d keys", me.Names, len(me.Keys))
	}
	sig, err := parseSignature(sign(t, key, Namespace, Message(hash)))
	if err != nil || !me.has(sig.key) {
		t.Errorf("%+v, %v", sig, err)
	}
}

// FuzzSignature: a signature that is read has a key and is short.
func FuzzSignature(f *testing.F) {
	f.Add([]byte("-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQAAAAEAAAAAAQAAAAF4\n-----END SSH SIGNATURE-----\n"))
	f.Add([]byte("-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parseSignature(text); err == nil && (len(s.key) == 0 || len(s.key) > len(text) || !strings.HasPrefix(s.fingerprint(), "SHA256:")) {
			t.Fatalf("%+v", s)
		}
	})
}
