package worker

import (
	"brood/jobs"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestStop: a record that is asked to stop is told, and its worker goes on.
func TestStop(t *testing.T) {
	h := hello()
	h.Stoppable = true
	p := serving(t, h)
	p.batch(t, 4, "until-stopped", "say next")
	p.inHand(t, 4, 0)
	p.page.AskStop(0, 4, 1)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	got, _ := p.read(t, 2)
	if want := []string{"4 retry timeout stopped (stopped)", "5 ok next"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if seq, try, asked := p.page.StopAsked(0); asked {
		t.Errorf("record %d is still asked to stop, at try %d", seq, try)
	}
}

// TestStopOfAnother: a record that has ended meanwhile, or another try of the one in
// hand, is not the one that was meant.
func TestStopOfAnother(t *testing.T) {
	h := hello()
	h.Stoppable = true
	path, open := gate(t)
	p := serving(t, h)
	p.batch(t, 4, "wait "+path)
	p.inHand(t, 4, 0)
	for _, asked := range []struct {
		seq jobs.Seq
		try int
	}{{3, 1}, {4, 2}} {
		p.page.AskStop(0, asked.seq, asked.try)
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		until(t, "it has looked", func() bool { _, _, waits := p.page.StopAsked(0); return !waits })
	}
	open()
	if got, _ := p.read(t, 1); !slices.Equal(got, []string{"4 ok"}) {
		t.Errorf("%q", got)
	}
	// And one for no record ends the worker as it ends any program.
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if how := p.end(t); how != "signal: terminated" {
		t.Error(how)
	}
}

// TestParentGone: the record in hand is finished and noted, whatever its effect, and
// no other is begun.
func TestParentGone(t *testing.T) {
	for _, effect := range []string{"none", "once"} {
		t.Run(effect, func(t *testing.T) {
			h := hello()
			h.Effect = effect
			path, open := gate(t)
			p := serving(t, h)
			p.batch(t, 0, "wait "+path, "say two")
			p.inHand(t, 0, 2*flushAfter) // so its answer is sent by itself
			_ = p.answers.Close()
			open()
			if how := p.end(t); how != "exit status 0" {
				t.Errorf("%s: %s", how, &p.stderr)
			}
			if got := p.noted(t); !slices.Equal(got, []string{"0 ok"}) {
				t.Errorf("noted are %q", got)
			}
			if last, _ := p.page.Last(); last != 0 || p.page.Done() != 1 {
				t.Errorf("the last record is %d, %d are done", last, p.page.Done())
			}
		})
	}
}

// TestParentGoneForLong: a record that does not end in its time after the parent has
// gone is killed, with all that its worker has started.
func TestParentGoneForLong(t *testing.T) {
	h := hello()
	h.TimeoutMS = 100
	p := serving(t, h)
	p.batch(t, 0, "hang")
	p.inHand(t, 0, 0)
	begun := time.Now()
	_ = p.answers.Close()
	if how := p.end(t); how != "signal: killed" || time.Since(begun) > 10*time.Second {
		t.Errorf("%s after %s", how, time.Since(begun))
	}
	if seq, _, busy := first(p.page); seq != 0 || !busy {
		t.Errorf("in hand: %d, %v", seq, busy)
	}
}

// TestParentGoneIdle: without a record in hand the end of the parent is that of the
// work pipe.
func TestParentGoneIdle(t *testing.T) {
	p := serving(t, hello())
	_ = p.answers.Close()
	_ = p.work.Close()
	if how := p.end(t); how != "exit status 0" {
		t.Error(how)
	}
}
