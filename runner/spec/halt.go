package spec

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Halt says after how many records of a kind a run stops, in the words of GNU
// parallel's --halt. The zero value is never.
type Halt struct {
	// Now kills what is in hand; otherwise that is finished.
	Now bool
	// On is fail, success or done.
	On string
	// Count is how many, or Percent how many of a hundred.
	Count   uint64
	Percent float64
	text    string
}

// haltLeast is how many there must be of the kind before a share of them counts,
// as in GNU parallel.
const haltLeast = 3

// ParseHalt reads never, or soon|now,fail|success|done=N or N%.
func ParseHalt(s string) (Halt, error) {
	if s == "never" || s == "" {
		return Halt{}, nil
	}
	h := Halt{text: s}
	bad := fmt.Errorf("%q is not never, or such as soon,fail=1 or now,fail=10%% (soon or now; fail, success or done)", s)
	when, what, ok := strings.Cut(s, ",")
	if h.Now = when == "now"; !ok || (!h.Now && when != "soon") {
		return h, bad
	}
	var number string
	if h.On, number, ok = strings.Cut(what, "="); !ok || (h.On != "fail" && h.On != "success" && h.On != "done") {
		return h, bad
	}
	var err error
	if share, percent := strings.CutSuffix(number, "%"); percent {
		if h.Percent, err = strconv.ParseFloat(share, 64); err != nil || !(h.Percent > 0 && h.Percent <= 100) || h.On == "done" {
			return h, bad
		}
		return h, nil
	}
	if h.Count, err = strconv.ParseUint(number, 10, 63); err != nil || h.Count == 0 {
		return h, bad
	}
	return h, nil
}

func (h Halt) String() string {
	if h.text == "" {
		return "never"
	}
	return h.text
}

// MarshalJSON gives the policy as it was written.
func (h Halt) MarshalJSON() ([]byte, error) { return json.Marshal(h.String()) }

// UnmarshalJSON reads what MarshalJSON has written.
func (h *Halt) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	if err == nil {
		*h, err = ParseHalt(s)
	}
	return err
}

// Reached reports whether so many successes and failures are enough. Skipped
// records are neither.
func (h Halt) Reached(success, fail uint64) bool {
	n, all := success+fail, success+fail
	switch h.On {
	case "":
		return false
	case "fail":
		n = fail
	case "success":
		n = success
	}
	if h.Percent > 0 {
		return n >= haltLeast && float64(n)*100 >= h.Percent*float64(all)
	}
	return n >= h.Count
}
