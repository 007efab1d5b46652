package provider

import (
	"brood/jobs/files"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

// Key is what a provider knows its customer by. Nothing prints it: not fmt with any verb, not
// JSON, not slog.
type Key struct{ value string }

// NewKey is a key of its text.
func NewKey(s string) Key { return Key{s} }

// maskedKey stands for it.
const maskedKey = "***"

func (k Key) String() string {
	if k.value == "" {
		return ""
	}
	return maskedKey
}

// Format shows it to no verb.
func (k Key) Format(s fmt.State, _ rune) { fmt.Fprint(s, k.String()) } //nolint:errcheck // of a fmt.State

// MarshalText shows it to no encoder.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue shows it to no log.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Empty reports whether there is none.
func (k Key) Empty() bool { return k.value == "" }

// Secret is the key itself, for who must know which requests share an account, and to hide it.
func (k Key) Secret() string { return k.value }

// longestKey bounds the file of a key: a longer one is another file by mistake.
const longestKey = 4096

// ReadKey takes the key from a file, or from a variable of the environment if there is no file.
// None is no error: not every provider needs one.
func ReadKey(file, variable string, getenv func(string) string) (Key, error) {
	if file == "" {
		if variable == "" {
			return Key{}, nil
		}
		k, err := checkKey(getenv(variable))
		if err != nil {
			return Key{}, fmt.Errorf("the key in %s: %w", variable, err)
		}
		return k, nil
	}
	b, err := files.Read(file)
	if err != nil {
		return Key{}, fmt.Errorf("read the key of the provider: %w", err)
	}
	k, err := checkKey(string(b))
	if err == nil && k.Empty() {
		err = errors.New("is empty")
	}
	if err != nil {
		return Key{}, fmt.Errorf("the key in %s %w", file, err)
	}
	return k, nil
}

func checkKey(s string) (Key, error) {
	s = strings.TrimSpace(s)
	if len(s) > longestKey {
		return Key{}, errors.New("is too long to be one")
	}
	for _, c := range s {
		if c <= ' ' || c >= 0x7f {
			return Key{}, errors.New("has spaces, lines or letters that no key has: it stands alone in its file")
		}
	}
	return Key{s}, nil
}

// Scrub takes the key out of a text, in the forms that it has in a URL too.
func (k Key) Scrub(text string) string {
	if k.value == "" || text == "" {
		return text
	}
	for _, form := range []string{k.value, url.QueryEscape(k.value), url.PathEscape(k.value)} {
		text = strings.ReplaceAll(text, form, maskedKey)
	}
	return text
}

// ScrubError is err without the key. Go's own errors of requests hold the URL, and the URL may
// hold the key. Errors.Is and errors.As see what was wrapped; only the text is another one.
func (k Key) ScrubError(err error) error {
	if err == nil || k.value == "" {
		return err
	}
	if text := k.Scrub(err.Error()); text != err.Error() {
		return &scrubbed{text: text, err: err}
	}
	return err
}

// scrubbed is an error with a text of its own. What it wraps is found by Is; As finds what is
// beneath a *url.Error, but not that, as it would print the URL.
type scrubbed struct {
	text string
	err  error
}

func (s *scrubbed) Error() string { return s.text }

func (s *scrubbed) Unwrap() error {
	var u *url.Error
	if errors.As(s.err, &u) {
		return u.Err
	}
	return errors.Unwrap(s.err)
}
