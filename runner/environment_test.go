package runner

import "testing"

// TestWithoutJobserver: only a jobserver of descriptors goes, with its -j, and nothing
// behind "--".
func TestWithoutJobserver(t *testing.T) {
	for flags, want := range map[string]string{
		"":                                      "",
		"ks -j8 --jobserver-auth=3,4":           "ks",
		" -j --jobserver-fds=3,4 -Otarget":      "-Otarget",
		"-j8 --jobserver-auth=fifo:/tmp/x":      "-j8 --jobserver-auth=fifo:/tmp/x",
		"-j8":                                   "-j8",
		"-j8 --jobserver-auth=3,4 -- X=-j8 -j9": "-- X=-j8 -j9",
		"k -- A=--jobserver-auth=3,4":           "k -- A=--jobserver-auth=3,4",
	} {
		if got := withoutJobserver(flags); got != want {
			t.Errorf("%q: %q, want %q", flags, got, want)
		}
	}
}
