package worker

import (
	"brood/worker/wire"
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// confine limits this process, and with it all that the job starts, before the
// job is opened.
func confine(c *wire.Confine) error {
	if c.Nice != 0 {
		// Of the whole group: on Linux it is a property of each thread.
		if err := unix.Setpriority(unix.PRIO_PGRP, 0, c.Nice); err != nil {
			return fmt.Errorf("--nice %d: %w", c.Nice, err)
		}
	}
	if c.Files > 0 {
		if err := limitFiles(c.Files); err != nil {
			return err
		}
	}
	if c.Untrusted {
		if err := distrust(); err != nil {
			return err
		}
	}
	if err := sandbox(c); err != nil {
		return fmt.Errorf("--sandbox: %w", err)
	}
	return nil
}

// filesForJob is how many descriptors must be left for the job.
const filesForJob = 8

// limitFiles bounds the descriptors of this process, and of each it starts.
func limitFiles(n uint64) error {
	// What is open now takes part in it. The lowest free one tells how many
	// those are, as they were opened one after the other.
	fd, err := unix.Dup(0)
	if err != nil {
		return err
	}
	_ = unix.Close(fd)
	if least := uint64(fd + filesForJob); n < least {
		return fmt.Errorf("--limit-files %d is too little: a fresh worker has %d open and the job needs a few; give it at least %d", n, fd, least)
	}
	if n > math.MaxInt64 {
		return fmt.Errorf("--limit-files %d is too much", n)
	}
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		return err
	}
	if old.Max < n {
		return fmt.Errorf("--limit-files %d is more than the system allows, which is %d", n, old.Max)
	}
	// Through package unix, so that the Go runtime knows that it was meant and
	// hands it on to programs that are started.
	return unix.Setrlimit(unix.RLIMIT_NOFILE, rlimit(n))
}
