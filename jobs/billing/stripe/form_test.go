package stripe

import (
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

// TestForm: a form is encoded as url.Values are.
func TestForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f form
		want := url.Values{}
		names := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom([]string{"amount", "metadata[a]", "metadata[b]", "expand[]"}), rapid.String())).Draw(t, "names")
		for _, name := range names {
			if rapid.IntRange(0, 4).Draw(t, "del") == 0 {
				f.Del(name)
				want.Del(name)
				continue
			}
			value := rapid.String().Draw(t, "value")
			f.Set(name, value)
			want.Set(name, value)
		}
		if got := f.Encode(); got != want.Encode() {
			t.Errorf("%s, not %s", got, want.Encode())
		}
	})
}
