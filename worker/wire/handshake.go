package wire

import (
	"brood/jobs"
	"encoding/json"
	"fmt"
)

// Hello is the parent's first frame: all a worker needs to know.
type Hello struct {
	Version int    `json:"version"`
	Run     string `json:"run"`
	Dir     string `json:"dir"`   // the run's directory
	State   string `json:"state"` // the state directory
	Slot    int    `json:"slot"`  // 1-based
	// Places is how many records the worker can have in hand at a time; 0 is one. Its page has
	// room for so many.
	Places    int             `json:"places,omitempty"`
	Job       string          `json:"job"`
	Config    json.RawMessage `json:"config"`
	Shape     jobs.Shape      `json:"shape"`
	SendRaw   bool            `json:"send_raw"`          // Fields records carry their raw bytes
	Text      bool            `json:"text"`              // Result.Text is wanted, not Result.Values
	Printed   bool            `json:"printed,omitempty"` // what commands print is wanted as well
	Effect    string          `json:"effect"`
	Key       jobs.KeySpec    `json:"key"`
	TimeoutMS int64           `json:"timeout_ms"` // per record; 0 is none
	MaxOutput int             `json:"max_output"` // bytes one record may produce
	MaxDepth  int             `json:"max_depth"`  // levels that JSON from elsewhere may be nested
	// Stoppable says that a record may be asked to stop, see Page.AskStop.
	Stoppable bool `json:"stoppable"`
	// Secrets are variables of the environment whose values answers must not hold.
	Secrets []string `json:"secrets,omitempty"`
	Confine Confine  `json:"confine"`
	// Threads are made before the worker is ready, where there are few to be had, so
	// that it does not want for one with a record in hand.
	Threads int `json:"threads,omitempty"`
	// Files are where files of the run's machine are on this one, by the path that Config has, and Held the contents of
	// those that are on no disk here. A worker of the run's machine is told neither.
	Files map[string]string `json:"files,omitempty"`
	Held  map[string][]byte `json:"held,omitempty"`
}

// Confine is what a worker gives up before it opens its job.
type Confine struct {
	Files   uint64   `json:"files,omitempty"` // descriptors it may have; 0 is as many as the parent
	Nice    int      `json:"nice,omitempty"`
	Sandbox bool     `json:"sandbox,omitempty"` // it may write no file
	Write   []string `json:"write,omitempty"`   // but these, and what is in these directories
	Connect []uint16 `json:"connect,omitempty"` // TCP ports it may connect to; none: all
	// Untrusted says that it may become no other user by starting a program, and that no
	// other process of its user may look into it: it is another user's, or in a sandbox.
	Untrusted bool `json:"untrusted,omitempty"`
	// Refusals is the pids.events file of its cgroup, which counts the processes
	// that the kernel has refused it; empty: it has none.
	Refusals string `json:"refusals,omitempty"`
	MaxTasks int    `json:"max_tasks,omitempty"` // processes and threads of its limit
}

// Ready is a worker's answer once its job is open. Only then does it count as
// capacity.
type Ready struct {
	Version int `json:"version"`
	PID     int `json:"pid"`
}

// Refuse is a worker's answer when it cannot work: the job did not open.
type Refuse struct {
	Error string `json:"error"`
}

// AppendJSON appends a frame whose payload is v as JSON.
func AppendJSON(dst []byte, t Type, v any) ([]byte, error) {
	start := len(dst)
	p, err := json.Marshal(v)
	if err != nil {
		return dst, fmt.Errorf("encode frame: %w", err)
	}
	dst = append(Begin(dst, t), p...)
	return dst, End(dst, start)
}

// ParseJSON decodes the payload of a Hello, Ready or Refuse frame.
func ParseJSON(p []byte, v any) error {
	if err := json.Unmarshal(p, v); err != nil {
		return fmt.Errorf("%w: %w", ErrFrame, err)
	}
	return nil
}
