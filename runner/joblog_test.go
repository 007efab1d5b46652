package runner

import (
	"brood/jobs"
	"testing"
)

// TestExitOf: nothing that is not ok looks like success in a joblog.
func TestExitOf(t *testing.T) {
	for _, c := range []struct {
		status       jobs.Status
		class        jobs.Class
		exit, signal int
	}{
		{jobs.StatusOK, "", 0, 0},
		{jobs.StatusSkipped, jobs.ClassDuplicate, 0, 0},
		{jobs.StatusFailed, "exit:3", 3, 0},
		{jobs.StatusFailed, "exit:0", 1, 0}, // nobody says so
		{jobs.StatusFailed, "exit:x", 1, 0},
		{jobs.StatusUnknown, "signal:KILL", 0, 9},
		{jobs.StatusFailed, "signal:RTMIN+1", -1, 0},
		{jobs.StatusFailed, "exec", 127, 0},
		{jobs.StatusFailed, jobs.ClassInput, 65, 0},
		{jobs.StatusUnknown, jobs.ClassTimeout, -1, 15},
		{jobs.StatusUnknown, jobs.ClassKilled, -1, 9},
		{jobs.StatusFailed, jobs.ClassMemory, -1, 9},
		{jobs.StatusUnknown, jobs.ClassCrash, -1, 0},
		{jobs.StatusUnknown, jobs.ClassInterrupted, -1, 0},
		{jobs.StatusFailed, "smtp", 1, 0},
		{jobs.StatusFailed, "", 1, 0},
		{jobs.StatusUnknown, "", -1, 0},
	} {
		if exit, signal := exitOf(c.status, c.class); exit != c.exit || signal != c.signal {
			t.Errorf("%s, %q: %d, %d", c.status, c.class, exit, signal)
		}
	}
}
