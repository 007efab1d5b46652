package spec

import (
	"strings"
	"time"
)

// Limits are what a worker may use, with all it starts, and what it may do.
type Limits struct {
	Mem   int64         `json:"mem,omitempty"`   // bytes resident; 0 is no limit
	CPU   time.Duration `json:"cpu,omitempty"`   // for one record; 0 is no limit
	Procs int           `json:"procs,omitempty"` // processes at a time; 0 is no limit
	Files uint64        `json:"files,omitempty"` // descriptors of each process; 0: as many as brood
	Nice  int           `json:"nice,omitempty"`
	// User is NAME or NAME:GROUP, to whose rights a worker's are dropped.
	User string `json:"user,omitempty"`
	// Sandbox takes away the right to write files, but those in Write.
	Sandbox bool     `json:"sandbox,omitempty"`
	Write   []string `json:"write,omitempty"`
	// Connect are the TCP ports a worker may connect to; none: all.
	Connect []uint16 `json:"connect,omitempty"`
	// Env are NAME or NAME=VALUE; if there are any, a worker's environment is
	// only those and what every program expects.
	Env []string `json:"env,omitempty"`
	// Secrets are NAME or NAME=FILE: variables of the environment whose value,
	// taken from brood's own or from a file, is kept nowhere.
	Secrets []string `json:"secrets,omitempty"`
}

// SecretNames are the names of the variables.
func (l *Limits) SecretNames() []string {
	var out []string
	for _, s := range l.Secrets {
		name, _, _ := strings.Cut(s, "=")
		out = append(out, name)
	}
	return out
}
