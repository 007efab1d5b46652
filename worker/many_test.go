package worker

import (
	"brood/jobs"
	"brood/worker/wire"
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// several is the hello of a worker that can have n records in hand.
func several(job string, n int) wire.Hello {
	h := hello()
	h.Job, h.Places = job, n
	return h
}

// places are the records in hand, by place.
func (p *process) placed() (out []wire.Held) { return p.page.InHand(nil) }

// waitInHand waits until these records are in hand, in whatever places.
func (p *process) waitInHand(t *testing.T, want ...jobs.Seq) {
	t.Helper()
	var got []jobs.Seq
	until(t, "they are in hand", func() bool {
		got = got[:0]
		for _, h := range p.placed() {
			got = append(got, h.Seq)
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// TestLanes: records of a worker that can have several are worked on at the same time, and
// answered as they end; one more waits for a place.
func TestLanes(t *testing.T) {
	firstGate, openFirst := gate(t)
	otherGate, openOther := gate(t)
	p := serving(t, several("test", 3))
	p.batch(t, 5, "wait "+firstGate, "say b", "wait "+otherGate, "say d", "say e")
	got, _ := p.read(t, 3)
	if want := []string{"6 ok b", "8 ok d", "9 ok e"}; !slices.Equal(sorted(got), want) {
		t.Errorf("%q, want %q", got, want)
	}
	p.waitInHand(t, 5, 7)
	for _, h := range p.placed() {
		if h.Try != 1 || h.Since == 0 || h.Begun != h.Since {
			t.Errorf("%+v", h)
		}
	}
	p.batch(t, 20, "hang", "say too early")
	p.waitInHand(t, 5, 7, 20)
	openOther()
	got, _ = p.read(t, 2)
	if want := []string{"21 ok too early", "7 ok"}; !slices.Equal(sorted(got), want) {
		t.Errorf("%q, want %q", got, want)
	}
	openFirst()
	if got, _ = p.read(t, 1); got[0] != "5 ok" {
		t.Errorf("%q", got)
	}
	if done := p.page.Done(); done != 6 {
		t.Errorf("%d are done, want 6", done)
	}
}

// TestLanesEnd: what is in hand when the work ends is finished, and each runner closed.
func TestLanesEnd(t *testing.T) {
	path, open := gate(t)
	p := serving(t, several("test", 3))
	p.batch(t, 0, "wait "+path, "say b")
	p.read(t, 1)
	p.waitInHand(t, 0)
	_ = p.work.Close()
	open()
	if got, _ := p.read(t, 1); got[0] != "0 ok" {
		t.Errorf("%q", got)
	}
	if how := p.end(t); how != "exit status 0" || strings.Count(p.stderr.String(), "the job is closed") != 3 {
		t.Errorf("%s; it says: %s", how, &p.stderr)
	}
}

// TestLaneBreaks: where the job breaks the worker ends at once, and the page says what it had in
// hand: what was not begun is not.
func TestLaneBreaks(t *testing.T) {
	for what, want := range map[string][]jobs.Seq{"break": {0, 1}, "untouched": {0}} {
		p := serving(t, several("test", 2))
		p.batch(t, 0, "hang")
		p.waitInHand(t, 0)
		p.batch(t, 1, what, "say c")
		if how := p.end(t); how != "exit status 70" || !strings.Contains(p.stderr.String(), "job test, record 1: the program") {
			t.Errorf("%s: %s; it says: %s", what, how, &p.stderr)
		}
		p.waitInHand(t, want...)
	}
}

// TestLaneStops: only the record that is asked to stop is told.
func TestLaneStops(t *testing.T) {
	h := several("test", 3)
	h.Stoppable = true
	path, open := gate(t)
	p := serving(t, h)
	p.batch(t, 4, "wait "+path, "until-stopped", "until-stopped")
	p.waitInHand(t, 4, 5, 6)
	at := slices.IndexFunc(p.placed(), func(h wire.Held) bool { return h.Seq == 5 })
	p.page.AskStop(p.placed()[at].Place, 5, 1)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got, _ := p.read(t, 1); got[0] != "5 retry timeout stopped (stopped)" {
		t.Errorf("%q", got)
	}
	p.waitInHand(t, 4, 6)
	open()
	if got, _ := p.read(t, 1); got[0] != "4 ok" {
		t.Errorf("%q", got)
	}
}

// TestLanesOrphaned: when the parent has gone what is in hand is finished and noted, and nothing
// else is begun.
func TestLanesOrphaned(t *testing.T) {
	path, open := gate(t)
	h := several("test", 2)
	h.Effect = "once"
	p := serving(t, h)
	p.batch(t, 0, "wait "+path, "wait "+path, "say never")
	p.waitInHand(t, 0, 1)
	_ = p.answers.Close()
	_ = p.work.Close()
	// Until it knows: nothing tells when.
	<-time.After(50 * time.Millisecond)
	open()
	_ = p.cmd.Wait()
	if got := sorted(p.noted(t)); !slices.Equal(got, []string{"0 ok", "1 ok"}) {
		t.Errorf("%q is noted; it says: %s", got, &p.stderr)
	}
	p.waitInHand(t)
}

// streamJob has several records in hand by itself: it ends a record when the next one says so.
type streamJob struct {
	testJob
	report jobs.Reporter
	at     map[string]int
}

func openStream(context.Context, jobs.Setup) (jobs.Runner, error) {
	return &streamJob{at: make(map[string]int)}, nil
}

func (s *streamJob) Stream(_ int, r jobs.Reporter) { s.report = r }

func (s *streamJob) Begin(at int, rec *jobs.Record) error {
	what, arg, _ := strings.Cut(string(rec.Raw), " ")
	switch what {
	case "keep":
		s.at[arg] = at
	case "end": // those, and itself
		for _, name := range strings.Fields(arg) {
			s.report.End(s.at[name], &jobs.Result{Text: []byte(name)})
		}
		s.report.End(at, &jobs.Result{Text: []byte("itself")})
	case "break":
		return errors.New("it is broken")
	case "refuse":
		return jobs.ErrNotBegun
	case "fail":
		s.report.GiveBack(s.at[arg])
		s.report.Fail(errors.New("it has gone"))
	}
	return nil
}

func (s *streamJob) Flush() error {
	s.report.Flush()
	return nil
}

// TestStream: a job that has several records in hand by itself ends them in any order, and the clock
// runs of the one that was begun before the others.
func TestStream(t *testing.T) {
	p := serving(t, several("stream", 4))
	p.batch(t, 0, "keep a", "keep b", "keep c")
	p.waitInHand(t, 0, 1, 2)
	runs := func() (out []jobs.Seq) {
		for _, h := range p.placed() {
			if h.Begun == 0 || h.Since > 0 && h.Since < h.Begun {
				t.Errorf("%+v", h)
			}
			if h.Since > 0 {
				out = append(out, h.Seq)
			}
		}
		return out
	}
	if got := runs(); !slices.Equal(got, []jobs.Seq{0}) {
		t.Errorf("the clock runs of %v", got)
	}
	p.batch(t, 3, "end b")
	if got, _ := p.read(t, 2); !slices.Equal(got, []string{"1 ok b", "3 ok itself"}) {
		t.Errorf("%q", got)
	}
	if got := runs(); !slices.Equal(got, []jobs.Seq{0}) {
		t.Errorf("then the clock runs of %v", got)
	}
	p.batch(t, 4, "end a")
	if got, _ := p.read(t, 2); !slices.Equal(got, []string{"0 ok a", "4 ok itself"}) {
		t.Errorf("%q", got)
	}
	if got := runs(); !slices.Equal(got, []jobs.Seq{2}) {
		t.Errorf("at last the clock runs of %v", got)
	}
	_ = p.work.Close() // it waits for the one that is left
	p.waitInHand(t, 2)
}

// TestStreamBreaks: a job that is broken ends its worker, and what it gives back is not in hand.
func TestStreamBreaks(t *testing.T) {
	for _, c := range []struct {
		records []string
		want    []jobs.Seq
		says    string
	}{
		{[]string{"keep a", "keep b", "break"}, []jobs.Seq{0, 1, 2}, "it is broken"},
		{[]string{"keep a", "refuse"}, []jobs.Seq{0}, "not begun"},
		{[]string{"keep a", "keep b", "fail b"}, []jobs.Seq{0, 2}, "it has gone"},
	} {
		p := serving(t, several("stream", 4))
		p.batch(t, 0, c.records...)
		if how := p.end(t); how != "exit status 70" || !strings.Contains(p.stderr.String(), "job stream: ") || !strings.Contains(p.stderr.String(), c.says) {
			t.Errorf("%q: %s; it says: %s", c.records, how, &p.stderr)
		}
		p.waitInHand(t, c.want...)
	}
}
