package jobs

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// StartError is why a program of a path could not be started, in words that say what to
// mend: of a script the system says that it is not there when that is its interpreter.
func StartError(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT):
		if st, statErr := os.Stat(path); statErr == nil && st.Mode().IsRegular() {
			return fmt.Errorf("%w: the file is there, but not the interpreter that it names in its first line, or its dynamic linker", err)
		}
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%w: it is neither a program for this machine nor a script that begins with #!", err) //nolint:staticcheck // #! is no punctuation
	}
	return err
}
