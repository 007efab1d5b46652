package spared

import "testing"

// TestSpare: only a record that looks as one should is touched.
func TestSpare(t *testing.T) {
	for _, c := range []struct {
		before, after record
	}{
		{record{0, 1}, record{2, 1}},
		{record{1, 1}, record{1, 1}}, // it is being initialised
		{record{2, 1}, record{2, 1}},
		{record{0, 2}, record{0, 2}}, // another layout, or another package
		{record{0, 0}, record{0, 0}},
	} {
		if c.before.spare(); c.before != c.after {
			t.Errorf("%+v, want %+v", c.before, c.after)
		}
	}
}
