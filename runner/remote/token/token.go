// Package token says who may take part in a run on several machines: who its coordinator is, and which machines may join.
//
// A coordinator has an identity, files in a directory of its own that only its user may read: the key and certificate of a
// certificate authority made for this one run, and the public key of each machine that a token was issued for. A token is
// one line of text for one machine: the run, the machine, the fingerprint of that authority, and the machine's private key,
// an nkey, which nobody else has a copy of. With it a machine knows its coordinator under whatever address it dials, and
// the coordinator knows the machine.
//
// It promises that a token is shown once and cannot be made out from what the coordinator keeps; that a machine whose
// token was revoked is not known any more, to any process, from then on; that a name stands for one key at a time; and that
// several processes may issue and revoke at the same time. That a connection in use is cut is left to package bus.
//
// # Format
//
// A token is "brood1_" and, in base64url without padding (RFC 4648, section 5), these bytes:
//
//	1   length of the run's name, 1 to 64
//	n   the run's name
//	1   length of the machine's name, 1 to 32
//	n   the machine's name
//	32  SHA-256 of the authority's certificate (DER)
//	32  seed of the machine's Ed25519 key (RFC 8032)
//	4   the first bytes of the SHA-256 of "brood1_" and all that comes before
//
// The last four are there to tell a line that was cut off or mistyped from one that is refused. A format that differs in
// anything begins with another number.
package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nkeys"
)

const (
	prefix     = "brood1_"
	seedLen    = 32
	sumLen     = 4
	maxRun     = 64
	maxMachine = 32
	// maxText is longer than any token.
	maxText = 512
)

var encoding = base64.RawURLEncoding.Strict()

// Token lets one machine take part in one run. It holds a secret: Text tells it, and printing one by package fmt does not.
type Token struct {
	Run, Machine string
	// CA is the SHA-256 of the certificate of the coordinator's authority.
	CA   [sha256.Size]byte
	seed [seedLen]byte
}

// Text is the token as one line, as Parse reads it. It is a secret.
func (t *Token) Text() string {
	b := make([]byte, 0, maxText)
	b = append(b, byte(len(t.Run)))
	b = append(b, t.Run...)
	b = append(b, byte(len(t.Machine)))
	b = append(b, t.Machine...)
	b = append(b, t.CA[:]...)
	b = append(b, t.seed[:]...)
	return prefix + encoding.EncodeToString(append(b, sum(b)...))
}

// String says whose token it is, and nothing that is secret.
func (t *Token) String() string {
	return fmt.Sprintf("token of machine %s for run %s", t.Machine, t.Run)
}

// GoString is String: %#v does not tell the secret either.
func (t *Token) GoString() string { return t.String() }

func sum(b []byte) []byte {
	h := sha256.New()
	h.Write([]byte(prefix))
	h.Write(b)
	return h.Sum(nil)[:sumLen]
}

// What is wrong with a text that is no token. Parse wraps them, and says what to do.
var (
	ErrNotToken = errors.New("this is no token of brood")
	ErrCutOff   = errors.New("the token is cut off")
	ErrDamaged  = errors.New("the token was changed on its way")
)

// Parse reads a token. Space around it, such as the end of its line, does not matter.
func Parse(text string) (*Token, error) {
	text = strings.TrimSpace(text)
	rest, ok := strings.CutPrefix(text, prefix)
	switch {
	case text == "":
		return nil, fmt.Errorf("%w: it is empty; put the line there that brood token printed", ErrNotToken)
	case !ok && strings.HasPrefix(text, "brood"):
		return nil, fmt.Errorf("%w: it does not begin with %s; use the same version of brood on all machines", ErrNotToken, prefix)
	case !ok:
		return nil, fmt.Errorf("%w: it does not begin with %s; put the line there that brood token printed, and nothing else", ErrNotToken, prefix)
	case strings.ContainsAny(text, "\r\n"): // which base64 takes no notice of
		return nil, fmt.Errorf("%w: it has several lines; put it there as one, without breaking it", ErrDamaged)
	case len(text) > maxText:
		return nil, fmt.Errorf("%w: it has %d characters, and none has more than %d; put one token there, on a line", ErrDamaged, len(text), maxText)
	}
	return decode(rest)
}

