package proc

import "errors"

// UsageOf tells nothing here.
func UsageOf(int) Usage { return Usage{} }

func peakOf(string) int64 { return 0 }

// Glance tells nothing here.
func Glance() (tasks int, free int64) { return 0, 0 }

// TreeUsage tells nothing here.
func TreeUsage(int) Usage { return Usage{} }

// Census tells nothing here.
func (f *Family) Census() map[int]Usage { return nil }

// CanCount reports whether this system tells what processes use.
func CanCount() error { return errors.New("it needs Linux") }

// CanSandbox reports whether this system can confine a process to some files,
// or ports.
func CanSandbox(bool) error { return errors.New("it needs Linux") }
