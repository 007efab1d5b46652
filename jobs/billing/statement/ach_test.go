package statement

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/nacha"
	"brood/jobs/billing/settings"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// sent writes an ACH file of n charges; every third is a payout.
func sent(t testing.TB, n int) (file []byte, byID map[string]*charge.Charge, traces map[string]string) {
	t.Helper()
	byID, traces = map[string]*charge.Charge{}, map[string]string{}
	var charges []*charge.Charge
	for i := range n {
		c := &charge.Charge{
			InvoiceID: fmt.Sprintf("R-2026-%d-long", i*10_000), Attempt: 1, Kind: charge.KindCharge, Amount: money.Format(int64(1000+i*13), 2), Currency: "USD", Name: "N",
			ChargeDate: "2026-12-01", RoutingNumber: []string{"021000021", "322271627"}[i%2], AccountNumber: fmt.Sprint(1000 + i),
		}
		if i%3 == 2 {
			c.Kind = charge.KindPayout
		}
		id, _ := nacha.Reference(c)
		byID[id] = c
		charges = append(charges, c)
	}
	s := &settings.Settings{NACHA: settings.NACHA{
		ImmediateDestination: "121042882", ImmediateOrigin: "1123456789", CompanyName: "Acme", CompanyID: "1123456789", OriginatingDFI: "12104288",
	}}
	var b bytes.Buffer
	f := &nacha.File{Created: created, Trace: func(_, id, trace string) { traces[id] = trace }}
	if _, err := nacha.Write(&b, f, s, each(charges)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), byID, traces
}

// returnsOf is the bank's answer to a file: every n-th entry comes back, and of every second of those only a change is notified.
func returnsOf(file []byte, n int) []byte {
	lines := strings.Split(string(file), "\n")
	out := []string{lines[0], lines[1][:50] + "PPD" + lines[1][53:]}
	var count, entries, hash, debit, credit int64
	for _, line := range lines {
		if line == "" || line[0] != '6' {
			continue
		}
		if count++; count%int64(n) != 0 {
			continue
		}
		cents, _ := strconv.ParseInt(line[29:39], 10, 64)
		bank, _ := strconv.ParseInt(line[3:11], 10, 64)
		code := map[byte]string{'7': "26", '2': "21"}[line[2]]
		kind, reason, info := "99", "R0"+fmt.Sprint(1+count%4), strings.Repeat(" ", 44)
		if count%int64(2*n) == 0 {
			kind, reason, info, cents = "98", "C01", fmt.Sprintf("%-44s", "0099"), 0
		}
		out = append(out, line[:1]+code+line[3:29]+fmt.Sprintf("%010d", cents)+line[39:78]+"1"+line[79:],
			"7"+kind+reason+line[79:]+"      "+line[3:11]+info+line[79:])
		entries += 2
		hash += bank
		if code == "26" {
			debit += cents
		} else {
			credit += cents
		}
	}
	sums := fmt.Sprintf("%010d%012d%012d", hash%10_000_000_000, debit, credit)
	out = append(out, fmt.Sprintf("8200%06d%s%-10s%25s%8s%07d", entries, sums, "1123456789", "", "12104288", 1))
	out = append(out, fmt.Sprintf("9%06d%06d%08d%s%39s", 1, (len(out)+10)/10, entries, sums, ""))
	for len(out)%10 != 0 {
		out = append(out, strings.Repeat("9", 94))
	}
	return []byte(strings.Join(out, "\n") + "\n")
}

// TestReturns matches what a bank sends back for a written file.
func TestReturns(t *testing.T) {
	file, byID, traces := sent(t, 60)
	back := returnsOf(file, 5)
	for name, form := range map[string][]byte{
		"lines":         back,
		"CR LF":         bytes.ReplaceAll(back, []byte("\n"), []byte("\r\n")),
		"no lines":      bytes.ReplaceAll(back, []byte("\n"), nil),
		"blanks cut":    []byte(cutBlanks(string(back))),
		"no last break": bytes.TrimSuffix(back, []byte("\n")),
	} {
		returned, changed := 0, 0
		for _, i := range all(t, form, nil) {
			if c := i.Change; c != nil {
				changed++
				if byID[c.Reference] == nil || traces[c.Reference] != c.Trace || c.Code != "C01" || c.Corrected != "0099" {
					t.Errorf("%s: %+v", name, c)
				}
				continue
			}
			returned++
			l := i.Listed
			c := byID[l.Reference]
			if c == nil || traces[l.Reference] != l.ProviderID || money.Format(l.Minor, 2) != c.Amount || l.Status != charge.Returned || l.Reason[:2] != "R0" || i.Debit != (c.Kind == charge.KindCharge) {
				t.Errorf("%s: %+v, debit %v, of %+v", name, l, i.Debit, c)
			}
		}
		if returned != 6 || changed != 6 {
			t.Errorf("%s: %d returned, %d changed", name, returned, changed)
		}
	}
}

func cutBlanks(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// TestSent refuses the file that is sent: it is no answer of a bank, with addenda of a payment or without.
func TestSent(t *testing.T) {
	file, _, _ := sent(t, 25)
	fails(t, string(file), "this is a file that is sent to the bank", nil)
	lines := strings.SplitAfter(string(file), "\n")
	paid := lines[0] + lines[1] + lines[2][:78] + "1" + lines[2][79:] + "705" + strings.Repeat(" ", 91) + "\n"
	fails(t, paid, "this is a file that is sent to the bank", nil)
}

// TestEveryDigit changes each digit of a file that counts: none passes.
func TestEveryDigit(t *testing.T) {
	sentFile, _, _ := sent(t, 7)
	file := returnsOf(sentFile, 1)
	all(t, file, nil)
	for at, c := range file {
		column := at % 95
		kind := file[at-column]
		counted := kind == '6' && (column >= 3 && column < 12 || column >= 29 && column < 39) ||
			kind == '8' && column >= 4 && column < 44 || kind == '9' && column >= 1 && column < 7 || kind == '9' && column >= 13 && column < 55
		if !counted || c < '0' || c > '9' || file[at-column+1] == '9' {
			continue
		}
		wrong := bytes.Clone(file)
		wrong[at] = '0' + (c-'0'+1)%10
		ok := true
		for _, err := range Read(bytes.NewReader(wrong), "file", nil) {
			ok = ok && err == nil
		}
		if ok {
			t.Errorf("column %d of a record %c: a wrong digit passed", column, kind)
		}
	}
}

func TestHostileACH(t *testing.T) {
	sentFile, _, _ := sent(t, 7)
	file := string(returnsOf(sentFile, 1))
	lines := strings.SplitAfter(file, "\n")
	last := strings.Index(file, "\n900")
	for why, wrong := range map[string]string{
		"it is cut":        file[:last+1],
		"not belong":       lines[0] + lines[2],
		"after the file":   file + lines[0],
		"no character":     lines[0] + "5\x00",
		"class IAT":        lines[0] + lines[1][:50] + "IAT" + lines[1][53:],
		"announces":        lines[0] + lines[1] + lines[2] + lines[4],
		"without their":    lines[0] + lines[1] + "799R01" + strings.Repeat(" ", 88) + "\n",
		"transaction code": lines[0] + lines[1] + "655" + lines[2][3:],
	} {
		fails(t, wrong, why, nil)
	}
}

// FuzzACH holds of any file what is held of all.
func FuzzACH(f *testing.F) {
	file, _, _ := sent(f, 5)
	f.Add(file)
	f.Add(returnsOf(file, 2))
	f.Fuzz(func(t *testing.T, file []byte) { holds(t, append([]byte("101"), file...), nil); holds(t, file, nil) })
}
