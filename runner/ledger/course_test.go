package ledger

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// course are the stretches of a ledger, with their sessions.
func course(t *testing.T, r *Reader) (out []Stretch, sessions []int64) {
	t.Helper()
	known, err := r.Course(t.Context(), func(session int64, s *Stretch) {
		out, sessions = append(out, *s), append(sessions, session)
	})
	if err != nil || !known {
		t.Fatal(known, err)
	}
	return out, sessions
}

func TestCourse(t *testing.T) {
	l := create(t)
	beginSession(t, l, 1)
	var took Took
	took[0], took[7], took[255] = 3, 1, math.MaxUint32
	want := []Stretch{
		{
			At: after(time.Hour), Lasted: 1020 * time.Millisecond, OK: 1, Failed: 2, Skipped: 3, Unknown: 4, Again: 5, Throttled: 6,
			Busy: 7 * time.Second, Commits: 8, Committing: 9 * time.Millisecond, Took: took,
			Waits: map[Wait]time.Duration{WaitLimit: time.Second, WaitInput: 20 * time.Millisecond},
		},
		{At: after(2 * time.Hour), Lasted: time.Minute, OK: 1, Waits: map[Wait]time.Duration{}},
	}
	commit(t, l, &Commit{Course: want})
	if got, sessions := course(t, l.Reader()); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(sessions, []int64{1, 1}) {
		t.Errorf("%+v of %v", got, sessions)
	}
}

// TestCourseOfOldLedger: one of before there were courses has none, and gets the table with its next session.
func TestCourseOfOldLedger(t *testing.T) {
	l := create(t)
	beginSession(t, l, 1)
	err := l.tx(t.Context(), func(exec func(string, ...any) int64) error {
		exec(`DROP TABLE course`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	known, err := l.Reader().Course(t.Context(), func(int64, *Stretch) { t.Error("there is a stretch") })
	if known || err != nil {
		t.Error(known, err)
	}
	path := l.path
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = must[*Ledger](t)(Open(t.Context(), path))
	defer func() { _ = l.Close() }()
	beginSession(t, l, 2)
	commit(t, l, &Commit{Course: []Stretch{{At: after(time.Hour), OK: 3}}})
	if got, sessions := course(t, l.Reader()); len(got) != 1 || got[0].OK != 3 || sessions[0] != 2 {
		t.Errorf("%+v of %v", got, sessions)
	}
}

// TestTook: a time is within the bounds of its size, which are near each other.
func TestTook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(200*time.Hour)).Draw(t, "time") >> rapid.IntRange(0, 50).Draw(t, "smaller"))
		b := int(TookBucket(d))
		low, high := TookBound(b), TookBound(b+1)
		if d < low || (d >= high && b < TookBuckets-1) {
			t.Fatalf("%s is in %d, from %s to %s", d, b, low, high)
		}
		if b > 0 && float64(high) > 1.126*float64(low) {
			t.Fatalf("%d is from %s to %s", b, low, high)
		}
	})
	if TookBound(TookBuckets-1) < 24*time.Hour {
		t.Errorf("the longest begins at %s", TookBound(TookBuckets-1))
	}
}

// TestTookAt: so much of all times are below what At says, as far as sizes tell.
func TestTookAt(t *testing.T) {
	var took Took
	for i := range 100_000 {
		took[TookBucket(time.Duration(i)*10*time.Microsecond)]++
	}
	for _, share := range []float64{0.01, 0.1, 0.5, 0.9, 0.95, 0.99} {
		got, want := took.At(share), time.Duration(share*float64(time.Second))
		if math.Abs(float64(got-want)) > 0.07*float64(want) {
			t.Errorf("%.2f is at %s", share, got)
		}
	}
	if new(Took).At(0.5) != 0 {
		t.Error("there are none")
	}
}

// FuzzTook: what cannot have been written is refused, and what is read is written as it was.
func FuzzTook(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 3, 7, 1, 200, 1, 0xff, 0xff, 3})
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		var took, again Took
		if took.decode(b) != nil {
			return
		}
		if err := again.decode(took.encode()); err != nil || again != took {
			t.Fatal(fmt.Sprint(took, again, err))
		}
		if len(took.encode()) > len(b) && !bytes.Equal(took.encode(), b) {
			t.Fatalf("%x is written as %x", b, took.encode())
		}
	})
}
