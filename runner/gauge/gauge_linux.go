package gauge

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Running is how many processes and threads of the machine run, or could, apart
// from the one that asks.
func Running() (int, error) {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	words := strings.Fields(string(b)) // three averages, running/all, a number
	if len(words) < 4 {
		return 0, fmt.Errorf("/proc/loadavg: %q", b)
	}
	running, _, _ := strings.Cut(words[3], "/")
	n, err := strconv.Atoi(running)
	return max(n-1, 0), err
}

// MemoryAvailable is how many bytes can be used without swapping.
func MemoryAvailable() (int64, error) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc/meminfo has no MemAvailable")
}

// stalled is for how long, since the start of the machine, at least one process
// has waited for a resource.
func stalled(of Resource) (time.Duration, error) {
	b, err := os.ReadFile("/proc/pressure/" + string(of))
	if err != nil {
		return 0, fmt.Errorf("this kernel does not measure the pressure on %s: %w", of, err)
	}
	first, _, _ := strings.Cut(string(b), "\n") // some avg10=… avg60=… avg300=… total=µs
	_, total, ok := strings.Cut(first, "total=")
	us, err := strconv.ParseInt(total, 10, 64)
	if !ok || err != nil {
		return 0, fmt.Errorf("/proc/pressure/%s: %q", of, first)
	}
	return time.Duration(us) * time.Microsecond, nil
}
