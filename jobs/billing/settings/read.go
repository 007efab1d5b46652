package settings

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// The largest files that are read: a settings file, or a template or list beside it; and a font.
const (
	mostText = 1 << 20
	mostFont = 64 << 20
)

// Read reads the settings of a file, and what it names: a template, a font and a list of signers, whose paths are
// beside it. A key that is not known is an error, as it is one that is spelt wrong.
func Read(path string) (*Settings, error) {
	text, err := readFile(path, mostText)
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	s, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := s.resolve(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// Parse reads the text of a settings file and checks it. It reads no other file.
func Parse(text []byte) (*Settings, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is not in UTF-8; convert it, as with iconv -f windows-1252 -t utf-8")
	}
	if err := noSecret(text); err != nil {
		return nil, err
	}
	s := new(Settings)
	dec := toml.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		return nil, tomlError(err)
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	return s, nil
}

// tomlError says in which line something is wrong.
func tomlError(err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var all []error
		for _, e := range unknown.Errors {
			line, _ := e.Position()
			all = append(all, fmt.Errorf("line %d: there is no setting %s", line, strings.Join(e.Key(), ".")))
		}
		return errors.Join(all...)
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		line, column := wrong.Position()
		text := strings.TrimPrefix(wrong.Error(), "toml: ")
		if key := strings.Join(wrong.Key(), "."); key != "" {
			text = key + ": " + text
		}
		return fmt.Errorf("line %d, column %d: %s", line, column, text)
	}
	return err
}

// noSecret refuses a file with a key of Stripe's API in it: the settings become part of the plan, which is shown around.
func noSecret(text []byte) error {
	for i, line := range bytes.Split(text, []byte("\n")) {
		for _, mark := range []string{"sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"} {
			if bytes.Contains(line, []byte(mark)) {
				return fmt.Errorf("line %d: there is a secret key in it, and the settings go into the plan: take it out, and give it by --secret or the environment", i+1)
			}
		}
	}
	return nil
}

// resolve reads the files that are named, whose paths are beside the settings.
func (s *Settings) resolve(dir string) error {
	beside := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	for _, f := range []struct {
		name string
		path string
		text *string
	}{
		{"invoice.html", s.Invoice.HTML, &s.Invoice.Template},
		{"approval.allowed_signers", s.Approval.AllowedSigners, &s.Approval.Signers},
	} {
		if f.path == "" {
			continue
		}
		b, err := readFile(beside(f.path), mostText)
		if err == nil && !utf8.Valid(b) {
			err = fmt.Errorf("%s is not in UTF-8", f.path)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		*f.text = string(b)
	}
	if s.Invoice.Font != "" {
		s.Invoice.Font = beside(s.Invoice.Font)
		b, err := readFile(s.Invoice.Font, mostFont)
		if err != nil {
			return fmt.Errorf("invoice.font: %w", err)
		}
		sum := sha256.Sum256(b)
		s.Invoice.FontSum = hex.EncodeToString(sum[:])
	}
	return nil
}

// readFile reads a regular file up to a size.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s has more than %d bytes", path, most)
	}
	return b, err
}

// Canonical is the settings as JSON: the members in the order of the struct, maps by their keys, no white space, and
// what is empty left out. Equal settings are equal bytes.
func (s *Settings) Canonical() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return nil, fmt.Errorf("encode the settings: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
