package command

import (
	"brood/runner/dataset"
	"brood/runner/spec"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// interruptible opens standard output anew, so that a write to it can be given up:
// a reader that has stopped reading must not keep a killed run from ending. Another
// open file description is needed, as not to block is a flag of that, and others have
// ours. Where it cannot be had (a socket, another system than Linux) all stays as it
// is; a regular file never blocks.
func (e *env) interruptible() {
	var st unix.Stat_t
	if unix.Fstat(1, &st) != nil || (st.Mode&unix.S_IFMT != unix.S_IFIFO && st.Mode&unix.S_IFMT != unix.S_IFCHR) {
		return
	}
	// What was opened to be read only is not written to: to open it anew would give more than was given.
	if how, err := unix.FcntlInt(1, unix.F_GETFL, 0); err != nil || how&unix.O_ACCMODE == unix.O_RDONLY {
		return
	}
	fd, err := unix.Open("/proc/self/fd/1", unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	e.results = os.NewFile(uintptr(fd), os.Stdout.Name())
	e.before, os.Stdout = os.Stdout, e.results
}

// closeResults puts standard output back.
func (e *env) closeResults() {
	if e.results != nil {
		os.Stdout = e.before
		_ = e.results.Close() // what could not be written was told by the write
	}
}

// notOverInput refuses to write results over the dataset by way of standard output, which a
// shell has opened: by then it has emptied the file.
func (e *env) notOverInput(inputs []string) error {
	out, err := os.Stdout.Stat()
	if err != nil || !out.Mode().IsRegular() {
		return nil //nolint:nilerr // one that cannot be written to is complained about then
	}
	for _, p := range inputs {
		in, err := os.Stat(p)
		name := p
		if p == dataset.Stdin {
			in, err = e.stdin.Stat()
			name = "standard input"
		}
		if err == nil && os.SameFile(in, out) {
			hint := "Give the results another name."
			if in.Size() == 0 {
				hint = "It is empty now: > FILE empties FILE before anything reads it. Put it back, and give the results another name."
			}
			return usage(hint, "standard output is the dataset itself, %s", name)
		}
	}
	return nil
}

// emptiness says that there was nothing to do, and why that may be.
func (e *env) emptiness(cfg *spec.Config) string {
	const empty = "the dataset is empty: nothing was done"
	out, err := os.Stdout.Stat()
	if err == nil && out.Mode().IsRegular() && slices.Contains(cfg.Dataset.Paths, dataset.Stdin) {
		return empty + "; if the results go to a file that the input comes from, > has emptied it before it was read"
	}
	return empty
}
