// Package approve says whether a second person has signed a plan.
//
// What is signed is the hash of the plan, its 64 digits and a line feed, with an SSH key and the namespace brood-plan:
//
//	echo HASH | ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n brood-plan > november.sig
//
// It is checked by ssh-keygen(1) itself, against the list of allowed signers that is in the plan, so that the hash covers
// the list too: another list is another plan, and needs another signature.
//
// The one who signs must not be the one who runs it. Whoever runs it is known by the name that --operator gives, or the
// user's, alone and with the machine's behind it; by the keys in ~/.ssh and in the SSH agent; and by what the list calls those keys. A
// signature by any of them is refused. That stops who would sign for himself by mistake or out of habit, with the
// keys he works with. It does not stop who keeps a second key and puts it into the list under another name: against that the
// list must belong to somebody else, and whoever signs, and whoever audits, looks at it: brood shows the name and the
// fingerprint.
package approve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Namespace keeps a signature for something else from being one of a plan.
const Namespace = "brood-plan"

// Request is what is to be checked.
type Request struct {
	Hash      string // of the plan, 64 hexadecimal digits
	Signers   string // the text of the list of allowed signers, as in the plan
	Signature []byte // as ssh-keygen -Y sign writes it
	Operator  Operator
}

// Approval is a signature that counts.
type Approval struct {
	Principals  []string // what the list calls who signed
	Fingerprint string   // of the key, as ssh-keygen -l shows it
}

// String is for people.
func (a *Approval) String() string {
	return strings.Join(a.Principals, ", ") + " (" + a.Fingerprint + ")"
}

// ErrNotApproved is wrapped by what is said of a signature that does not count.
var ErrNotApproved = errors.New("the plan is not approved")

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotApproved, fmt.Sprintf(format, args...))
}

// Message is what is signed.
func Message(hash string) []byte { return []byte(hash + "\n") }

// Verify checks a signature. It needs ssh-keygen, of OpenSSH 8.1 or newer.
func Verify(ctx context.Context, r Request) (*Approval, error) {
	if len(r.Hash) != 64 || strings.Trim(r.Hash, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("%q is no hash of a plan", r.Hash)
	}
	if strings.TrimSpace(r.Signers) == "" {
		return nil, refused("it has no list of those who may sign: give approval.allowed_signers in the settings, and plan again")
	}
	sig, err := parseSignature(r.Signature)
	if err != nil {
		return nil, refused("%v", err)
	}
	if sig.namespace != Namespace {
		return nil, refused("the signature is one for %q: sign with -n %s", sig.namespace, Namespace)
	}
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		return nil, fmt.Errorf("ssh-keygen, which checks signatures, is not there; install OpenSSH's client: %w", err)
	}
	c, err := newChecker(program, r)
	if err != nil {
		return nil, err
	}
	defer c.close()
	a := &Approval{Fingerprint: sig.fingerprint()}
	if a.Principals, err = c.principals(ctx); err != nil {
		return nil, err
	}
	if err := c.verify(ctx, a.Principals[0]); err != nil {
		return nil, err
	}
	if err := r.Operator.mustDiffer(a, sig.key, r.Signers); err != nil {
		return nil, err
	}
	return a, nil
}

// checker runs ssh-keygen with files of its own, so that none of them changes between two looks.
type checker struct {
	program, dir string
	hash         string
}

func newChecker(program string, r Request) (*checker, error) {
	dir, err := os.MkdirTemp("", "brood-approve-")
	if err != nil {
		return nil, err
	}
	c := &checker{program: program, dir: dir, hash: r.Hash}
	err = errors.Join(os.WriteFile(c.path("signers"), []byte(r.Signers), 0o600), os.WriteFile(c.path("sig"), r.Signature, 0o600))
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *checker) path(name string) string { return filepath.Join(c.dir, name) }
func (c *checker) close()                  { _ = os.RemoveAll(c.dir) }

// principals are the names of whose key it is.
func (c *checker) principals(ctx context.Context) ([]string, error) {
	out, said, err := c.run(ctx, nil, "find-principals", "-s", c.path("sig"), "-f", c.path("signers"))
	if err != nil {
		return nil, refused("the key of the signature is not in the list of those who may sign, or not at this time (%s)", said)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		for name := range strings.SplitSeq(strings.TrimSpace(line), ",") {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil, refused("the list gives the key of the signature no name")
	}
	if i := slices.IndexFunc(names, func(n string) bool { return strings.ContainsAny(n, "*?!") }); i >= 0 {
		return nil, refused("the list calls the key of the signature %q, which is anybody: give it the name of a person", names[i])
	}
	return names, nil
}

func (c *checker) verify(ctx context.Context, name string) error {
	_, said, err := c.run(ctx, Message(c.hash), "verify", "-f", c.path("signers"), "-I", name, "-n", Namespace, "-s", c.path("sig"))
	if err != nil {
		return refused("the signature of %s is not one of the plan %s (%s); sign it so: echo %s | ssh-keygen -Y sign -f KEY -n %s", name, c.hash[:12], said, c.hash, Namespace)
	}
	return nil
}

// run runs ssh-keygen -Y, in no language but its own.
func (c *checker) run(ctx context.Context, in []byte, args ...string) (out []byte, said string, err error) {
	cmd := exec.CommandContext(ctx, c.program, append([]string{"-Y"}, args...)...)
	cmd.Stdin = bytes.NewReader(in)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err = cmd.Output()
	text := strings.ReplaceAll(strings.TrimSpace(stderr.String()), c.dir+string(filepath.Separator), "")
	if text == "" && err != nil {
		text = err.Error()
	}
	return out, strings.Join(strings.Fields(text), " "), err
}
