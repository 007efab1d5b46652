package term

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// paused is a terminal that takes nothing until it is let, and then so much at a time.
type paused struct {
	mu    sync.Mutex
	let   chan struct{}
	taken bytes.Buffer
}

func (p *paused) Write(b []byte) (int, error) {
	<-p.let
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken.Write(b)
}

func (p *paused) lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Split(strings.TrimSuffix(p.taken.String(), "\n"), "\n")
}

// readSlowly takes a write every so often, until it is stopped.
func readSlowly(p *paused, every time.Duration) (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-time.After(every):
			case <-ended:
				return
			}
			select {
			case p.let <- struct{}{}:
			case <-ended:
				return
			}
		}
	}()
	return func() { close(ended); <-done }
}

// TestNobodyReads: who speaks does not wait for a terminal that takes nothing, but for a
// second of it in all that commands print; the queue is bounded; what did not fit is
// counted where it would have stood, and what brood itself says finds room all the same.
func TestNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paused{let: make(chan struct{})}
		term := New(Options{Out: p, Progress: ProgressNever})
		const n = 10_000
		text := strings.Repeat("x", 100)
		begun := time.Now()
		for i := range n {
			term.Worker(1, int64(i), "stderr", text)
		}
		if took := time.Since(begun); took != patience {
			t.Errorf("commands have waited for %s", took)
		}
		term.Logf("I am here")
		term.mu.Lock()
		size := term.queue.size
		term.mu.Unlock()
		if size > ownRoom {
			t.Errorf("%d bytes wait", size)
		}
		begun = time.Now()
		if term.Flush() {
			t.Error("it says that all is written")
		}
		if took := time.Since(begun); took != patience {
			t.Errorf("the end has waited for %s", took)
		}
		close(p.let)
		if !term.Flush() {
			t.Error("all is not written")
		}
		lines := p.lines()
		kept := len(lines) - 2
		if kept < 1000 || lines[kept] != "brood: … "+Count(uint64(n-kept))+" lines dropped, as nobody read" || lines[kept+1] != "brood: I am here" {
			t.Fatalf("of %d lines the last: %q", len(lines), lines[max(0, kept-1):])
		}
		for i, line := range lines[:kept] {
			if want := fmt.Sprintf("brood: [slot 1 record %d stderr] %s", i, text); line != want {
				t.Fatalf("line %d is %q", i, line)
			}
		}
	})
}

// TestDroppedLast: what was dropped at the very end is told as well.
func TestDroppedLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paused{let: make(chan struct{})}
		term := New(Options{Out: p, Progress: ProgressNever})
		for range 3 { // the second does not fit, nor the third
			term.Logf("%s", strings.Repeat("x", ownRoom-100))
		}
		close(p.let)
		term.Flush()
		if lines := p.lines(); len(lines) != 2 || lines[1] != "brood: … 2 lines dropped, as nobody read" {
			t.Errorf("%d lines, at last %q", len(lines), lines[len(lines)-1])
		}
	})
}

// TestSlowReader: one that takes something every second loses nothing.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paused{let: make(chan struct{})}
		term := New(Options{Out: p, Progress: ProgressNever})
		stop := readSlowly(p, patience*9/10)
		const n = 5000
		for i := range n {
			term.Worker(1, int64(i), "stderr", strings.Repeat("x", 100))
		}
		if !term.Flush() {
			t.Error("all is not written")
		}
		stop()
		if lines := p.lines(); len(lines) != n {
			t.Errorf("%d lines", len(lines))
		}
	})
}

// TestHurry: when the run is killed a slow reader is not waited for, either, but for a
// second at the end; one who takes what he is given gets all of it.
func TestHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paused{let: make(chan struct{})}
		term := New(Options{Out: p, Progress: ProgressNever})
		begun := time.Now()
		go func() {
			time.Sleep(patience / 2)
			term.Hurry()
			term.Hurry()
		}()
		for range 5000 {
			term.Worker(1, 0, "stderr", strings.Repeat("x", 100))
		}
		if took := time.Since(begun); took != patience/2 {
			t.Errorf("it has waited for %s", took)
		}
		stop := readSlowly(p, patience/2)
		begun = time.Now()
		term.Flush()
		if took := time.Since(begun); took != patience {
			t.Errorf("the end has waited for %s", took)
		}
		stop()
		close(p.let)
	})
	var b bytes.Buffer
	term := New(Options{Out: &b, Progress: ProgressNever})
	term.Hurry()
	term.Logf("x")
	if !term.Flush() || b.String() != "brood: x\n" {
		t.Errorf("%q", &b)
	}
}

// TestProgressUnread: progress does not pile up.
func TestProgressUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paused{let: make(chan struct{})}
		term := New(Options{Out: p})
		for i := range 100 {
			time.Sleep(lineEvery)
			term.Update(Snapshot{Final: uint64(i)})
		}
		close(p.let)
		term.Flush()
		if lines := p.lines(); len(lines) != 1 || lines[0] != "brood: 0 records, 0.0/s" {
			t.Errorf("%q", lines)
		}
	})
}

// TestQuiet: nothing is written until something has gone wrong, and then all of it in
// order; who has asked by a signal is answered at once.
func TestQuiet(t *testing.T) {
	var b bytes.Buffer
	term := New(Options{Out: &b, Quiet: true})
	term.Logf("first")
	term.Worker(1, 0, "stderr", "second")
	term.Set(Options{Quiet: true})
	term.Answerf("asked")
	term.Flush()
	if b.String() != "brood: asked\n" {
		t.Errorf("%q", &b)
	}
	b.Reset()
	term.Release()
	term.Release()
	term.Logf("third")
	term.Flush()
	if want := "brood: first\nbrood: [slot 1 record 0 stderr] second\nbrood: third\n"; b.String() != want {
		t.Errorf("%q, want %q", &b, want)
	}
}

// TestQuietBounded: of very much the beginning is kept, and the end.
func TestQuietBounded(t *testing.T) {
	var b bytes.Buffer
	term := New(Options{Out: &b, Quiet: true})
	const n = 20_000
	for i := range n {
		term.Worker(1, int64(i), "stderr", strings.Repeat("x", 80))
	}
	if size := term.held.firstSize + term.held.lastSize; size > heldFirst+heldLast {
		t.Errorf("%d bytes are kept", size)
	}
	term.Logf("the end")
	term.Release()
	term.Flush()
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	at := 0
	for !strings.Contains(lines[at], "left out") {
		at++
	}
	if want := "brood: … " + Count(uint64(n+1-(len(lines)-1))) + " lines left out"; lines[at] != want {
		t.Errorf("%q, want %q", lines[at], want)
	}
	if !strings.Contains(lines[0], "record 0 ") || lines[len(lines)-1] != "brood: the end" || !strings.Contains(lines[len(lines)-2], fmt.Sprintf("record %d ", n-1)) {
		t.Errorf("%q … %q", lines[0], lines[len(lines)-2:])
	}
}
