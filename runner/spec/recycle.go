package spec

import "time"

// Recycle says when a worker is replaced by a new one, before it leaks too much.
// Each limit differs by up to a tenth from one worker to the next, up or down, and
// that of memory by up to a fifth, down only, so that they do not all go at one
// time. 0 is no limit.
type Recycle struct {
	Tasks uint64        `json:"tasks,omitempty"` // records
	Mem   int64         `json:"mem,omitempty"`   // bytes, of the worker and what it has started
	Age   time.Duration `json:"age,omitempty"`
}
