package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInto never ends as failed what may have moved money.
func TestInto(t *testing.T) {
	trouble := func(v jobs.Verdict, class jobs.Class) charge.Outcome {
		return charge.Outcome{Trouble: &charge.Trouble{Verdict: v, Class: class, Text: "t", RetryAfter: time.Second, Delays: jobs.DelaysAll}}
	}
	for _, c := range []struct {
		name    string
		o       charge.Outcome
		verdict jobs.Verdict
		class   jobs.Class
		status  string
	}{
		{"succeeded", charge.Outcome{Status: charge.Succeeded}, jobs.VerdictOK, "", "succeeded"},
		{"submitted", charge.Outcome{Status: charge.Submitted}, jobs.VerdictOK, "", "submitted"},
		{"processing", charge.Outcome{Status: charge.Processing}, jobs.VerdictOK, "", "processing"},
		{"refunded", charge.Outcome{Status: charge.Refunded}, jobs.VerdictOK, "", "refunded"},
		{"declined", charge.Outcome{Status: charge.Declined, Reason: "r"}, jobs.VerdictFailed, "declined", "declined"},
		{"failed", charge.Outcome{Status: charge.Failed, Reason: "r"}, jobs.VerdictFailed, "failed", "failed"},
		{"the customer must act", charge.Outcome{Status: charge.RequiresAction, Reason: "r"}, jobs.VerdictFailed, "requires_action", "requires_action"},
		{"unknown", charge.Outcome{Status: charge.Unknown, Reason: "r"}, jobs.VerdictUnknown, "unknown", "unknown"},
		{"not made", charge.Outcome{Status: charge.Failed, ErrorCode: "not_made", Reason: "r"}, jobs.VerdictFailed, "not_made", "failed"},
		{"never connected", trouble(jobs.VerdictRetry, jobs.ClassConnect), jobs.VerdictRetry, jobs.ClassConnect, ""},
		{"key in use", trouble(jobs.VerdictThrottle, "lock"), jobs.VerdictThrottle, "lock", ""},
		{"wrong key", trouble(jobs.VerdictAbort, "auth"), jobs.VerdictAbort, "auth", ""},
		{"nobody knows", trouble(jobs.VerdictUnknown, "lost"), jobs.VerdictUnknown, "lost", "unknown"},
	} {
		var res jobs.Result
		into(&c.o, "key", &res)
		if res.Verdict != c.verdict || res.Class != c.class || string(res.Values[colStatus]) != c.status {
			t.Errorf("%s: %s %s %q", c.name, res.Verdict, res.Class, res.Values[colStatus])
		}
		if c.o.Trouble != nil && (res.RetryAfter != time.Second || res.Delays != jobs.DelaysAll) {
			t.Errorf("%s: who waits, and how long, is lost", c.name)
		}
		if len(res.Values) != columnCount {
			t.Errorf("%s: %d values", c.name, len(res.Values))
		}
	}
}

// TestWhy: the provider's codes stand beside its words, once, and brood's own do not.
func TestWhy(t *testing.T) {
	for _, c := range []struct {
		o    charge.Outcome
		want string
	}{
		{charge.Outcome{Reason: "Your card was declined.", ErrorCode: "card_declined", DeclineCode: "lost_card"}, "Your card was declined. (card_declined, lost_card)"},
		{charge.Outcome{Reason: "Your card has expired.", ErrorCode: "expired_card", DeclineCode: "expired_card"}, "Your card has expired. (expired_card)"},
		{charge.Outcome{Reason: "The payment has failed: lost_card", DeclineCode: "lost_card"}, "The payment has failed: lost_card"},
		{charge.Outcome{ErrorCode: "card_declined"}, "card_declined"},
		{charge.Outcome{Reason: "the amount is too small", ErrorType: "brood", ErrorCode: "refused"}, "the amount is too small"},
		{charge.Outcome{Reason: "r"}, "r"},
	} {
		if got := why(&c.o); got != c.want {
			t.Errorf("%+v: %q", c.o, got)
		}
	}
}

// TestStatusOf goes by what the engine, or somebody who decided, says, where a try has left another word.
func TestStatusOf(t *testing.T) {
	for _, c := range []struct {
		word  string
		final jobs.Status
		want  charge.Status
		class jobs.Class
	}{
		{"succeeded", jobs.StatusOK, charge.Succeeded, ""},
		{"submitted", jobs.StatusOK, charge.Submitted, ""},
		{"unknown", jobs.StatusOK, charge.Succeeded, ""}, // resolved as ok
		{"", jobs.StatusOK, charge.Succeeded, ""},
		{"declined", jobs.StatusFailed, charge.Declined, ""},
		{"requires_action", jobs.StatusFailed, charge.RequiresAction, ""},
		{"unknown", jobs.StatusFailed, charge.Failed, ""}, // resolved as failed
		{"", jobs.StatusFailed, charge.Failed, ""},
		{"succeeded", jobs.StatusUnknown, charge.Unknown, ""},
		{"", jobs.StatusUnknown, charge.Unknown, ""},
		{"skipped_duplicate", jobs.StatusSkipped, charge.SkippedDuplicate, jobs.ClassDuplicate},
		{"", jobs.StatusSkipped, charge.SkippedDuplicate, jobs.ClassDuplicate},
		{"", jobs.StatusSkipped, charge.Unknown, jobs.ClassInterrupted}, // --on-unknown skip
		{"succeeded", jobs.StatusSkipped, charge.Unknown, jobs.ClassCrash},
	} {
		if got := statusOf(c.word, c.final, c.class); got != c.want {
			t.Errorf("%q, %s: %s, want %s", c.word, c.final, got, c.want)
		}
	}
}

