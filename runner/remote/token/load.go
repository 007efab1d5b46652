package token

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Variable is the environment variable that a token may be in.
const Variable = "BROOD_TOKEN"

// maxFile is more than a file with a token or a list of machines can have.
const maxFile = 16 << 20

// Load reads the token in a file or, without a path, in the environment, from which it is then taken, so that no worker
// inherits it.
func Load(path string) (*Token, error) {
	if path == "" {
		text, ok := os.LookupEnv(Variable)
		if !ok {
			return nil, fmt.Errorf("there is no token: give its file with --token-file, or set %s; brood token prints one where the run is", Variable)
		}
		if err := os.Unsetenv(Variable); err != nil {
			return nil, err
		}
		t, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", Variable, err)
		}
		return t, nil
	}
	read := readOwn
	if path == "/dev/stdin" || path == "-" {
		read = readStdin // as ssh gives it to an agent: it is in no file, and nobody else can read it
	}
	text, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read the token: %w", err)
	}
	t, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// readStdin reads standard input to its end.
func readStdin(string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(os.Stdin, maxFile+1))
	if err == nil && len(text) > maxFile {
		return nil, fmt.Errorf("standard input has more than %d bytes", maxFile)
	}
	return text, err
}

// ErrReadable is that others may read a secret.
var ErrReadable = errors.New("can be read by others")

// readOwn reads a file with secrets, which nobody but its owner may have the right to read or to write.
func readOwn(path string) (text []byte, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe without a writer is not waited for
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	st, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case st.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s %w, and holds a secret (its mode is %#o): chmod 600 %s", path, ErrReadable, st.Mode().Perm(), path)
	}
	text, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxFile)
	}
	return text, err
}
