package remote

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// TestBundle: what was put into a bundle comes out of it, part by part; one that was cut is refused, and nobody is given what is behind the cut.
func TestBundle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 0, 8).Draw(t, "parts")
		var b []byte
		for _, p := range parts {
			at := 0
			if len(p) > 0 {
				at = rapid.IntRange(0, len(p)-1).Draw(t, "where")
			}
			b = appendPart(b, p[:at], p[at:])
		}
		collect := func(b []byte) (got [][]byte, err error) {
			err = eachPart(b, func(p []byte) error {
				got = append(got, slices.Clone(p))
				return nil
			})
			return got, err
		}
		got, err := collect(b)
		if err != nil || !slices.EqualFunc(got, parts, bytes.Equal) {
			t.Fatalf("%q, %v", got, err)
		}
		if len(b) == 0 {
			return
		}
		some, err := collect(b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")])
		if len(some) > len(parts) || !slices.EqualFunc(some, parts[:len(some)], bytes.Equal) {
			t.Fatalf("cut: %q", some)
		}
		if err == nil && len(some) == len(parts) {
			t.Fatal("nothing was missing")
		}
	})
}

// FuzzBundle: whatever comes as a bundle is gone through once, or refused.
func FuzzBundle(f *testing.F) {
	f.Add(appendPart(appendPart(nil, []byte("a")), nil, []byte("bc")))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		err := eachPart(b, func(p []byte) error {
			again = appendPart(again, p)
			return nil
		})
		if err == nil && !bytes.Equal(again, b) || err != nil && !errors.Is(err, errMessage) {
			t.Errorf("%q, %v", again, err)
		}
		if !bytes.HasPrefix(b, again) {
			t.Errorf("%q of %q", again, b)
		}
	})
}

// donePost counts what is taken out of the stream.
type donePost struct {
	Post
	mu   sync.Mutex
	done []uint64
}

func (p *donePost) Done(_ string, number uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = append(p.done, number)
}

func (p *donePost) Work(context.Context, string, uint64, bool, []byte) error { return nil }

// TestParcel: a piece of work is taken out of the stream once, when the stream has it and all of its batches are done with, in whatever order
// that comes.
func TestParcel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		post := &donePost{}
		p := &parcel{m: &machine{name: "m", d: &Desk{post: post}}}
		n := rapid.IntRange(1, 5).Draw(t, "batches")
		for range n {
			p.add()
		}
		order := rapid.Permutation(append(make([]int, n), 1)).Draw(t, "order")
		for i, what := range order {
			if len(post.done) != 0 {
				t.Fatalf("taken out after %v", order[:i])
			}
			if what == 1 {
				p.sent(7)
			} else {
				p.release()
			}
		}
		if !slices.Equal(post.done, []uint64{7}) || p.inStream() != 7 {
			t.Fatalf("%v: %v", order, post.done)
		}
	})
}
