package acceptance

import (
	"brood/jobs/billing/paytest"
	"brood/jobs/jobtest/needs"
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestBillingMonth does a month's run as a new user would: 500 customers, killed in the middle, invoices mailed as PDF, a
// reconciled journal; and looks at what has come of it from outside.
func TestBillingMonth(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "pdftotext", "hledger", "python3")
	dir := t.TempDir()
	const customers = 500
	sum := writeCustomers(t, filepath.Join(dir, "customers.csv"), customers)
	script := atRoot("testdata/billing/month.sh")
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(regexp.MustCompile(`(?m)^(run |"\$brood" run)`).FindAllString(string(text), -1)); n >= 10 {
		t.Errorf("the month takes %d commands", n)
	}
	cmd := exec.Command("sh", script, asBrood(t).Path, "customers.csv", atRoot("testdata/billing"))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "it balances") {
		t.Fatalf("%v\n%s", err, out)
	}
	rows := readCSV(t, filepath.Join(dir, "november.csv"))
	if len(rows) != customers {
		t.Fatalf("%d rows", len(rows))
	}
	mails := mailsOf(t, filepath.Join(dir, "letters"))
	for i, row := range rows {
		number := fmt.Sprintf("2026-%06d", i+1)
		if row["invoice_number"] != number || row["billing_status"] != "succeeded" {
			t.Fatalf("row %d: %s %s", i, row["invoice_number"], row["billing_status"])
		}
		pdf, err := os.ReadFile(filepath.Join(dir, row["pdf"]))
		if err != nil {
			t.Fatal(err)
		}
		if len(pdf) > 25_000 {
			t.Errorf("%s has %d bytes", row["pdf"], len(pdf))
		}
		m, there := mails[row["email"]]
		if !there || m.subject != "Invoice "+number || !bytes.Equal(m.pdf, pdf) {
			t.Fatalf("%s: mail %v, %q, %d bytes of a PDF", row["email"], there, m.subject, len(m.pdf))
		}
		delete(mails, row["email"])
	}
	if len(mails) > 0 {
		t.Errorf("%d mails went to others, or twice", len(mails))
	}
	if text, err := exec.Command("pdftotext", "-layout", filepath.Join(dir, rows[7]["pdf"]), "-").Output(); err != nil || !strings.Contains(string(text), "2026-000008") {
		t.Errorf("%v\n%s", err, text)
	}
	got, err := exec.Command("hledger", "-f", filepath.Join(dir, "november.journal"), "check", "-s").CombinedOutput()
	if err != nil {
		t.Errorf("hledger: %v\n%s", err, got)
	}
	got, err = exec.Command("hledger", "-f", filepath.Join(dir, "november.journal"), "balance", "Assets:Receivable", "-N", "--layout=bare").CombinedOutput()
	if err != nil || !strings.Contains(string(got), sum) {
		t.Errorf("the journal has not %s: %v\n%s", sum, err, got)
	}
}

// writeCustomers writes rows with tax of 19 %, and returns what they add up to.
func writeCustomers(t *testing.T, path string, n int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(500, 1))
	names := []string{"Ada Lovelace", "Łukasz Żak", "Jürgen Größe", "Sofía Núñez", "Zoë O'Brien", "Ștefan Țepeș", "Søren Ågård"}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"invoice_id", "customer_id", "name", "email", "street", "postcode", "city", "country", "amount", "currency", "tax_rate", "tax_amount", "description", "invoice_date", "due_date", "period_start", "period_end"})
	total := 0
	for i := range n {
		net := 100 * (5 + r.IntN(600))
		gross := net * 119 / 100
		total += gross
		_ = w.Write([]string{
			fmt.Sprintf("B-%04d", i), fmt.Sprintf("C-%04d", i), names[i%len(names)], fmt.Sprintf("c%d@example.org", i), fmt.Sprintf("Ringstraße %d", i), "10115", "Berlin", "DE",
			fmt.Sprintf("%d.%02d", gross/100, gross%100), "EUR", "19", fmt.Sprintf("%d.%02d", (gross-net)/100, (gross-net)%100), "Hosting", "2026-11-30", "2026-12-14", "2026-11-01", "2026-11-30",
		})
	}
	w.Flush()
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d.%02d", total/100, total%100)
}

