package jobs

import (
	"fmt"
	"os"
	"path/filepath"
)

// StateDir returns the directory in which brood keeps what it must not forget: the one given, as
// by --state, or $BROOD_STATE, or $XDG_STATE_HOME/brood, or ~/.local/state/brood. Runs are
// beneath it, and what jobs keep for more than one run, each in a directory of its own.
func StateDir(given string) (string, error) {
	dir := given
	if dir == "" {
		dir = os.Getenv("BROOD_STATE")
	}
	if x := os.Getenv("XDG_STATE_HOME"); dir == "" && x != "" {
		dir = filepath.Join(x, "brood")
	}
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a place for the state: %w; name one with --state", err)
		}
		dir = filepath.Join(home, ".local", "state", "brood")
	}
	return filepath.Abs(dir)
}
