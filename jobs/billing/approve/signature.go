package approve

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// signature is what brood itself reads of one: OpenSSH's PROTOCOL.sshsig. That it is right says ssh-keygen.
type signature struct {
	key       []byte // the public key, as SSH sends it
	namespace string
}

// mostSignature is the longest one that is read.
const mostSignature = 64 << 10

var errSignature = errors.New("it is no signature as ssh-keygen -Y sign writes it")

func parseSignature(text []byte) (*signature, error) {
	const begin, end = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
	if len(text) > mostSignature {
		return nil, errSignature
	}
	body, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte(begin))
	if !ok {
		return nil, errSignature
	}
	if body, ok = bytes.CutSuffix(body, []byte(end)); !ok {
		return nil, errSignature
	}
	raw, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(body), nil)))
	if err != nil {
		return nil, errSignature
	}
	raw, ok = bytes.CutPrefix(raw, []byte("SSHSIG"))
	if !ok || len(raw) < 4 || binary.BigEndian.Uint32(raw) != 1 {
		return nil, errSignature
	}
	key, rest, ok := text32(raw[4:])
	if !ok || len(key) == 0 {
		return nil, errSignature
	}
	name, _, ok := text32(rest)
	if !ok {
		return nil, errSignature
	}
	return &signature{key, string(name)}, nil
}

// text32 takes a text with its length before it.
func text32(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if b = b[4:]; uint64(n) > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// fingerprint is as ssh-keygen -l shows it.
func (s *signature) fingerprint() string {
	sum := sha256.Sum256(s.key)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}
