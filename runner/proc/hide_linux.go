package proc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Hide keeps other processes of this user from tracing this one and from taking its
// descriptors: PR_SET_DUMPABLE of prctl(2). Children are as before once they execute a
// program.
func Hide() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("hide from other processes: %w", err)
	}
	return nil
}