// letter is a mail with an invoice, as a program of others reads it.
type letter struct {
	subject string
	pdf     []byte
}

// mailsOf reads a Maildir by Python's email package: to whom, which subject, and the PDF.
func mailsOf(t *testing.T, dir string) map[string]letter {
	t.Helper()
	out, err := exec.Command("python3", "-c", `
import base64, email, email.policy, email.utils, pathlib, sys
for p in sorted(pathlib.Path(sys.argv[1], "new").iterdir()):
    m = email.message_from_bytes(p.read_bytes(), policy=email.policy.default)
    pdf = [a for a in m.iter_attachments() if a.get_content_type() == "application/pdf"]
    assert len(pdf) == 1, (p, len(pdf))
    print(email.utils.parseaddr(m["to"])[1], base64.b64encode(pdf[0].get_content()).decode(), m["subject"], sep="\t")
`, dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	mails := make(map[string]letter)
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if _, twice := mails[f[0]]; twice {
			t.Errorf("%s got two mails", f[0])
		}
		pdf, err := base64.StdEncoding.DecodeString(f[1])
		if err != nil {
			t.Fatal(err)
		}
		mails[f[0]] = letter{subject: f[2], pdf: pdf}
	}
	return mails
}

// TestBillingGuide does what docs/billing.md says, from top to bottom, with a payment server for tests in the place of
// Stripe.
func TestBillingGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(atRoot("docs/billing.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(guide), -1) {
		script += block[1]
	}
	server := paytest.New(paytest.Options{Latency: time.Millisecond})
	web := httptest.NewServer(server)
	defer func() { web.Close(); server.Close() }()
	for from, to := range map[string]string{
		"make build\n":                     "",
		"SERVER=https://api.stripe.com\n":  "SERVER=" + web.URL + "\n",
		"BROOD_STRIPE_KEY=sk_test_yours\n": "BROOD_STRIPE_KEY=sk_test_brood\n",
		"DATA=\"$PWD/testdata/billing\"\n": "DATA=" + atRoot("testdata/billing") + "\n",
	} {
		if !strings.Contains(script, from) {
			t.Fatalf("the page has no %q", from)
		}
		script = strings.ReplaceAll(script, from, to)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(asBrood(t).Path, filepath.Join(dir, "bin", "brood")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	paid := paytest.ByInvoice(server.Moves())
	if k := paid["K-1"]; k.Charges != 1 || k.Charged != 5000 || k.Refunds != 2 || k.Back != 1500 {
		t.Errorf("K-1: %+v", k)
	}
	if len(paid) != 2 {
		t.Errorf("%d invoices were charged, of five that two can pay: %v", len(paid), paid)
	}
	month := func(name string) string { return filepath.Join(dir, "month", name) }
	if rows := readCSV(t, month("again.csv")); len(rows) != 1 || rows[0]["attempt"] != "2" || rows[0]["billing_status"] != "declined" {
		t.Errorf("the dunning run: %v", rows)
	}
	declined := readCSV(t, month("declined.csv"))
	if len(declined) != 1 || !strings.HasPrefix(declined[0]["_place"], "cards.csv:") || !strings.HasSuffix(declined[0]["_place"], ", invoice "+declined[0]["invoice_id"]) || !strings.Contains(declined[0]["_error"], "insufficient_funds") {
		t.Errorf("what was declined does not say where it stands in the user's file, and why: %v", declined)
	}
	other := exec.Command(asBrood(t).Path, "reconcile", "back")
	other.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	if out, err := other.CombinedOutput(); err == nil || !strings.Contains(string(out), "brood resolve back --as retry") {
		t.Errorf("a run of refunds is no run that charges, and there is no advice: %v\n%s", err, out)
	}
	for _, name := range []string{"november.journal", "november.html", "debits.xml", "letters/new"} {
		if _, err := os.Stat(month(name)); err != nil {
			t.Error(err)
		}
	}
}
