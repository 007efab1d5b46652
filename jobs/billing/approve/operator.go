package approve

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
)

// Operator is who runs a plan.
type Operator struct {
	Names []string
	Keys  [][]byte // public keys, as SSH sends them
}

// Me is who runs this process: by a name that was given, the user's, and the keys of ~/.ssh and of the SSH agent.
func Me(ctx context.Context, name string) Operator {
	var o Operator
	add := func(n string) {
		if n != "" && !slices.Contains(o.Names, n) {
			o.Names = append(o.Names, n)
		}
	}
	add(name)
	u, err := user.Current()
	if err == nil {
		add(u.Username)
		if host, err := os.Hostname(); err == nil {
			add(u.Username + "@" + host)
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		paths, _ := filepath.Glob(filepath.Join(home, ".ssh", "*.pub"))
		for _, p := range paths {
			if b, err := os.ReadFile(p); err == nil {
				o.addKeys(b)
			}
		}
	}
	if os.Getenv("SSH_AUTH_SOCK") != "" {
		if out, err := exec.CommandContext(ctx, "ssh-add", "-L").Output(); err == nil {
			o.addKeys(out)
		}
	}
	return o
}

// addKeys adds the keys of the lines of a text: type, key in base64, and a comment.
func (o *Operator) addKeys(text []byte) {
	for line := range bytes.Lines(text) {
		if key := keyOf(strings.Fields(string(line))); key != nil {
			o.Keys = append(o.Keys, key)
		}
	}
}

// keyOf is the first key among words, which stands behind the word for its type.
func keyOf(words []string) []byte {
	for i := 1; i < len(words); i++ {
		if !strings.Contains(words[i-1], "-") {
			continue
		}
		if b, err := base64.StdEncoding.DecodeString(words[i]); err == nil && len(b) > 16 {
			return b
		}
	}
	return nil
}

func (o *Operator) has(key []byte) bool {
	return slices.ContainsFunc(o.Keys, func(k []byte) bool { return bytes.Equal(k, key) })
}

// mustDiffer refuses a signature by whoever runs the plan.
func (o *Operator) mustDiffer(a *Approval, key []byte, signers string) error {
	if o.has(key) {
		return refused("it is signed with a key of yours (%s), and you run it: a second person has to sign", a.Fingerprint)
	}
	mine := slices.Clone(o.Names)
	for line := range strings.Lines(signers) {
		words := strings.Fields(line)
		if len(words) > 2 && words[0][0] != '#' && o.has(keyOf(words[1:])) {
			mine = append(mine, strings.Split(words[0], ",")...)
		}
	}
	for _, name := range a.Principals {
		if slices.ContainsFunc(mine, func(m string) bool { return strings.EqualFold(m, name) }) {
			return refused("%s signed it, and that is who runs it: a second person has to sign", name)
		}
	}
	return nil
}
