package acceptance

import (
	"brood/jobs/billing/paytest"
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBillingKilled charges customers in three currencies through a payment server that loses connections after it has
// charged, answers late, and keeps errors, while the run is killed again and again: parent, tree, worker. The server's own
// journal is the oracle: nobody is charged twice, none left out, every amount is right, and nothing is unknown in
// the end.
func TestBillingKilled(t *testing.T) {
	t.Parallel()
	charges, kills := 1500, 9
	if os.Getenv("BROOD_CHAOS") != "" {
		charges, kills = 20_000, 50
	}
	b := newBillingKill(t, charges)
	b.plan(t)
	for left := kills; ; {
		cmd := b.command(t)
		stderr := &bytes.Buffer{}
		cmd.Stderr = stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		gone := false
		for ; left > 0 && !gone; left-- {
			gone = b.killed(t, cmd.Process.Pid, done, left, charges*2/(kills*3), stderr)
		}
		if gone {
			continue
		}
		err := <-done
		// Some are declined: 1, or 3 where some are unknown.
		if code := cmd.ProcessState.ExitCode(); code != 1 && code != 3 {
			t.Fatalf("%v\n%s", err, stderr)
		}
		break
	}
	b.reconcile(t)
	b.chargeNotMade(t)
	b.check(t)
}

// chargeNotMade charges by a dunning run those of whom the server has kept an error, and has not charged.
func (b *billingKill) chargeNotMade(t *testing.T) {
	t.Helper()
	b.again = make(map[string]bool)
	sums := make(map[string]int64)
	for i, row := range readCSV(t, filepath.Join(b.dir, "november.csv")) {
		if row["_class"] == "not_made" {
			b.again[row["invoice_id"]] = true
			sums[b.rows[i].currency] += b.rows[i].minor
		}
	}
	if len(b.again) == 0 {
		return
	}
	b.mustRun(t, "export", "november", "--class", "not_made", "-o", "not_made.csv")
	b.mustRun(t, "plan", "billing", "--settings", atRoot("testdata/billing/seller.toml"), "--provider", "stripe", "--account", "shop", "--scope", "2026-11", "--dunning", "november", "-o", "again.plan", "not_made.csv")
	cmd := b.brood(t, "run", "billing", "--run", "again", "--plan", "again.plan", "--expect-count", strconv.Itoa(len(b.again)), "--expect-sum", sumsOf(sums),
		"-o", "again.csv", "--base-url", b.url, "--per-second", "-1", "--settle", "1s", "--no-guard", "--backoff", "5ms..100ms", "--retries", "30")
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 1 && code != 3 {
		t.Fatalf("%v\n%s", err, out)
	}
	b.mustRun(t, "reconcile", "again", "--against", "provider")
	for _, row := range readCSV(t, filepath.Join(b.dir, "again.csv")) {
		if row["_class"] == "not_made" { // twice in a row: nobody has charged it
			b.left++
			delete(b.again, row["invoice_id"])
		}
	}
}

// sumsOf writes sums as --expect-sum takes them.
func sumsOf(sums map[string]int64) string {
	var out []string
	for _, c := range []string{"EUR", "JPY", "KWD"} {
		if sums[c] > 0 {
			out = append(out, c+"="+decimal(sums[c], decimals[c]))
		}
	}
	return strings.Join(out, ",")
}

func (b *billingKill) mustRun(t *testing.T, args ...string) {
	t.Helper()
	if out, err := b.brood(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("brood %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// billingKill is a billing run that is killed again and again.
type billingKill struct {
	dir, url string
	server   *paytest.Server
	rows     []paid
	sums     map[string]int64
	again    map[string]bool // was charged by the dunning run
	left     int             // was not charged by that either, as the server kept an error again
}

// paid is what a charge must come to.
type paid struct {
	invoice, currency string
	minor             int64 // of ISO 4217
	status            string
}

func newBillingKill(t *testing.T, n int) *billingKill {
	t.Helper()
	b := &billingKill{dir: t.TempDir(), sums: make(map[string]int64), server: paytest.New(paytest.Options{
		Latency: 5 * time.Millisecond, Late: 300 * time.Millisecond, Seed: 17,
		Faults: map[paytest.Fault]float64{
			paytest.FaultDrop: 0.02, paytest.FaultLate: 0.01, paytest.FaultErrorDone: 0.01, paytest.FaultErrorUndone: 0.01,
			paytest.FaultHalf: 0.01, paytest.FaultReset: 0.01, paytest.FaultLock: 0.01, paytest.FaultVanish: 0.005,
		},
	})}
	web := httptest.NewServer(b.server)
	t.Cleanup(func() { web.Close(); b.server.Close() })
	b.url = web.URL
	b.write(t, n)
	return b
}

// decimals are how many digits the currencies of the test have.
var decimals = map[string]int{"EUR": 2, "JPY": 0, "KWD": 3}

func decimal(minor int64, digits int) string {
	text := fmt.Sprintf("%0*d", digits+1, minor)
	if digits == 0 {
		return text
	}
	return text[:len(text)-digits] + "." + text[len(text)-digits:]
}

func (b *billingKill) write(t *testing.T, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(17, 2))
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	_ = w.Write([]string{"invoice_id", "customer_id", "payment_customer", "payment_method", "amount", "currency", "description", "period_start", "period_end"})
	for i := range n {
		p := paid{invoice: fmt.Sprintf("R-%05d", i), currency: []string{"EUR", "EUR", "JPY", "KWD"}[i%4], status: "succeeded"}
		p.minor = 100 + r.Int64N(50_000)
		if p.currency == "KWD" {
			p.minor = p.minor / 10 * 10 // as Stripe wants it
		}
		method := "card"
		switch r.IntN(40) {
		case 0:
			method, p.status = "insufficient_funds", "declined"
		case 1:
			method, p.status = "stolen_card", "failed"
		case 2:
			method, p.status = "authentication_required", "requires_action"
		case 3:
			method, p.status = "processing", "processing"
		}
		b.rows = append(b.rows, p)
		b.sums[p.currency] += p.minor
		_ = w.Write([]string{p.invoice, fmt.Sprintf("c-%d", i), fmt.Sprintf("cus_%d", i), fmt.Sprintf("pm_%s_%d", method, i), decimal(p.minor, decimals[p.currency]), p.currency, "November", "2026-11-01", "2026-11-30"})
	}
	w.Flush()
	if err := os.WriteFile(filepath.Join(b.dir, "charges.csv"), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (b *billingKill) brood(t *testing.T, args ...string) *exec.Cmd {
	cmd := asBrood(t, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(b.dir, "state"), "BROOD_STRIPE_KEY=sk_test_brood")
	return cmd
}

func (b *billingKill) plan(t *testing.T) {
	t.Helper()
	cmd := b.brood(t, "plan", "billing", "--settings", atRoot("testdata/billing/seller.toml"), "--provider", "stripe", "--account", "shop", "--scope", "2026-11", "--max-run", "EUR=99999999.00", "-o", "november.plan", "charges.csv")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// command begins the run, or goes on with it.
func (b *billingKill) command(t *testing.T) *exec.Cmd {
	return b.brood(t, "run", "billing", "--run", "november", "--resume", "--plan", "november.plan", "--expect-count", strconv.Itoa(len(b.rows)), "--expect-sum", sumsOf(b.sums),
		"-o", "november.csv", "--base-url", b.url, "--per-second", "-1", "--settle", "1s", "--no-guard", "-j", "64", "--per-worker", "32", "--backoff", "5ms..100ms", "--max-crashes", "1000")
}

// killed kills a worker, the parent, or all, when so many more charges were made, and reports whether the run has to be begun
// again.
func (b *billingKill) killed(t *testing.T, parent int, done <-chan error, left, step int, stderr *bytes.Buffer) bool {
	t.Helper()
	before := len(b.server.Moves())
	for len(b.server.Moves()) < before+step {
		select {
		case err := <-done:
			t.Fatalf("the run has ended (%v), and was to be killed %d times more\n%s", err, left, stderr)
		case <-time.After(5 * time.Millisecond):
		}
	}
	children := childrenOf(parent)
	if left%3 == 0 && len(children) > 0 {
		_ = syscall.Kill(children[0], syscall.SIGKILL)
		return false
	}
	if left%3 == 1 {
		_ = syscall.Kill(parent, syscall.SIGSTOP)
		for _, pid := range children {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = syscall.Kill(parent, syscall.SIGKILL)
	<-done
	return true
}

func (b *billingKill) reconcile(t *testing.T) {
	t.Helper()
	out, err := b.brood(t, "reconcile", "november", "--against", "provider").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "it balances") {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	if out, err := b.brood(t, "verify", "november").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// check compares the server's journal, and the results, with what was to be charged.
func (b *billingKill) check(t *testing.T) {
	t.Helper()
	moves := paytest.ByInvoice(b.server.Moves())
	rows := readCSV(t, filepath.Join(b.dir, "november.csv"))
	if len(rows) != len(b.rows) {
		t.Fatalf("%d rows, and %d charges", len(rows), len(b.rows))
	}
	for i, want := range b.rows {
		got, charged := moves[want.invoice]
		delete(moves, want.invoice)
		minor := want.minor
		row := rows[i]
		notMade := row["_class"] == "not_made"
		if moves := want.status == "succeeded" || want.status == "processing"; (moves && (!notMade || b.again[want.invoice])) != charged {
			t.Errorf("%s is to be %s, is %s (%s), and was charged: %v", want.invoice, want.status, row["billing_status"], row["_class"], charged)
		}
		if charged && (got.Charges != 1 || got.Charged != minor || !strings.EqualFold(got.Currency, want.currency)) {
			t.Errorf("%s: %d charges, %d %s, want %d %s", want.invoice, got.Charges, got.Charged, got.Currency, minor, want.currency)
		}
		if row["invoice_id"] != want.invoice || row["billing_status"] != want.status && !notMade {
			t.Errorf("row %d: %s is %s (%s, %s), want %s %s", i, row["invoice_id"], row["billing_status"], row["_status"], row["_error"], want.invoice, want.status)
		}
	}
	for invoice := range moves {
		t.Errorf("%s was charged, and is in no plan", invoice)
	}
	if b.left > len(b.rows)/200 {
		t.Errorf("%d charges were not made by the dunning run either", b.left)
	}
	t.Logf("%d charges, %d of them by the dunning run, %d requests, faults %v", len(b.rows), len(b.again), b.server.Requests(), b.server.Faulted())
}
