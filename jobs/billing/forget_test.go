package billing

import (
	"brood/jobs/billing/charge"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMayBeForgotten refuses every status in which money may still come or go.
func TestMayBeForgotten(t *testing.T) {
	open := map[charge.Status]bool{charge.Submitted: true, charge.Processing: true, charge.RequiresAction: true, charge.Unknown: true, charge.Disputed: true}
	for _, s := range charge.Statuses() {
		if mayBeForgotten(s) == open[s] {
			t.Errorf("%s may be forgotten: %v", s, mayBeForgotten(s))
		}
	}
	if mayBeForgotten("planned") {
		t.Error("what is planned may be forgotten")
	}
}

// TestStaysHere lets stay what is counted by, and nothing of a person.
func TestStaysHere(t *testing.T) {
	for _, c := range []string{"invoice_id", "amount", "billing_status", "provider_id", "invoice_number", "customer_id"} {
		if !staysHere(c) {
			t.Errorf("%s goes", c)
		}
	}
	for _, c := range []string{"name", "email", "iban", "bic", "street", "tax_id", "mandate_id", "payment_customer", "payment_method", "description", "lines", "metadata", "metadata.note", "action_url", "tax_note", "nobody_knows"} {
		if staysHere(c) {
			t.Errorf("%s stays", c)
		}
	}
}

// TestChainKeeps makes a chain again as it was: the salts of rows, and of a row that was forgotten the digest.
func TestChainKeeps(t *testing.T) {
	r := newRun(t)
	path := filepath.Join(r.f.Dir, chainFile)
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again := func() string {
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
		now, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(now)
	}
	if now := again(); now != string(was) {
		t.Errorf("made again it is another:\n%s\n%s", was, now)
	}
	lines := strings.Split(string(was), "\n")
	digest, _, _ := strings.Cut(lines[2], " ")
	lines[2] = digest + " -"
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	r.rows[1][0] = charge.ForgottenMark
	if now := again(); now != strings.Join(lines, "\n") {
		t.Errorf("with a row that was forgotten it is another:\n%s\n%s", was, now)
	}
	// A row without a salt passes for a forgotten one only if the register knows of it.
	if _, err := follow(&config{Plan: aPlan}, r.f); err == nil || !strings.Contains(err.Error(), "register") {
		t.Errorf("%v", err)
	}
}

// TestSalts makes other digests of equal rows, so that nobody can try out what a row was.
func TestSalts(t *testing.T) {
	r := newRun(t)
	r.rows[1] = r.rows[0]
	dir := t.TempDir()
	w, err := newChainWriter(aPlan, dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[[sha256.Size]byte]bool)
	for o, err := range outcomes(r.f) {
		if err != nil {
			t.Fatal(err)
		}
		seen[o.digest(sha256.New(), nil)] = true
		w.row(o)
	}
	if err := w.put(dir); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 3 {
		t.Errorf("%d digests without salts", len(seen))
	}
	for _, k := range readKept(filepath.Join(dir, chainFile), aPlan) {
		if seen[k.digest] || len(k.salt) != saltSize {
			t.Errorf("%s has no salt", &k)
		}
		seen[k.digest] = true
	}
	if len(seen) != 7 {
		t.Errorf("%d digests", len(seen))
	}
}

// TestOldChain follows a chain of the time before there were salts, and makes it again as it was but for its first line.
func TestOldChain(t *testing.T) {
	r := newRun(t)
	text := chainStartOld + aPlan + "\n"
	c, err := newChain(aPlan)
	if err != nil {
		t.Fatal(err)
	}
	for o, err := range outcomes(r.f) {
		if err != nil {
			t.Fatal(err)
		}
		d := o.digest(sha256.New(), nil)
		c.add(d)
		text += hex.EncodeToString(d[:]) + "\n"
	}
	text += chainEnd + c.end() + "\n"
	if err := os.WriteFile(filepath.Join(r.f.Dir, chainFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	link, err := follow(&config{Plan: aPlan}, r.f)
	if err != nil || link != c.end() {
		t.Errorf("%s %v", link, err)
	}
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
	if w.end() != link {
		t.Error("made again it ends otherwise")
	}
}

// FuzzParseKept reads a line of a chain as it is written, or not at all.
func FuzzParseKept(f *testing.F) {
	f.Add(strings.Repeat("ab", 32))
	f.Add(strings.Repeat("ab", 32) + " -")
	f.Add(strings.Repeat("ab", 32) + " " + strings.Repeat("01", 16))
	f.Add("end")
	f.Fuzz(func(t *testing.T, line string) {
		if k, ok := parseKept(line); ok && !strings.EqualFold(k.String(), line) {
			t.Errorf("%q is read as %q", line, &k)
		}
	})
}
