package spec

import (
	"brood/jobs"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Lowering is that a run goes on as if repeating a record cost less than was said before.
type Lowering struct {
	From jobs.Effect `json:"from"`
	To   jobs.Effect `json:"to"`
	At   time.Time   `json:"at"`
	By   string      `json:"by"` // user@host
}

// ErrRaised is returned for an effect that asks for more care than was taken.
var ErrRaised = errors.New("an effect can only be lowered")

// Lower lets a run go on with another effect, from now on. What is done about records that
// nobody knows about follows it, unless the user has said something else.
func (c *Config) Lower(to jobs.Effect, at time.Time, by string) error {
	switch {
	case to == c.Effect:
		return nil
	case to > c.Effect:
		return ErrRaised
	}
	if c.OnUnknown == DefaultOnUnknown(c.Effect) {
		c.OnUnknown = DefaultOnUnknown(to)
	}
	c.Lowered = append(c.Lowered, Lowering{From: c.Effect, To: to, At: at.UTC(), By: by})
	c.Effect = to
	return nil
}

// WithEffect puts the effect, and what comes with it, into a stored configuration, and
// leaves the rest as it is, whoever wrote it.
func WithEffect(stored []byte, c *Config) ([]byte, error) {
	all := make(map[string]json.RawMessage)
	if err := json.Unmarshal(stored, &all); err != nil {
		return nil, fmt.Errorf("read the configuration of the run: %w", err)
	}
	for name, v := range map[string]any{"effect": c.Effect, "on_unknown": c.OnUnknown, "lowered": c.Lowered} {
		var err error
		if all[name], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return json.Marshal(all)
}