// decode reads what comes after the prefix. The lengths in it tell how long it should be.
func decode(rest string) (*Token, error) {
	whole := len(rest) / 4 * 4 // what is cut off within four characters cannot be decoded
	b, err := encoding.DecodeString(rest)
	if err != nil {
		if b, err = encoding.DecodeString(rest[:whole]); err != nil {
			return nil, fmt.Errorf("%w: it has characters that no token has; copy the line again", ErrDamaged)
		}
	}
	want, run, machine := layout(b)
	switch {
	case want < 0:
		return nil, fmt.Errorf("%w; copy the line again", ErrDamaged)
	case encoding.EncodedLen(want) > len(rest):
		return nil, fmt.Errorf("%w: it has %d characters, of at least %d; copy the whole line again", ErrCutOff, len(prefix)+len(rest), len(prefix)+encoding.EncodedLen(want))
	case encoding.EncodedLen(want) < len(rest):
		return nil, fmt.Errorf("%w: it is longer than it says; copy the line again, and nothing else", ErrDamaged)
	case len(b) != want || subtle.ConstantTimeCompare(sum(b[:want-sumLen]), b[want-sumLen:]) != 1:
		return nil, fmt.Errorf("%w: its checksum is not right; copy the line again", ErrDamaged)
	}
	t := &Token{Run: run, Machine: machine}
	copy(t.CA[:], b[want-sumLen-seedLen-len(t.CA):])
	copy(t.seed[:], b[want-sumLen-seedLen:])
	if err := errors.Join(CheckRun(t.Run), CheckMachine(t.Machine)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return t, nil
}

// layout returns how many bytes a token has that begins with these, at least, as far as they tell, and the names in them;
// -1 for what can be none.
func layout(b []byte) (want int, run, machine string) {
	const rest = sha256.Size + seedLen + sumLen
	want = 1 + 1 + 1 + 1 + rest
	if len(b) == 0 {
		return want, "", ""
	}
	n := int(b[0])
	if n == 0 || n > maxRun {
		return -1, "", ""
	}
	want += n - 1
	if len(b) < 2+n {
		return want, "", ""
	}
	run = string(b[1 : 1+n])
	m := int(b[1+n])
	if m == 0 || m > maxMachine {
		return -1, "", ""
	}
	want += m - 1
	if len(b) >= want {
		machine = string(b[2+n : 2+n+m])
	}
	return want, run, machine
}

// CheckMachine says whether this can be a machine's name: [A-Za-z0-9][A-Za-z0-9_-]{0,31}. It is a part of subjects on the
// bus, where a dot, a star or a space would make it mean other machines.
func CheckMachine(name string) error {
	if !named(name, maxMachine, "_-") {
		return fmt.Errorf("%q cannot be a machine's name: use letters, digits, - and _, at most %d, beginning with a letter or a digit", name, maxMachine)
	}
	return nil
}

// CheckRun says whether this can be a run's name: [A-Za-z0-9][A-Za-z0-9._-]{0,63}, docs/DESIGN.md.
func CheckRun(name string) error {
	if !named(name, maxRun, "._-") {
		return fmt.Errorf("%q cannot be a run's name: use letters, digits, '.', - and _, at most %d, beginning with a letter or a digit", name, maxRun)
	}
	return nil
}

func named(name string, most int, also string) bool {
	if name == "" || len(name) > most {
		return false
	}
	for i := range len(name) {
		c := name[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !plain && (i == 0 || strings.IndexByte(also, c) < 0) {
			return false
		}
	}
	return true
}

func (t *Token) pair() (nkeys.KeyPair, error) {
	return nkeys.FromRawSeed(nkeys.PrefixByteUser, t.seed[:])
}

// Key is the machine's public key, as the coordinator keeps it.
func (t *Token) Key() (string, error) {
	p, err := t.pair()
	if err != nil {
		return "", err
	}
	defer p.Wipe()
	return p.PublicKey()
}

// Sign signs what the coordinator's server asks a machine to sign.
func (t *Token) Sign(nonce []byte) ([]byte, error) {
	p, err := t.pair()
	if err != nil {
		return nil, err
	}
	defer p.Wipe()
	return p.Sign(nonce)
}
