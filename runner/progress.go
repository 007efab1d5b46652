package runner

import (
	"brood/runner/term"
	"context"
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

// showProgress keeps the progress display up to date.
func (r *session) showProgress(ctx context.Context) {
	for sleep(ctx, 200*time.Millisecond) {
		r.Term.Update(r.snapshot())
	}
	r.Term.End()
}

// tellPause says that the run waits, and why.
func (r *session) tellPause(why string, until time.Time) {
	r.Term.Logf("paused until %s: %s", until.Format(time.DateTime), why)
}
