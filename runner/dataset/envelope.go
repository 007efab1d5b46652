package dataset

import (
	"bytes"
	"errors"
)

// A line of a spool that has envelopes is a JSON object whose first member, envelopeHead, is a string without a quote or
// backslash in it, and which has at least one member more:
//
//	{"_envelope":"TEXT","NAME":VALUE,…}
const envelopeHead = `{"_envelope":"`

// AppendEnvelope begins a line with an envelope, whose text, appended by a function, has no quotes and backslashes. What follows is the rest of the
// object, from its first member on.
func AppendEnvelope(dst []byte, text func(dst []byte) []byte) []byte {
	return append(text(append(dst, envelopeHead...)), '"', ',')
}

var errNoEnvelope = errors.New("the line does not begin with what brood writes there")

// openEnvelope takes the envelope off a line, which is changed.
func openEnvelope(raw []byte) (text string, rest []byte, err error) {
	rest, ok := bytes.CutPrefix(raw, []byte(envelopeHead))
	if !ok {
		return "", raw, errNoEnvelope
	}
	i := bytes.IndexByte(rest, '"')
	if i < 0 || !bytes.HasPrefix(rest[i:], []byte(`","`)) && !bytes.HasPrefix(rest[i:], []byte(`"{"`)) { // it was opened before
		return "", raw, errNoEnvelope
	}
	text = string(rest[:i])
	rest = rest[i+1:]
	rest[0] = '{' // in place of the comma
	return text, rest, nil
}
