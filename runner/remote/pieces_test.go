package remote

import (
	"brood/jobs"
	"brood/runner/hand/handtest"
	"brood/worker/wire"
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPieces: what is cut is whole again, of any kind and length, and one message behind the other.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pieces
		for range rapid.IntRange(1, 4).Draw(t, "messages") {
			n := rapid.SampledFrom([]int{0, 1, pieceBytes - 1, pieceBytes, pieceBytes + 1, 2 * pieceBytes, 3*pieceBytes + 7}).Draw(t, "length")
			want := bytes.Repeat([]byte{byte(n)}, n)
			at := rapid.IntRange(0, n).Draw(t, "where")
			whole := 0
			cut(kindGive, [][]byte{want[:at], want[at:]}, func(k kind, parts ...[]byte) {
				piece := bytes.Join(parts, nil)
				if len(piece) > pieceBytes {
					t.Fatalf("a piece of %d bytes", len(piece))
				}
				got, all, err := p.whole(k, piece)
				if err != nil {
					t.Fatal(err)
				}
				if all {
					if whole++; k != kindGive || !bytes.Equal(got, want) {
						t.Fatalf("kind %d, %d bytes of %d", k, len(got), n)
					}
				}
			})
			if whole != 1 {
				t.Fatalf("it came %d times", whole)
			}
		}
	})
}

// TestPiecesWithoutEnd: who sends pieces for ever is refused, and what he has sent is not kept.
func TestPiecesWithoutEnd(t *testing.T) {
	p := pieces{bytes: make([]byte, wholeBytes-10)}
	if _, all, err := p.whole(kindMore, make([]byte, 11)); all || !errors.Is(err, errMessage) || p.bytes != nil {
		t.Errorf("%v, %v, %d bytes are kept", all, err, len(p.bytes))
	}
}

// TestLongRecords has records and answers that are longer than a message go over a network that loses and doubles some of it.
func TestLongRecords(t *testing.T) {
	w := newWorld(t, 0.1)
	w.join(places(1))
	within(t, "machine", w.joins)
	h := w.hand(t.Context(), 0)
	h.Begin()
	for seq, n := range []int{10, 3 * PartBytes, 20, PartBytes} {
		text := strings.Repeat("x", n)
		if err := h.Give(handtest.Frame(jobs.Seq(seq), "ok "+text), 1); err != nil { //nolint:gosec // it is small
			t.Fatal(err)
		}
		p, err := h.Next()
		if err != nil {
			t.Fatal(err)
		}
		r, err := wire.ReadAnswers(p)
		if err != nil {
			t.Fatal(err)
		}
		var res jobs.Result
		if more, err := r.Next(&res); !more || err != nil || string(res.Text) != "ok "+text {
			t.Errorf("record %d: %d bytes of %d, %v", seq, len(res.Text), n+3, err)
		}
		ack, upTo := h.Taken(1)
		ack.Ack(upTo)
	}
}
