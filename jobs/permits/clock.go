package permits

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// clock is the time. A test has its own.
type clock interface {
	// wall is what the days of a server and its Retry-After go by.
	wall() time.Time
	// mono is what counts on for all processes of this boot, whatever is done to the wall clock.
	mono() int64
	sleep(ctx context.Context, d time.Duration) error
}

type systemClock struct{}

func (systemClock) wall() time.Time { return time.Now() }

func (systemClock) mono() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("permits: this system has no monotonic clock: " + err.Error()) // POSIX has it
	}
	return ts.Nano()
}

func (systemClock) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dayOf is the day in a zone, in days since 1970, and when the next one begins.
func dayOf(t time.Time, zone *time.Location) (day int64, next time.Time) {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60), time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}
