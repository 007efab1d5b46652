package spec

import (
	"brood/runner/shard"
	"brood/runner/sink"
)

// Shard is the part of a dataset that a run works on, beside other runs on other machines. Its results stay in its
// directory, in Output, so that all there is of it is in one place; Form is what a merge makes of those of all.
type Shard struct {
	shard.Part
	// Base is what the runs of all parts are called together.
	Base string `json:"base"`
}

// Deal says which records of the dataset are worked on; nil: all.
func (c *Config) Deal() *shard.Deal {
	if c.Shard == nil {
		return nil
	}
	return shard.NewDeal(&c.Shard.Part, c.Key)
}

// Framed reports whether each record of a plain text says in the results which it is: see sink.Encoder.Frame.
func (c *Config) Framed() bool {
	return c.Shard != nil && c.OutputFormat == sink.FormatText && c.Output != sink.Stdout
}
