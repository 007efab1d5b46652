package wire

import (
	"os"
	"strconv"
	"strings"
)

// EnvMark is set in the environment of a worker, and only there, so that a
// worker command run by hand can be told from a real one.
const EnvMark = "BROOD_WORKER_PROTOCOL"

// A worker has one processor from its first moment. To give one up later costs it a stop of
// its world, and each of the lists that its spans are then put on a page of memory.
const (
	envProcs = "GOMAXPROCS"
	// envKept is what the programs of a job are to see as envProcs.
	envKept = "BROOD_WORKER_GOMAXPROCS"
)

// Environ makes the environment of a worker from that of its job.
func Environ(job []string) []string {
	out := make([]string, 0, len(job)+3)
	for _, v := range job {
		if value, ok := strings.CutPrefix(v, envProcs+"="); ok {
			v = envKept + "=" + value
		}
		out = append(out, v)
	}
	return append(out, EnvMark+"="+strconv.Itoa(Version), envProcs+"=1")
}

// RestoreEnviron makes the environment of this process, a worker, that of its job.
func RestoreEnviron() {
	_ = os.Unsetenv(EnvMark)
	if kept, ok := os.LookupEnv(envKept); ok {
		_ = os.Setenv(envProcs, kept)
		_ = os.Unsetenv(envKept)
		return
	}
	_ = os.Unsetenv(envProcs)
}
