package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeyIsNotShown prints a key in the ways there are.
func TestKeyIsNotShown(t *testing.T) {
	k := NewKey(secret)
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", k)
	b, err := json.Marshal(map[string]any{"key": k, "in": struct{ K Key }{k}})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %s %q %+v %#v %x %d", k, k, k, k, k, k, k) + out.String() + string(b) + fmt.Sprintf("%+v", struct{ K *Key }{&k}.K)
	if strings.Contains(all, "s3cr3t") || strings.Contains(all, fmt.Sprintf("%x", "s3cr3t")) {
		t.Error(all)
	}
	if !strings.Contains(all, maskedKey) {
		t.Error(all)
	}
	if k.Secret() != secret || k.Empty() || !(Key{}).Empty() || (Key{}).String() != "" {
		t.Error("the key is lost")
	}
}

// TestScrub takes the key out of the errors that Go makes of a URL.
func TestScrub(t *testing.T) {
	k := NewKey(secret)
	in := &url.Error{Op: "Get", URL: "https://host/?key=" + url.QueryEscape(secret) + "&q=x", Err: io.ErrUnexpectedEOF}
	err := k.ScrubError(fmt.Errorf("ask: %w", in))
	if strings.Contains(err.Error(), "s3cr3t") || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	var u *url.Error
	if errors.As(err, &u) {
		t.Error("the URL can still be had")
	}
	if plain := errors.New("nothing in it"); k.ScrubError(plain) != plain || k.ScrubError(nil) != nil {
		t.Error("changed without need")
	}
	for _, s := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
		if got := k.Scrub("a " + s + " b"); got != "a *** b" {
			t.Error(got)
		}
	}
}

func TestReadKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := func(name string) string { return map[string]string{"K": " abc ", "BAD": "a b"}[name] }
	write("xyz\n")
	if k, err := ReadKey(file, "K", env); err != nil || k.Secret() != "xyz" {
		t.Error(k.Secret(), err)
	}
	if k, err := ReadKey("", "K", env); err != nil || k.Secret() != "abc" {
		t.Error(k.Secret(), err)
	}
	if k, err := ReadKey("", "NONE", env); err != nil || !k.Empty() {
		t.Error(err)
	}
	if _, err := ReadKey("", "BAD", env); err == nil {
		t.Error("a key with a space")
	}
	for _, s := range []string{"", "two\nlines", strings.Repeat("x", 5000), "smörgås"} {
		write(s)
		if _, err := ReadKey(file, "", env); err == nil || s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("%.20q: %v", s, err)
		}
	}
	if _, err := ReadKey(filepath.Join(t.TempDir(), "none"), "", env); err == nil {
		t.Error("no file")
	}
}
