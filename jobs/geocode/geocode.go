// Package geocode is the job that finds the point of an address, or the address of a point, for
// every row: from an index on this machine, from the user's own address points, or from a
// provider on the network, one after the other as far as that is needed.
//
// What it promises:
//
//   - A row is ok only if what was found is what was asked for: that is decided by comparing the
//     parts of the address, not by a provider's score (package judge).
//   - An answer is asked for once: rows that ask the same share it, within a run (Definition.Same
//     holds them back until the first has its answer) and across runs (package cache), as far
//     as the provider allows to keep it.
//   - A provider never sees more requests than its rules allow, from all workers and runs of the
//     user together (package permits), and never a request beyond the budget of the run.
//   - No key of an account is in the ledger, an error or the results.
//
// The way of a row through its worker:
//
//	row ─▶ address.Read ─▶ Query ─▶ for each source, in order:
//	         │                         cache? ─▶ budget ─▶ permit ─▶ provider ─▶ cache
//	         │                         judge: ok ends it; nothing found: asked again with less
//	         └ nothing, or a point     the best of all is the answer
//
// What it leaves to others: the format of each provider (package provider), the indexes
// (gazetteer, places), HTTP (package web).
package geocode

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/judge"
	"time"
)

// answer is what a source says to a question.
type answer struct {
	places []geo.Place
	// cached says that nobody was asked.
	cached bool
	at     time.Time
	// expires is until when the provider allows to keep it; zero: for ever.
	expires time.Time
}

// found is what a row came to.
type found struct {
	judge.Verdict
	source string // the name of its provider; empty if none was asked
	answer
	// apart is the distance between the answers of two sources, in metres, with --agree.
	apart    float64
	compared bool
}
