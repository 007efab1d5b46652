package command

import "testing"

// TestReachable: an agent that is started over ssh is given a socket, and people forget the port.
func TestReachable(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"10.0.0.1:7177": true, "host:7177": true, "[::1]:7177": true, "unix:/tmp/s": true,
		"10.0.0.1": false, ":7177": false, "host:": false, "unix:": false, "": false, "::1": false,
	} {
		if got := isReachable(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}
