package reply

import "testing"

func TestSaysTimedOut(t *testing.T) {
	for text, want := range map[string]bool{
		"Timeout waiting for client input":               true,
		"connection timed out":                           true,
		"mx.example.net Session idle for too long":       true,
		"Closing connection due to inactivity":           true,
		"Error: timeout exceeded":                        true,
		"DNS lookup of the sender timed out":             false,
		"greylisted, timeout 300 seconds":                false,
		"<timeout@idle.example>: sender address refused": false,
		"later": false,
	} {
		if got := (&Reply{Code: 451, Text: text}).SaysTimedOut(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if (&Reply{Code: 250, Text: "idle"}).SaysTimedOut() {
		t.Error("250 has timed out")
	}
}
