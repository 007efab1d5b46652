package journal

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/settings"
	"brood/jobs/jobtest/needs"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hostile are texts that would mean something in a journal.
func hostile() []string {
	return []string{
		"a\n2026-01-01 x\n    assets:bank  EUR 1.00\n    assets:cash", "b ; date:2026-13-01", "[2026-01-01=2026-02-02]", "key:: 1/0", "  a  b  ", "* x", "! x",
		"= x", "(c) | d | e", "~ monthly", "; x", "# x", "% x", "include /etc/passwd", "\u202eolleh\u2028", "漢字 Ελλάδα", "@ EUR 5", "{EUR 5}", "2026-01-01", "", "\x00\xff", "'\"`\\",
		"end comment", "comment", "apply account x", "-5 EUR", "1 @@ 2", "a, b: c", "P 2026-01-01 EUR 1 USD",
	}
}

// TestPrograms has hledger and Ledger check a journal in their strict forms, and add it up: they find what the own
// reader finds.
func TestPrograms(t *testing.T) {
	needs.Programs(t, "hledger", "ledger")
	entries, _ := everyOutcome()
	for i, text := range hostile() {
		c := aCharge(fmt.Sprint(100 + i))
		c.InvoiceID, c.Name, c.CustomerID, c.Number = text, text, text, text
		entries = append(entries, Entry{Charge: c, Status: charge.Statuses()[i%3]}, Entry{Charge: c, Status: charge.Failed})
	}
	for _, names := range []settings.Journal{{}, {Receivable: "Aktiva:Forderungen L+L", Bank: "Aktiva:Bank", VAT: "Passiva:USt", Revenue: "Erlöse 19", Fees: "Aufwand:Gebühren"}} {
		var b bytes.Buffer
		if err := Write(&b, &settings.Settings{Journal: names}, each(entries)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "run.journal")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		program(t, "hledger", "check", "-s", "-f", path)
		program(t, "ledger", "--args-only", "--strict", "--pedantic", "-f", path, "stats")
		want, err := ledgerOf(b.String())
		if err != nil {
			t.Fatal(err)
		}
		sums := map[string]string{
			"hledger": program(t, "hledger", "bal", "-f", path, "--flat", "-E", "-N", "-O", "csv", "--layout", "bare"),
			"ledger":  program(t, "ledger", "--args-only", "--strict", "--pedantic", "-f", path, "--flat", "-E", "--no-total", "--balance-format", "%(account)\t%(amount)\n", "bal"),
		}
		for account, sum := range want {
			name, code := account[:strings.LastIndexByte(account, ' ')], account[strings.LastIndexByte(account, ' ')+1:]
			digits := map[string]int{"EUR": 2, "JPY": 0, "KWD": 3}[code]
			number := decimal(sum.String(), digits)
			if sum.Sign() == 0 {
				continue // they write it in other ways
			}
			if line := fmt.Sprintf("%q,%q,%q\n", name, code, number); !strings.Contains(sums["hledger"], line) {
				t.Errorf("hledger does not say %s:\n%s", line, sums["hledger"])
			}
			if !saysLedger(sums["ledger"], name, code+" "+number) {
				t.Errorf("ledger does not say %s of %s %s:\n%s", name, code, number, sums["ledger"])
			}
		}
	}
}

// saysLedger finds an amount among those of an account: the first stands behind its name, the others on lines of their own.
func saysLedger(out, account, amount string) bool {
	of := ""
	for line := range strings.Lines(out) {
		if name, rest, first := strings.Cut(line, "\t"); first {
			of, line = name, rest
		}
		if of == account && strings.TrimSpace(line) == amount {
			return true
		}
	}
	return false
}

func decimal(minor string, digits int) string {
	sign, rest := "", minor
	if strings.HasPrefix(minor, "-") {
		sign, rest = "-", minor[1:]
	}
	if digits == 0 {
		return minor
	}
	rest = strings.Repeat("0", max(0, digits+1-len(rest))) + rest
	return sign + rest[:len(rest)-digits] + "." + rest[len(rest)-digits:]
}

func program(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
