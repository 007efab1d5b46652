package jobserver

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// openFIFO opens a named pipe, twice, so that reading it may end.
func openFIFO(path string) (read, write *os.File, err error) {
	if st, err := os.Stat(path); err != nil {
		return nil, nil, err
	} else if st.Mode()&os.ModeNamedPipe == 0 {
		return nil, nil, fmt.Errorf("%s is not a named pipe", path)
	}
	// Read and write: that neither waits for the other side nor sees its end.
	if read, err = os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0); err != nil {
		return nil, nil, err
	}
	if write, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return nil, nil, errors.Join(err, read.Close())
	}
	return read, write, nil
}

// openDescriptors opens the pipe behind two inherited descriptors, R,W, anew:
// theirs are shared with make, which would notice if they were set not to block.
func openDescriptors(auth string) (read, write *os.File, err error) {
	r, w, ok := strings.Cut(auth, ",")
	fds := [2]int{}
	for i, s := range []string{r, w} {
		n, err := strconv.Atoi(s)
		if err != nil || !ok {
			return nil, nil, errors.New("it is neither fifo:PATH nor two descriptors")
		}
		if n < 0 {
			return nil, nil, errors.New("make has closed its descriptors")
		}
		var st syscall.Stat_t
		if err := syscall.Fstat(n, &st); err != nil {
			return nil, nil, fmt.Errorf("descriptor %d: %w", n, err)
		}
		if st.Mode&syscall.S_IFMT != syscall.S_IFIFO {
			return nil, nil, fmt.Errorf("descriptor %d is not a pipe", n)
		}
		fds[i] = n
	}
	if read, err = os.OpenFile(descriptorPath(fds[0]), os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
		return nil, nil, err
	}
	if write, err = os.OpenFile(descriptorPath(fds[1]), os.O_WRONLY, 0); err != nil {
		return nil, nil, errors.Join(err, read.Close())
	}
	return read, write, nil
}

// descriptorPath names an open file of this process.
func descriptorPath(fd int) string { return fmt.Sprintf("/dev/fd/%d", fd) }

// wakeReader ends a read that waits.
func wakeReader(f *os.File) { _ = f.SetReadDeadline(time.Now()) }
