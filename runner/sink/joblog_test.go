package sink

import (
	"testing"
	"time"
)

// TestJoblog: a line is as GNU parallel writes it, whatever the command is.
func TestJoblog(t *testing.T) {
	for _, c := range []struct {
		e    JoblogEntry
		want string
	}{
		{
			JoblogEntry{Seq: 0, Ended: time.Unix(1795998484, 4e6), Took: 263 * time.Millisecond, Receive: 4, Exit: 3, Command: "echo 'b c'; exit 3"},
			"1\t:\t1795998483.741\t     0.263\t0\t4\t3\t0\techo 'b c'; exit 3\n",
		},
		{
			JoblogEntry{Seq: 41, Ended: time.Unix(100, 0), Took: 200000 * time.Second, Exit: -1, Signal: 15, Command: "a\n\tb"},
			"42\t:\t   -199900.000\t200000.000\t0\t0\t-1\t15\ta\x00\tb\n",
		},
	} {
		if got := string(AppendJoblog(nil, &c.e)); got != c.want {
			t.Errorf("\n got %q\nwant %q", got, c.want)
		}
	}
}
