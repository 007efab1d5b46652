package proc

import "time"

// Usage is what processes use at one moment.
type Usage struct {
	RSS       int64         // resident bytes; what processes share counts for each
	CPU       time.Duration // of the processes, and of the children they have waited for
	Processes int
}
