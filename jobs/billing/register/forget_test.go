package register

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// TestForget keeps a tombstone for each charge, once, and leaves no byte of what was said of it.
func TestForget(t *testing.T) {
	r, state := openTest(t)
	ctx := t.Context()
	p := planOf("plan", "november")
	p.Number = func(*charge.Charge) (string, int) { return "series", 1 }
	p.Format = func(_ *charge.Charge, n int) (string, error) { return strings.Repeat("I", n), nil }
	if err := r.Take(ctx, p, each(bill("R-1", "C-1", "1.00", 1), bill("R-2", "C-2", "2.00", 1)), now); err != nil {
		t.Fatal(err)
	}
	if err := r.Settle(ctx, owner, "plan", "link", true, each(
		&Ended{Seq: 0, Status: charge.Failed, Reason: "the font has not all of Ada Lovelace"}, &Ended{Seq: 1, Status: charge.Failed, Reason: "the font has not all of Bob Quux"}), now); err != nil {
		t.Fatal(err)
	}
	before, err := r.Charges(ctx, owner, "plan")
	if err != nil {
		t.Fatal(err)
	}
	if list, err := r.ForgottenOf(ctx, owner, "plan"); err != nil || list != nil {
		t.Fatalf("%v %v", list, err)
	}
	first := Forgotten{Seq: 0, At: now, Was: "aa", Now: "bb", Fingerprint: "cc"}
	for range 2 { // the second time after a crash
		if err := r.Forget(ctx, owner, "plan", []Forgotten{first}, charge.ForgottenMark); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{Path(state), Path(state) + "-wal"} {
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, gone := range []string{"Ada Lovelace", before[0].Fprint} {
			if bytes.Contains(b, []byte(gone)) {
				t.Errorf("%s: %q is there", path, gone)
			}
		}
	}
	voids, err := r.Voids(ctx, owner, "plan")
	if err != nil || len(voids) != 2 || voids[0].Reason != charge.ForgottenMark || !strings.Contains(voids[1].Reason, "Bob") {
		t.Errorf("%+v %v", voids, err)
	}
	after, err := r.Charges(ctx, owner, "plan")
	if err != nil || after[0].Fprint != "cc" || after[1].Fprint != before[1].Fprint || after[0].Minor != 100 || after[0].Number != "I" || after[0].Customer != "C-1" {
		t.Errorf("%+v %+v %v", after[0], after[1], err)
	}
	if err := r.Forget(ctx, owner, "plan", []Forgotten{first, {Seq: 1, At: now, Was: "dd", Now: "ee"}}, charge.ForgottenMark); err != nil {
		t.Fatal(err)
	}
	list, err := r.ForgottenOf(ctx, owner, "plan")
	if err != nil || len(list) != 2 || list[1].Seq != jobs.Seq(1) || list[1].Was != "dd" {
		t.Errorf("%+v %v", list, err)
	}
	for _, harm := range []string{`UPDATE forgotten SET now = 'ff' WHERE seq = 0`, `UPDATE forgotten SET now = 'bb', seq = 7 WHERE seq = 0`, `DELETE FROM forgotten WHERE n = 1`} {
		if _, err := r.db.ExecContext(ctx, harm); err != nil {
			t.Fatal(err)
		}
		if _, err := r.ForgottenOf(ctx, owner, "plan"); !errors.Is(err, errForgotten) {
			t.Errorf("%s: %v", harm, err)
		}
	}
}
