package gauge

import (
	"errors"
	"time"
)

var errLinux = errors.New("it needs Linux")

// Running tells nothing here.
func Running() (int, error) { return 0, errLinux }

// MemoryAvailable tells nothing here.
func MemoryAvailable() (int64, error) { return 0, errLinux }

func stalled(Resource) (time.Duration, error) { return 0, errLinux }
