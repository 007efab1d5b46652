package runner

import "testing"

// TestIdle: only a worker that owes answers, is listened to, works on nothing and has
// not moved for all the looks is one that has stalled.
func TestIdle(t *testing.T) {
	stuck := look{owes: true, listening: true, heard: 5, done: 2, begun: 7}
	for name, c := range map[string]struct {
		change func(i int, l *look)
		want   bool
	}{
		"stuck":          {func(int, *look) {}, true},
		"owes nothing":   {func(_ int, l *look) { l.owes = false }, false},
		"works":          {func(_ int, l *look) { l.working = true }, false},
		"nobody listens": {func(_ int, l *look) { l.listening = false }, false},
		"sends":          {func(i int, l *look) { l.heard += uint64(i / 20) }, false},
		"begins":         {func(i int, l *look) { l.begun += int64(i / 20) }, false},
		"answers":        {func(i int, l *look) { l.done += uint64(i / 20) }, false},
		"now and then":   {func(i int, l *look) { l.listening = i%stallLooks != 0 }, false},
	} {
		var d debt
		got := false
		for i := range 3 * stallLooks {
			l := stuck
			c.change(i, &l)
			if d.idle(l) {
				got = true
				if i < stallLooks {
					t.Errorf("%s: after %d looks", name, i)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: stalled %v", name, got)
		}
	}
}
