package statement

import (
	"brood/jobs/billing/charge"
	"brood/jobs/jobtest/needs"
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStatements matches what a bank books for a written file: the sums of the blocks, and each return.
func TestStatements(t *testing.T) {
	byID, places, w := debits(t, 40)
	var returned []*charge.Charge
	for _, c := range byID {
		if len(returned) < 7 {
			returned = append(returned, c)
		}
	}
	for _, form := range []struct {
		kind    string
		version int
	}{{"camt.053", 2}, {"camt.053", 4}, {"camt.053", 8}, {"camt.054", 2}, {"camt.054", 4}, {"camt.054", 8}, {"camt.053", 12}} {
		file := statementOf(form.kind, form.version, w.Blocks, w.MsgID, returned)
		var sum int64
		back := map[string]bool{}
		n := 0
		for _, i := range all(t, file, nil) {
			switch {
			case i.Batch != nil:
				b := w.Blocks[n]
				n++
				sum += i.Batch.Minor
				if i.Debit || i.Batch.Reference != b.ID || i.Batch.Count != b.Count || i.Batch.Minor != b.Minor || i.Batch.Status != charge.Succeeded || i.Batch.Currency != "EUR" {
					t.Errorf("%s.%d: %+v is not %+v", form.kind, form.version, i.Batch, b)
				}
			case i.Listed != nil:
				l := i.Listed
				c := byID[l.Reference]
				if c == nil || back[l.Reference] {
					t.Fatalf("%s.%d: %+v", form.kind, form.version, l)
				}
				back[l.Reference] = true
				a, _ := c.Money()
				if !i.Debit || l.Minor != a.Minor || i.Fee != 300 || l.Status != charge.Returned || len(l.Reason) != 4 || l.At.Format("2006-01-02") != "2026-12-16" || i.Text != "Abo" || !strings.HasPrefix(l.Place, "file:") {
					t.Errorf("%s.%d: %+v, fee %d, of %+v", form.kind, form.version, l, i.Fee, c)
				}
				if places[c.InvoiceID].EndToEndID != l.Reference {
					t.Error(places[c.InvoiceID])
				}
			}
		}
		if sum != w.Minor || len(back) != len(returned) || n != len(w.Blocks) {
			t.Errorf("%s.%d: %d of %d, %d of %d returns", form.kind, form.version, sum, w.Minor, len(back), len(returned))
		}
	}
}

func TestReport(t *testing.T) {
	byID, _, w := debits(t, 20)
	var first []*charge.Charge
	for _, c := range byID {
		if c.ChargeDate == w.Blocks[0].Day && len(first) < 4 {
			first = append(first, c)
		}
	}
	for _, version := range []int{3, 10, 12} {
		var got []string
		for _, i := range all(t, reportOf(version, w, first), nil) {
			if b := i.Batch; b != nil {
				got = append(got, fmt.Sprintf("%s %s %s %d", b.Reference, b.Status, b.Reason, b.Count))
				if b.Minor != w.Blocks[1].Minor {
					t.Errorf("%+v", b)
				}
				continue
			}
			l := i.Listed
			a, _ := byID[l.Reference].Money()
			if l.Minor != a.Minor || l.Currency != "EUR" {
				t.Errorf("%+v", l)
			}
			got = append(got, fmt.Sprintf("%s %s", l.Status, l.Reason))
		}
		want := []string{"declined AM04", "succeeded NARR", "failed AC01", "succeeded NARR", fmt.Sprintf("%s failed FF01 %d", w.Blocks[1].ID, w.Blocks[1].Count)}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%d: %q", version, got)
		}
	}
	whole := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId><OrgnlNbOfTxs>3</OrgnlNbOfTxs><OrgnlCtrlSum>7.50</OrgnlCtrlSum><GrpSts>RJCT</GrpSts></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>`
	if got := all(t, []byte(whole), nil); len(got) != 1 || got[0].Batch == nil || got[0].Batch.Reference != "M" || got[0].Batch.Minor != 750 || got[0].Batch.Count != 3 || got[0].Batch.Status != charge.Failed {
		t.Errorf("%+v", got)
	}
}

// TestOwnBank holds the bank of these tests against ISO's schemas: what is read is what banks write.
func TestOwnBank(t *testing.T) {
	const dir = "../../../bin/tools/bank"
	needs.Programs(t, "xmllint")
	needs.Files(t, filepath.Join(dir, "camt.054.001.04.xsd"))
	byID, _, w := debits(t, 10)
	var some []*charge.Charge
	for _, c := range byID {
		some = append(some, c)
	}
	for name, file := range map[string][]byte{
		"camt.052.001.08": statementOf("camt.052", 8, w.Blocks, w.MsgID, some), // camt.053 is the same but for two names
		"camt.054.001.04": statementOf("camt.054", 4, w.Blocks, w.MsgID, some),
		"camt.054.001.02": statementOf("camt.054", 2, w.Blocks, w.MsgID, some),
		"pain.002.001.10": reportOf(10, w, some),
	} {
		cmd := exec.Command("xmllint", "--noout", "--nonet", "--schema", filepath.Join(dir, name+".xsd"), "-")
		cmd.Stdin = bytes.NewReader(file)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

const camt = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>%s</Stmt></BkToCstmrStmt></Document>`

func entryOf(inner string) []byte {
	return fmt.Appendf(nil, camt, `<Ntry><Amt Ccy="EUR">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>`+inner+`</Ntry>`)
}

// TestEntries are the forms in which banks tell of one booking.
func TestEntries(t *testing.T) {
	tx := func(id, more string) string {
		return `<TxDtls><Refs><PmtInfId>B1</PmtInfId><EndToEndId>` + id + `</EndToEndId></Refs>` + more + `</TxDtls>`
	}
	for name, c := range map[string]struct{ inner, want string }{
		"two payments":     {`<NtryDtls>` + tx("E1", `<Amt Ccy="EUR">10</Amt>`) + tx("E2", `<Amt Ccy="EUR">20.000</Amt>`) + `</NtryDtls>`, "E1 1000 succeeded|E2 2000 succeeded"},
		"one, whole":       {`<NtryDtls>` + tx("E1", "") + `</NtryDtls>`, "E1 3000 succeeded"},
		"bare":             {`<AddtlNtryInf>from somebody</AddtlNtryInf>`, " 3000 succeeded"},
		"pending":          {`<Sts><Cd>PDNG</Cd></Sts><NtryDtls>` + tx("E1", "") + `</NtryDtls>`, "E1 3000 processing"},
		"only told":        {`<Sts><Cd>INFO</Cd></Sts><NtryDtls>` + tx("E1", "") + `</NtryDtls>`, ""},
		"a block":          {`<NtryDtls>` + tx("NOTPROVIDED", "") + `</NtryDtls>`, "batch B1 0 3000 succeeded"},
		"a block, counted": {`<NtryDtls><Btch><PmtInfId>B2</PmtInfId><NbOfTxs>3</NbOfTxs></Btch></NtryDtls>`, "batch B2 3 3000 succeeded"},
		"two blocks":       {`<NtryDtls><Btch><PmtInfId>B2</PmtInfId><TtlAmt Ccy="EUR">10.00</TtlAmt></Btch></NtryDtls><NtryDtls><Btch><MsgId>M2</MsgId><TtlAmt Ccy="EUR">20.00</TtlAmt></Btch></NtryDtls>`, "batch B2 0 1000 succeeded|batch M2 0 2000 succeeded"},
		"reversed":         {`<RvslInd>true</RvslInd><NtryDtls>` + tx("E1", "") + `</NtryDtls>`, "E1 3000 returned"},
		"a code only":      {`<BkTxCd><Domn><Fmly><Cd>IDDT</Cd><SubFmlyCd>UPDD</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>` + tx("E1", "") + `</NtryDtls>`, "E1 3000 returned"},
		"abroad":           {`<NtryDtls>` + tx("E1", `<AmtDtls><InstdAmt><Amt Ccy="USD">35.00</Amt></InstdAmt></AmtDtls>`) + `</NtryDtls>`, "E1 3000 succeeded"},
	} {
		var got []string
		for _, i := range all(t, entryOf(c.inner), nil) {
			if b := i.Batch; b != nil {
				got = append(got, fmt.Sprintf("batch %s %d %d %s", b.Reference, b.Count, b.Minor, b.Status))
				continue
			}
			got = append(got, fmt.Sprintf("%s %d %s", i.Listed.Reference, i.Listed.Minor, i.Listed.Status))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestHostile are files that are no statements, or want something of the reader.
func TestHostile(t *testing.T) {
	open := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">`
	for why, file := range map[string]string{
		"is empty":                  "",
		"UTF-16":                    "\xff\xfe<\x00",
		"document type":             `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "b">]>` + open + `&a;</Document>`,
		"entity":                    open + `&a;</Document>`,
		"within each other":         open + strings.Repeat("<a>", 60),
		"text of more than":         open + `<a>` + strings.Repeat("x", 1<<17) + `</a></Document>`,
		"an element of more than":   open + `<a b="` + strings.Repeat("x", 3<<20) + `"/></Document>`,
		"no element Document":       `<html></html>`,
		"is not known here":         `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"/>`,
		"not over":                  `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.08"/>`,
		"what is sent":              `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"/>`,
		"unexpected EOF":            open + `<BkToCstmrStmt>`,
		"encoding":                  `<?xml version="1.0" encoding="EBCDIC"?>` + open + `</Document>`,
		"is no date":                string(entryOf(`<BookgDt><Dt>16.12.2026</Dt></BookgDt>`)),
		"has no amount":             fmt.Sprintf(camt, `<Ntry></Ntry>`),
		"no currency":               fmt.Sprintf(camt, `<Ntry><Amt Ccy="XYZ">1</Amt></Ntry>`),
		"decimals":                  fmt.Sprintf(camt, `<Ntry><Amt Ccy="EUR">1.234</Amt></Ntry>`),
		"less than nothing":         fmt.Sprintf(camt, `<Ntry><Amt Ccy="EUR">-1.00</Amt></Ntry>`),
		"one of them has no amount": string(entryOf(`<NtryDtls><TxDtls><Refs><EndToEndId>A</EndToEndId></Refs></TxDtls><TxDtls><Refs><EndToEndId>B</EndToEndId></Refs></TxDtls></NtryDtls>`)),
	} {
		fails(t, file, why, nil)
	}
	latin := `<?xml version="1.0" encoding="ISO-8859-1"?>` + strings.Replace(string(entryOf(`<AddtlNtryInf>M`+"\xfc"+`ller</AddtlNtryInf>`)), `<?xml version="1.0"?>`, "", 1)
	if got := all(t, []byte(latin), nil); len(got) != 1 || got[0].Text != "Müller" {
		t.Errorf("%+v", got)
	}
}

// TestEnvelope reads two messages within a bank's envelope.
func TestEnvelope(t *testing.T) {
	one := string(entryOf(""))
	if got := all(t, []byte("\ufeff\n<Envelope><Header><Id>x</Id></Header><Body>"+one+"</Body><Body>"+one+"</Body></Envelope>"), nil); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	for range Read(bytes.NewReader([]byte("<E>"+one+one+"</E>")), "file", nil) {
		break // nobody reads on
	}
}

// FuzzXML holds of any file that what comes out of it is whole: a status, no negative amounts, a place.
func FuzzXML(f *testing.F) {
	byID, _, w := debits(f, 4)
	var some []*charge.Charge
	for _, c := range byID {
		some = append(some, c)
	}
	f.Add(statementOf("camt.053", 8, w.Blocks, w.MsgID, some))
	f.Add(statementOf("camt.054", 2, w.Blocks, w.MsgID, some))
	f.Add(reportOf(10, w, some))
	f.Fuzz(func(t *testing.T, file []byte) {
		holds(t, append([]byte("<"), file...), nil)
		holds(t, file, nil)
	})
}

func holds(t *testing.T, file []byte, columns *Columns) {
	t.Helper()
	for i, err := range Read(bytes.NewReader(file), "file", columns) {
		if err != nil {
			continue
		}
		switch {
		case i.Listed != nil:
			if _, err := charge.ParseStatus(string(i.Listed.Status)); err != nil || i.Listed.Minor < 0 || i.Fee < 0 || !strings.HasPrefix(i.Listed.Place, "file:") {
				t.Fatalf("%+v", i.Listed)
			}
		case i.Batch != nil:
			if _, err := charge.ParseStatus(string(i.Batch.Status)); err != nil || i.Batch.Minor < 0 || i.Batch.Count < 0 {
				t.Fatalf("%+v", i.Batch)
			}
		case i.Change == nil:
			t.Fatal("an item of nothing")
		}
	}
}
