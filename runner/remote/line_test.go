package remote

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLine sends messages over a way that loses, doubles and delays them as it likes, and looks that each arrives once and in order.
func TestLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a, b Line
		var way []sent // what is on the way from a to b
		var arrived []uint64
		now := time.Unix(0, 0)
		// The body is its number, so that it is known again when it is sent once more.
		send := func(body []byte) { way = append(way, sent{number: binary.BigEndian.Uint64(body), body: body}) }
		again := func() {
			for _, body := range a.Overdue(now, resendAfter) {
				send(body)
			}
		}
		total := rapid.IntRange(0, 60).Draw(t, "messages")
		sentN := 0
		step := func() {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				if sentN < total {
					sentN++
					body := binary.BigEndian.AppendUint64(nil, uint64(sentN))
					a.Send(body, now)
					send(body)
				}
			case 2: // one arrives, whichever, and perhaps it comes once more
				if len(way) > 0 {
					i := rapid.IntRange(0, len(way)-1).Draw(t, "which")
					for _, m := range b.Receive(way[i].number, way[i].body) {
						arrived = append(arrived, binary.BigEndian.Uint64(m))
					}
					if rapid.Bool().Draw(t, "gone") {
						way = append(way[:i], way[i+1:]...)
					}
				}
			case 3: // one is lost
				if len(way) > 0 {
					i := rapid.IntRange(0, len(way)-1).Draw(t, "lost")
					way = append(way[:i], way[i+1:]...)
				}
			case 4:
				a.Acked(b.Got())
			case 5:
				now = now.Add(resendAfter)
				again()
			}
		}
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			step()
		}
		// In the end the way works.
		for range 2*total + 2 {
			if sentN < total {
				sentN++
				body := binary.BigEndian.AppendUint64(nil, uint64(sentN))
				a.Send(body, now)
				send(body)
			}
			now = now.Add(resendAfter)
			again()
			for _, m := range way {
				for _, body := range b.Receive(m.number, m.body) {
					arrived = append(arrived, binary.BigEndian.Uint64(body))
				}
			}
			way = nil
			a.Acked(b.Got())
		}
		if len(arrived) != total || a.Kept() != 0 {
			t.Fatalf("%d of %d messages arrived, %d are kept", len(arrived), total, a.Kept())
		}
		for i, n := range arrived {
			if n != uint64(i+1) {
				t.Fatalf("message %d arrived as number %d", n, i+1)
			}
		}
	})
}
