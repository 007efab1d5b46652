package pipe

import (
	"brood/jobs"
	"strings"
	"testing"
)

// long is a record that no pipe holds.
var long = strings.Repeat("x", 300_000)

// noise prints more than a pipe holds, which is no part of an answer but blanks before
// one.
const noise = `noise() { head -c 300000 /dev/zero | tr '\0' ' '; }
`

// TestBothPipesFull: a program may print more than a pipe holds before it reads a
// record that no pipe holds. Each would wait for the other for ever.
func TestBothPipesFull(t *testing.T) {
	r := start(t, noise+`while noise; get; do echo "{\"id\":\"$id\",\"status\":\"ok\",\"result\":{\"n\":${#line}}}"; done`)
	for i := range 3 {
		res, err := do(t, r, record(jobs.Seq(i), long))
		if err != nil || res.Verdict != jobs.VerdictOK || len(res.Values) != 1 || !strings.HasPrefix(string(res.Values[0]), `{"n":300`) {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	// At its end it prints once more, and nobody reads.
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestEarlyAnswers: a program that knows the answer before it has read all of the
// record may say so, and read the rest afterwards.
func TestEarlyAnswers(t *testing.T) {
	r := start(t, `n=0; while echo "{\"id\":\"$n.1\",\"status\":\"ok\"}"; read -r line; do n=$((n + 1)); done`)
	for i := range 5 {
		if res, err := do(t, r, record(jobs.Seq(i), long)); err != nil || res.Verdict != jobs.VerdictOK {
			t.Fatalf("%d: %+v, %v", i, res, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestUnread: one that answers and never reads does not fill up the memory, and one
// that closes its input is not waited for.
func TestUnread(t *testing.T) {
	r := start(t, `for i in 0 1 2 3 4 5 6 7 8 9; do echo "{\"id\":\"$i.1\",\"status\":\"ok\"}"; done; exec sleep 60`)
	var err error
	n := 0
	for ; n < 10 && err == nil; n++ {
		_, err = do(t, r, record(jobs.Seq(n), long))
	}
	if err == nil || !strings.Contains(err.Error(), "does not read what it is asked") || n != unread+2 {
		t.Errorf("after %d: %v", n, err)
	}
	r = start(t, `exec <&-; exec sleep 60`)
	if _, err := do(t, r, record(0, long)); err == nil || !strings.Contains(err.Error(), "write to it: ") || !strings.Contains(err.Error(), "broken pipe") {
		t.Errorf("%v", err)
	}
}
