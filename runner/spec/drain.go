package spec

import (
	"encoding/json"
	"fmt"
	"time"
)

// Drain is how long the records in hand may take when a run is stopped, before they are
// killed. The zero value is for ever: so runs were begun before there was a default, and
// they go on as they were begun.
type Drain struct {
	Auto  bool          // as Within says; Limit is 0
	Limit time.Duration // 0: for ever, unless Auto
}

// The words for it.
const (
	DrainAuto    = "auto"
	DrainForever = "none"
)

// drainLeast is the default, where no record may take longer.
const drainLeast = 30 * time.Second

// Within is how long that is where a record may take timeout, and killAfter more once it
// was asked to stop; 0 is for ever. A record that may take longer than the default gets
// what it may take: it can have been begun just before.
func (d Drain) Within(timeout, killAfter time.Duration) time.Duration {
	if !d.Auto {
		return d.Limit
	}
	if timeout > 0 {
		timeout += killAfter
	}
	return max(drainLeast, timeout)
}

func (d Drain) String() string {
	switch {
	case d.Auto:
		return DrainAuto
	case d.Limit == 0:
		return DrainForever
	}
	return d.Limit.String()
}

// MarshalJSON gives the word, or the nanoseconds.
func (d Drain) MarshalJSON() ([]byte, error) {
	if d.Auto {
		return json.Marshal(DrainAuto)
	}
	return json.Marshal(d.Limit)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (d *Drain) UnmarshalJSON(b []byte) error {
	*d = Drain{}
	var word string
	if json.Unmarshal(b, &word) != nil {
		return json.Unmarshal(b, &d.Limit)
	}
	if word != DrainAuto {
		return fmt.Errorf("drain_timeout is %q, and neither %s nor a number", word, DrainAuto)
	}
	d.Auto = true
	return nil
}
