package worker

import (
	"brood/worker/wire"
	"errors"

	"golang.org/x/sys/unix"
)

func rlimit(n uint64) *unix.Rlimit { return &unix.Rlimit{Cur: n, Max: n} }

func distrust() error { return nil }

func sandbox(c *wire.Confine) error {
	if c.Sandbox || len(c.Connect) > 0 {
		return errors.New("it needs Linux")
	}
	return nil
}
