package command

import (
	"brood/runner/spec"
	"errors"
	"io"
	"os"
	"strings"
)

// passwordVariable is where the password of a queue may be, if it is in no file.
const passwordVariable = "BROOD_QUEUE_PASSWORD"

// password is that of a queue: of its URL, of a file, or of the environment.
func password(q *spec.Queue) (string, error) {
	if q.Password != "" {
		return q.Password, nil
	}
	if q.PasswordFile == "" {
		return queuePassword, nil
	}
	f, err := os.Open(q.PasswordFile)
	if err != nil {
		return "", usage("", "--queue-password-file: %w", err)
	}
	word, err := readPassword(f)
	if err != nil {
		return "", usage("", "--queue-password-file: %w", err)
	}
	return word, nil
}

// readPassword reads the password that a file has, and closes it.
func readPassword(f *os.File) (string, error) {
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	return strings.TrimRight(string(b), "\r\n"), errors.Join(err, f.Close())
}

// queuePassword is what stood in the environment, which nobody whom this process starts is to see.
var queuePassword string

// hidePassword takes the password of a queue out of the environment.
func hidePassword() {
	if v, ok := os.LookupEnv(passwordVariable); ok {
		queuePassword = v
		_ = os.Unsetenv(passwordVariable) // its name is one
	}
}
