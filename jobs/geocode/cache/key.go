package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"net/url"
	"strings"
)

// Key is a question: all that makes the answer another. Caches go bad where one of these is
// left out. What is not there is empty.
type Key struct {
	Provider string
	// BaseURL is where the provider was asked. A user, a query and a fragment of it are no part
	// of the key, as they may hold the secret of an account.
	BaseURL   string
	Language  string
	Countries string // that bound the answers, in an order of their own
	Level     string // address, city, postcode, reverse
	Bounds    string // box, and what is near, as text
	Options   string // whatever else changes the answer: how many, permanent or not
	// Query is the question itself, normalised. It is kept as it is, for people to read.
	Query string
}

// keyVersion is hashed with every key: another way to make them finds no old ones.
const keyVersion = "brood geocode 1"

// hash is what the question is found by: the first half of a SHA-256 over its parts, each with
// its length before it, so that no two questions are one text.
func (k *Key) hash() []byte {
	h := sha256.New()
	for _, part := range [...]string{keyVersion, k.Provider, k.base(), k.Language, k.Countries, k.Level, k.Bounds, k.Options, k.Query} {
		var n [4]byte
		binary.LittleEndian.PutUint32(n[:], uint32(len(part))) //nolint:gosec // no part is as long as that
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)[:sha256.Size/2]
}

// base is the base URL without what may be a secret. What is no URL is left out.
func (k *Key) base() string {
	u, err := url.Parse(k.BaseURL)
	if err != nil || u.Host == "" {
		return ""
	}
	plain := url.URL{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Host), Path: strings.TrimRight(u.Path, "/")}
	return plain.String()
}
