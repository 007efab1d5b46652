// Package shard is a part of a dataset: one of N machines that share it without talking to each other. It
// says which records are whose, which part this process is by what the scheduler that started it has put into
// its environment, and writes the scripts by which schedulers start all of them.
//
// It promises that the parts of any N are disjoint and together all records, and that records with the same
// business key are in the same part. How records are dealt is part of the format of a run: its ledger says
// "2 of 8", and a resume, or a merge by another version, must come to the same records. What is done with the
// records, and what becomes of the results, is left to others.
package shard

import (
	"brood/jobs"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Most is how many parts a dataset may have: as many tasks as AWS Batch allows an array (2 to 10,000, its user
// guide, "Array jobs"); Kubernetes and Slurm allow more if their administrators do.
const Most = 10000

// Part is one of the parts of a dataset.
type Part struct {
	Index int `json:"index"` // from 1
	Of    int `json:"of"`
}

// Parse reads I/N, counted from 1.
func Parse(s string) (Part, error) {
	i, n, ok := strings.Cut(s, "/")
	index, errI := strconv.Atoi(i)
	of, errN := strconv.Atoi(n)
	if !ok || errI != nil || errN != nil {
		return Part{}, fmt.Errorf("%q is not a shard such as 2/8, the second of 8; or auto/8, by what the scheduler says", s)
	}
	p := Part{index, of}
	if index == 0 && of > 0 {
		return p, fmt.Errorf("%s: shards are counted from 1, so the first is 1/%d", s, of)
	}
	return p, p.Check()
}

// Check refuses a part that there cannot be.
func (p Part) Check() error {
	switch {
	case p.Of < 1 || p.Of > Most:
		return fmt.Errorf("%s: a dataset has 1 to %d shards", p, Most)
	case p.Index < 1 || p.Index > p.Of:
		return fmt.Errorf("%s: there is no such shard; there are 1/%d to %d/%d", p, p.Of, p.Of, p.Of)
	}
	return nil
}

// String is the part as Parse reads it.
func (p Part) String() string { return fmt.Sprintf("%d/%d", p.Index, p.Of) }

// RunName is what the run of a part is called, of a run of a name over all of them.
func (p Part) RunName(name string) string { return fmt.Sprintf("%s-%d-of-%d", name, p.Index, p.Of) }

// How records without a key are dealt: the first ones one by one, so that a few long records are on all
// machines; those behind them in stretches, so that what is kept of many short ones stays small. Both are part
// of the format.
const (
	dealtSingly = 1 << 16
	stretch     = 64
)

// OwnsSeq reports whether the part has a record without a key, by its position in the dataset.
func (p Part) OwnsSeq(seq jobs.Seq) bool {
	turn := uint64(seq)
	if turn >= dealtSingly {
		turn = (turn - dealtSingly) / stretch
	}
	return turn%uint64(p.Of) == uint64(p.Index-1)
}

// Before is how many of the first n records of a dataset are the part's, if none has a key.
func (p Part) Before(n uint64) uint64 {
	singly := min(n, dealtSingly)
	own := p.turns(singly)
	rest := n - singly
	whole := rest / stretch
	own += p.turns(whole) * stretch
	if whole%uint64(p.Of) == uint64(p.Index-1) {
		own += rest % stretch
	}
	return own
}

// turns is how many of n turns, taken one after the other, are the part's.
func (p Part) turns(n uint64) uint64 {
	own := n / uint64(p.Of)
	if n%uint64(p.Of) > uint64(p.Index-1) {
		own++
	}
	return own
}

// Deal says which records of a dataset are a part's. A nil *Deal has all of them.
type Deal struct {
	part Part
	key  jobs.KeySpec
}

// keyScope stands in place of the scope of idempotency keys, so that the same business key comes to the same
// part in every run. It is part of the format.
const keyScope = "brood shard"

// NewDeal deals by a key, if that has columns: records with the same key meet, as they are compared after its
// rules. Nil is no part.
func NewDeal(p *Part, key jobs.KeySpec) *Deal {
	if p == nil {
		return nil
	}
	key.Scope = keyScope
	return &Deal{part: *p, key: key}
}

// Keyed reports whether records are dealt by their keys, so that one has to be read to know whose it is.
func (d *Deal) Keyed() bool { return d != nil && len(d.key.Columns) > 0 }

// Part is whose the records are.
func (d *Deal) Part() Part { return d.part }

// Owns reports whether the part has a record. One that cannot be read has no key, as one whose key is empty.
func (d *Deal) Owns(r *jobs.Record, readable bool) bool {
	if d == nil {
		return true
	}
	if !d.Keyed() || !readable {
		return d.part.OwnsSeq(r.Seq)
	}
	sum, ok := d.key.Sum(r)
	if !ok {
		return d.part.OwnsSeq(r.Seq)
	}
	return binary.BigEndian.Uint64(sum[:8])%uint64(d.part.Of) == uint64(d.part.Index-1)
}
