package charge

import (
	"fmt"
	"slices"
)

// Status is what has become of a charge, as billing_status has it.
type Status string

// The statuses. A bank debit is submitted, and comes back for weeks: that is not succeeded.
const (
	Succeeded        Status = "succeeded"
	Submitted        Status = "submitted"
	Processing       Status = "processing"
	RequiresAction   Status = "requires_action"
	Declined         Status = "declined"
	Failed           Status = "failed"
	Returned         Status = "returned"
	Refunded         Status = "refunded"
	Disputed         Status = "disputed"
	Unknown          Status = "unknown"
	SkippedDuplicate Status = "skipped_duplicate"
)

// Statuses are all of them, in the order in which they are told.
func Statuses() []Status {
	return []Status{Succeeded, Submitted, Processing, Declined, Failed, RequiresAction, Returned, Refunded, Disputed, Unknown, SkippedDuplicate}
}

// ParseStatus is the reverse of the word.
func ParseStatus(s string) (Status, error) {
	if slices.Contains(Statuses(), Status(s)) {
		return Status(s), nil
	}
	return "", fmt.Errorf("there is no billing status %q; there are %v", s, Statuses())
}

// Open reports whether money may have moved, or may yet: another charge of the same invoice would
// be a second one.
func (s Status) Open() bool {
	switch s {
	case Succeeded, Submitted, Processing, RequiresAction, Disputed, Unknown:
		return true
	default:
		return false
	}
}
