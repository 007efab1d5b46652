package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// emit writes results out, or holds them until it is their turn.
func (b *Book) emit(s span, bytes []byte) {
	switch {
	case s.amends:
		b.next.Amended = append(b.next.Amended, ledger.Amendment{Seq: s.first, Bytes: slices.Clone(bytes)})
	case b.order == nil && b.gone:
		b.extra = append(b.extra, ledger.Held{First: s.first, Count: s.count, Bytes: slices.Clone(bytes)})
	case b.order == nil:
		b.write(s.first, s.count, bytes)
	case b.gone || !b.order.InTurn(s.first):
		b.order.Hold(s.first, s.count, bytes)
	default:
		b.order.Advance(s.count)
		b.write(s.first, s.count, bytes)
		b.drainOrder()
	}
}

// drainOrder writes out what waited for its turn.
func (b *Book) drainOrder() {
	for b.err == nil && !b.gone {
		s := b.order.Pop()
		if s == nil {
			return
		}
		bytes := s.Bytes
		if s.Bytes == nil {
			var err error
			if bytes, err = b.cfg.Reader.Held(context.Background(), s.First); err != nil {
				b.fail(err)
				return
			}
		}
		b.write(s.First, s.Count, bytes)
		b.order.Done(s)
	}
}

// write gives results to the file.
func (b *Book) write(first jobs.Seq, count int, bytes []byte) {
	if b.cfg.File.IsStdout() {
		b.onStdout = append(b.onStdout, span{first: first, count: count, end: len(bytes)})
	}
	b.begun = true
	b.written(b.cfg.File.Write(bytes))
}

// flushes reports whether there is anything in the output that is worth a sync: the header of a
// file is not while there are no results, and more may come. The ledger counts on nothing of it.
func (b *Book) flushes() bool { return b.begun || b.ending || b.cfg.File.IsStdout() }

// flush hands what the file has buffered to the kernel.
func (b *Book) flush() {
	if !b.gone && b.flushes() {
		b.written(b.cfg.File.Flush())
	}
	if b.cfg.Joblog != nil {
		b.fail(onJoblog(b.cfg.Joblog.Flush()))
	}
}

// onJoblog says of an error that it is one of the joblog.
func onJoblog(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--joblog: %w", err)
}

// written looks at what became of a write.
func (b *Book) written(err error) {
	switch {
	case err == nil:
		if b.cfg.File.Buffered() == 0 {
			b.onStdout = b.onStdout[:0]
		}
	case b.cfg.File.IsStdout() && errors.Is(err, syscall.EPIPE):
		b.readerLeft(err)
	default:
		b.fail(err)
	}
}

// readerLeft stops the run in good order: exactly the bytes that standard output
// did not take are held, and a resume goes on with the first of them.
func (b *Book) readerLeft(err error) {
	b.gone = true
	missing := b.cfg.File.Undelivered()
	for len(b.onStdout) > 0 && len(missing) > 0 {
		last := b.onStdout[len(b.onStdout)-1]
		b.onStdout = b.onStdout[:len(b.onStdout)-1]
		n := min(last.end, len(missing))
		bytes := missing[len(missing)-n:]
		missing = missing[:len(missing)-n]
		if b.order == nil {
			b.extra = append(b.extra, ledger.Held{First: last.first, Count: last.count, Bytes: slices.Clone(bytes)})
			continue
		}
		b.order.Rewind(last.first)
		b.order.Hold(last.first, last.count, bytes)
	}
	b.cfg.Failed(&spec.WriteError{Err: err})
}

// payOff writes what an earlier session owes: results that standard output did
// not take when it lost its reader, and whose turn it is now.
func (b *Book) payOff() {
	if b.order != nil {
		b.drainOrder()
		return
	}
	for _, h := range b.owed {
		if b.gone || b.err != nil {
			return
		}
		bytes, err := b.cfg.Reader.Held(context.Background(), h.First)
		if err != nil {
			b.fail(err)
			return
		}
		b.write(h.First, h.Count, bytes)
		b.dropHeld = h.First + jobs.Seq(h.Count)
	}
}
