package runner

import (
	"brood/runner/ledger"
	"brood/runner/term"
	"brood/worker/rest"
	"context"
	"runtime/debug"
	"time"
)

// snapshot is the state of the run for the progress display.
func (r *session) snapshot() term.Snapshot {
	t := r.book.Totals()
	final := t.OK + t.Failed + t.Skipped + t.Unknown
	elapsed := time.Since(r.started)
	// What has been read and is not done yet does not count.
	share := float64(final) / float64(max(t.Input, 1))
	return term.Snapshot{
		Waits: r.feed.Waits(), Final: final, Failed: t.Failed, Unknown: t.Unknown, Elapsed: elapsed,
		Rate:  float64(final-r.already) / elapsed.Seconds(),
		Bytes: int64(share * float64(r.reader.Consumed())), Total: r.reader.Total(),
	}
}

// How often the progress display is brought up to date: while anything happens, while nothing does, and when nothing has for some
// time: each look is a wake-up, of which a run that only waits has few.
const (
	showOften  = 200 * time.Millisecond
	showSeldom = time.Second
	showRarely = 5 * time.Second
	// givesBackAfter is after how many of those memory is given back.
	givesBackAfter = 3
)

// showProgress keeps the progress display up to date. Of a run that waits for jobs nothing is said while none come.
func (r *session) showProgress(ctx context.Context) {
	var last ledger.Totals
	quiet := 0 // how often in a row nothing had happened
	if r.inbox != nil {
		beBusy()
	}
	for every := showOften; sleep(ctx, every); {
		t := r.book.Totals()
		idle := r.inbox != nil && t == last && t.Pending() == 0
		if last, every = t, showOften; idle {
			every = showSeldom
			if quiet++; quiet == givesBackAfter {
				beThrifty()                       // it may last
				rest.GiveBack(debug.FreeOSMemory) // others may need it while nothing comes
			}
			if quiet >= givesBackAfter {
				every = showRarely
			}
			continue
		}
		if quiet >= givesBackAfter {
			beBusy()
		}
		quiet = 0
		r.Term.Update(r.snapshot())
	}
	r.Term.End()
}

// tellPause says that the run waits, and why.
func (r *session) tellPause(why string, until time.Time) {
	r.Term.Logf("paused until %s: %s", until.Format(time.DateTime), why)
}
