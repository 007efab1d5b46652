package runner

import (
	"brood/runner/spec"
	"errors"
	"testing"
	"time"
)

func TestDrainLimit(t *testing.T) {
	halt := &spec.HaltError{Reason: "--halt soon,fail=1"}
	for _, c := range []struct {
		drain spec.Drain
		why   error
		want  time.Duration
	}{
		{spec.Drain{Auto: true}, errSignal, time.Minute + time.Second},
		{spec.Drain{Auto: true}, errors.New("the disk is full"), time.Minute + time.Second},
		{spec.Drain{Auto: true}, &spec.AbortError{Reason: "nothing works"}, time.Minute + time.Second},
		{spec.Drain{Auto: true}, halt, 0}, // to finish what is in hand is what was asked for
		{spec.Drain{Limit: time.Second}, halt, time.Second},
		{spec.Drain{Limit: time.Second}, errSignal, time.Second},
		{spec.Drain{}, errSignal, 0},
	} {
		if got := drainLimit(c.drain, c.why, time.Minute, time.Second); got != c.want {
			t.Errorf("--drain-timeout %s, %v: %s, want %s", c.drain, c.why, got, c.want)
		}
	}
}
