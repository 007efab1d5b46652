package jobs

import "bytes"

// Fit says how much a job can take of a record that is a group of lines: a command line
// holds only so much.
type Fit struct {
	Bytes int `json:"bytes"` // for all lines together
	// What a line costs: Times its length, and Plus.
	Times int `json:"times"`
	Plus  int `json:"plus"`
	// Quoted says that a single quote in it costs four times as much, as it is quoted for
	// a shell.
	Quoted bool `json:"quoted,omitempty"`
}

// Cost is what a line costs.
func (f *Fit) Cost(line []byte) int {
	if f == nil {
		return 0
	}
	n := len(line)
	if f.Quoted {
		n += 3 * bytes.Count(line, []byte{'\''})
	}
	return f.Times*n + f.Plus
}
