package bundle

import (
	"brood/jobs"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// hasher makes of a text what stands for it.
type hasher struct{ key []byte }

func newHasher() (*hasher, error) {
	h := &hasher{make([]byte, 32)}
	if _, err := rand.Read(h.key); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return h, nil
}

// of is what stands for a text; of an empty one nothing.
func (h *hasher) of(kind, s string) string {
	if s == "" {
		return ""
	}
	m := hmac.New(sha256.New, h.key)
	m.Write([]byte(s))
	return kind + ":" + hex.EncodeToString(m.Sum(nil)[:8])
}

// path is what stands for the path of a file, with its extension if that is common.
func (h *hasher) path(s string) string {
	if s == "" || s == "-" {
		return s
	}
	for _, ext := range []string{".csv", ".tsv", ".jsonl", ".txt", ".xlsx", ".geojson", ".gz", ".zst", ".xz", ".bz2", ".zip", ".db"} {
		if strings.EqualFold(filepath.Ext(s), ext) {
			return h.of("path", s) + ext
		}
	}
	return h.of("path", s)
}

// engineClasses are the classes that brood itself gives.
func engineClasses() []jobs.Class {
	return append([]jobs.Class{
		"", jobs.ClassInput, jobs.ClassDuplicate, jobs.ClassWhere, jobs.ClassExpired, jobs.ClassOutput, jobs.ClassConnect, jobs.ClassResolved, jobs.ClassReleased, jobs.ClassStart,
	}, jobs.LossClasses...)
}

// class is a class that may be told: one of brood's, or, if the job's are its own, one that looks like a word and a number.
func (h *hasher) class(c jobs.Class, own bool) string {
	if slices.Contains(engineClasses(), c) || own && plainWord(string(c)) {
		return string(c)
	}
	return h.of("class", string(c))
}

// longestWord is how long a word of a closed set may be.
const longestWord = 40

// plainWord reports whether a text is of the characters that words of closed sets have: small letters, digits and what joins them.
func plainWord(s string) bool {
	return len(s) <= longestWord && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-:. ") == ""
}

// word is a word of a closed set, or what stands for it if it is none: the ledger may be damaged, or of somebody else.
func (h *hasher) word(s string, set ...string) string {
	if s == "" || slices.Contains(set, s) {
		return s
	}
	return h.of("word", s)
}