// aRun is a run with results, and a chain over them.
type aRun struct {
	f       *jobs.Finished
	columns []string
	rows    [][]string
}

const aPlan = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func newRun(t *testing.T) *aRun {
	t.Helper()
	r := &aRun{columns: []string{"invoice_id", "amount", "billing_status", "provider_id", "_seq", "_status", "_class", "_error", "_attempts", "_ms"}}
	for i := range 4 {
		r.rows = append(r.rows, []string{fmt.Sprint("R-", i), "1.00", "succeeded", fmt.Sprint("pi_", i), fmt.Sprint(i), "ok", "", "", "1", "20"})
	}
	r.f = &jobs.Finished{Run: "november", Dir: t.TempDir(), Done: true, Rows: r.walk}
	w, err := newChainWriter(aPlan, r.f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for o, err := range outcomes(r.f) {
		if err != nil {
			t.Fatal(err)
		}
		w.row(o)
	}
	if err := w.put(r.f.Dir); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *aRun) walk() iter.Seq2[*jobs.Record, error] {
	return func(yield func(*jobs.Record, error) bool) {
		s := &jobs.Shape{Kind: jobs.Fields, Columns: r.columns}
		for _, row := range r.rows {
			rec := &jobs.Record{Shape: s}
			for _, v := range row {
				rec.Values = append(rec.Values, []byte(v))
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// TestChain names every row that was altered, and tells that one was added, taken away or moved.
func TestChain(t *testing.T) {
	c := &config{Plan: aPlan}
	for name, alter := range map[string]struct {
		do   func(t *testing.T, r *aRun)
		says string // nothing: it is all right
	}{
		"nothing":         {func(*testing.T, *aRun) {}, ""},
		"how long":        {func(_ *testing.T, r *aRun) { r.rows[1][9] = "99" }, ""},
		"an amount":       {func(_ *testing.T, r *aRun) { r.rows[2][1] = "9.00" }, "row 3 (record 2, invoice R-2)"},
		"a status":        {func(_ *testing.T, r *aRun) { r.rows[0][2] = "failed" }, "row 1 (record 0, invoice R-0)"},
		"an id":           {func(_ *testing.T, r *aRun) { r.rows[0][3] = "pi_x" }, "invoice R-0"},
		"added":           {func(_ *testing.T, r *aRun) { r.rows = append(r.rows, r.rows[0]) }, "row 5"},
		"taken away":      {func(_ *testing.T, r *aRun) { r.rows = r.rows[:3] }, "taken away"},
		"two changed":     {func(_ *testing.T, r *aRun) { r.rows[0], r.rows[1] = r.rows[1], r.rows[0] }, "row 1"},
		"another plan":    {func(*testing.T, *aRun) { c = &config{Plan: strings.Repeat("ab", 32)} }, "not the chain of plan"},
		"chain gone":      {func(t *testing.T, r *aRun) { harm(t, r, func([]byte) []byte { return nil }) }, "brood resume november"},
		"chain's digest":  {func(t *testing.T, r *aRun) { harm(t, r, func(b []byte) []byte { b[100] ^= 1; return b }) }, "row"},
		"chain's end cut": {func(t *testing.T, r *aRun) { harm(t, r, func(b []byte) []byte { return b[:len(b)-70] }) }, "altered"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { c = &config{Plan: aPlan} }()
			r := newRun(t)
			alter.do(t, r)
			_, err := follow(c, r.f)
			if alter.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), alter.says) {
				t.Errorf("%v does not say %q", err, alter.says)
			}
		})
	}
}

func harm(t *testing.T, r *aRun, with func([]byte) []byte) {
	t.Helper()
	path := filepath.Join(r.f.Dir, chainFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b = with(b); b == nil {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestLinkFollowsEverything has another last link for another plan, and for another row.
func TestLinkFollowsEverything(t *testing.T) {
	r := newRun(t)
	first, err := follow(&config{Plan: aPlan}, r.f)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[string]bool{first: true}
	for i := range r.rows {
		r.rows[i][1] = "2.00"
		w, err := newChainWriter(aPlan, r.f.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for o, err := range outcomes(r.f) {
			if err != nil {
				t.Fatal(err)
			}
			w.row(o)
		}
		if ends[w.end()] {
			t.Errorf("with row %d altered the chain ends as before", i)
		}
		ends[w.end()] = true
	}
}

// TestNumbersFile gives each record its number, and refuses one that is not what was planned in its place.
func TestNumbersFile(t *testing.T) {
	dir := t.TempDir()
	n, err := newNumbering(&config{Settings: settingsFor(t)}, dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]byte
	want := []string{"2026-000041", "", "C2026-000001"}
	for i, number := range want {
		c := &charge.Charge{InvoiceID: fmt.Sprint("R-", i), Attempt: 1, Kind: charge.KindCharge, Amount: "1.00", Currency: "EUR"}
		line, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
		sum, err := c.Fingerprint()
		if err == nil {
			err = n.add(sum, number)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sum := strings.Repeat("ab", 32)
	if err := n.add(sum, strings.Repeat("x", numberCell+1)); err == nil {
		t.Error("a number that does not fit was taken")
	}
	if err := n.add("short", ""); err == nil {
		t.Error("what is no fingerprint was taken")
	}
	if err := errors.Join(n.put(), n.discard()); err != nil {
		t.Fatal(err)
	}
	if _, err := openNumbers(dir); err == nil {
		t.Error("nobody has said what is barred")
	}
	if err := (barred{1, 7}).put(dir); err != nil {
		t.Fatal(err)
	}
	read, err := openNumbers(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.close() }()
	for seq, number := range want {
		c, wrong, err := read.charge(&jobs.Record{Seq: jobs.Seq(seq), Raw: lines[seq]})
		if err != nil || wrong != nil || c.Number != number {
			t.Errorf("%d: %v, %v, %v", seq, c, wrong, err)
		}
	}
	other := bytes.Replace(lines[0], []byte(`"1.00"`), []byte(`"9.00"`), 1)
	for name, rec := range map[string]*jobs.Record{"another amount": {Raw: other}, "another place": {Seq: 1, Raw: lines[0]}} {
		if _, wrong, err := read.charge(rec); err != nil || !errors.Is(wrong, errChanged) {
			t.Errorf("%s: %v, %v", name, wrong, err)
		}
	}
	if _, _, err := read.charge(&jobs.Record{Seq: 3, Raw: lines[0]}); err == nil {
		t.Error("there is a charge behind the last")
	}
	if read.out.has(0) || !read.out.has(1) || read.out.has(2) || !read.out.has(7) {
		t.Error(read.out)
	}
	// An older register would give other numbers.
	again, err := newNumbering(&config{Settings: settingsFor(t)}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.add(sum, "2026-000040"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(again.put(), again.discard()); err == nil || !strings.Contains(err.Error(), "older copy") {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Error(left, err)
	}
}

// TestSeries counts by year where the form has one, and credit notes apart.
func TestSeries(t *testing.T) {
	n, err := newNumbering(&config{Settings: settingsFor(t)}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = n.discard() }()
	series := func(k charge.Kind, date string) string {
		s, _ := n.series(&charge.Charge{Kind: k, InvoiceDate: date})
		return s
	}
	this := series(charge.KindCharge, "2026-11-30")
	if this == series(charge.KindCharge, "2027-01-01") {
		t.Error("two years have one series")
	}
	if this == series(charge.KindCreditNote, "2026-11-30") {
		t.Error("credit notes have the series of invoices")
	}
	if series(charge.KindPayout, "2026-11-30") != "" {
		t.Error("a payout has a number")
	}
}

// TestModes keeps live money and tests apart.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		provider Provider
		mode     plan.Mode
		live, ok bool
	}{
		{Stripe, plan.Live, true, true},
		{Stripe, plan.Live, false, false},
		{Stripe, plan.Test, true, false},
		{Stripe, plan.Test, false, true},
		{Files, plan.Live, false, true},
		{SEPA, plan.Live, false, true},
	} {
		err := (&config{Provider: c.provider, Mode: c.mode}).checkMode(flagged{"live": c.live})
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestModifier(t *testing.T) {
	seen := make(map[byte]bool)
	for part := byte(1); part <= mostParts; part++ {
		m := modifier(part)
		if seen[m] || (m < 'A' || m > 'Z') && (m < '0' || m > '9') {
			t.Errorf("part %d: %c", part, m)
		}
		seen[m] = true
	}
}

// TestColumnsAreNotThePlans: a member of a charge that were called as a column would be lost in the results.
func TestColumnsAreNotThePlans(t *testing.T) {
	full, err := (&charge.Charge{Number: "n"}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range columnNames {
		if strings.Contains(string(full), `"`+name+`":`) {
			t.Error(name)
		}
	}
}

// TestEndedIsKept has the register told what the results say, with void numbers of those that came to nothing.
func TestEndedIsKept(t *testing.T) {
	r := newRun(t)
	r.rows[3][2], r.rows[3][5], r.rows[3][6], r.rows[3][7] = "declined", "failed", "declined", "no money"
	var got []register.Ended
	for o, err := range outcomes(r.f) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Ended)
	}
	if len(got) != 4 || got[0].Status != charge.Succeeded || got[0].ProviderID != "pi_0" || got[3].Status != charge.Declined || got[3].Reason != "no money" || got[3].Seq != 3 {
		t.Errorf("%+v", got)
	}
	r.columns[4] = "seq"
	for _, err := range outcomes(r.f) {
		if err == nil {
			t.Error("results without _seq were taken")
		}
		break
	}
}
