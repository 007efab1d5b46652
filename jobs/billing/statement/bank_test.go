package statement

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/sepa"
	"brood/jobs/billing/settings"
	"bytes"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"
)

// The bank of the tests: it takes the files that package sepa writes, and answers as banks do.

var created = time.Date(2026, 11, 30, 9, 30, 0, 0, time.UTC)

func each(charges []*charge.Charge) iter.Seq2[*charge.Charge, error] {
	return func(yield func(*charge.Charge, error) bool) {
		for _, c := range charges {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// debits are charges, and where they stand in the file that was written of them.
func debits(t testing.TB, n int) (map[string]*charge.Charge, map[string]sepa.Place, *sepa.Written) {
	t.Helper()
	byID, places := map[string]*charge.Charge{}, map[string]sepa.Place{}
	var charges []*charge.Charge
	for i := range n {
		c := &charge.Charge{
			InvoiceID: fmt.Sprintf("R/%d//%d", i, i%3), Attempt: 1, Kind: charge.KindCharge, Amount: money.Format(int64(1000+i*13), 2), Currency: "EUR", Name: "N",
			ChargeDate: []string{"2026-12-15", "2026-12-16"}[i%2], MandateID: fmt.Sprint("M", i), MandateDate: "2025-01-31", IBAN: "DE02120300000000202051",
		}
		id, _ := sepa.EndToEndID(c)
		byID[id] = c
		charges = append(charges, c)
	}
	s := &settings.Settings{Seller: settings.Seller{Name: "Seller"}, SEPA: settings.SEPA{IBAN: "DE89370400440532013000", CreditorID: "DE98ZZZ09999999999"}}
	f := &sepa.File{Plan: "plan", Created: created, Kind: charge.KindCharge, Placed: func(invoice string, at sepa.Place) { places[invoice] = at }}
	w, err := sepa.Write(&bytes.Buffer{}, f, s, each(charges))
	if err != nil {
		t.Fatal(err)
	}
	return byID, places, w
}

type tag struct{ b strings.Builder }

func (x *tag) add(format string, args ...any) { fmt.Fprintf(&x.b, format+"\n", args...) }

// statementOf is a camt of a kind and version: one sum for each payment block, and the returns singly, each with a fee of
// 3.00 where the version tells both amounts.
func statementOf(kind string, version int, blocks []sepa.Block, message string, returned []*charge.Charge) []byte {
	root, body := map[string]string{"camt.053": "BkToCstmrStmt", "camt.054": "BkToCstmrDbtCdtNtfctn", "camt.052": "BkToCstmrAcctRpt"}[kind],
		map[string]string{"camt.053": "Stmt", "camt.054": "Ntfctn", "camt.052": "Rpt"}[kind]
	status := "<Sts>BOOK</Sts>"
	if version >= 8 {
		status = "<Sts><Cd>BOOK</Cd></Sts>"
	}
	var x tag
	x.add(`<?xml version="1.0" encoding="UTF-8"?>`)
	x.add(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%s.001.%02d"><%s><GrpHdr><MsgId>S1</MsgId><CreDtTm>2026-12-17T06:00:00+01:00</CreDtTm></GrpHdr>`, kind, version, root)
	x.add(`<%s><Id>1</Id><CreDtTm>2026-12-17T06:00:00+01:00</CreDtTm><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>`, body)
	if kind != "camt.054" {
		x.add(`<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-12-16</Dt></Dt></Bal>`)
	}
	entry := func(amount, direction, sub, details string) {
		x.add(`<Ntry><Amt Ccy="EUR">%s</Amt><CdtDbtInd>%s</CdtDbtInd>%s<BookgDt><Dt>2026-12-16</Dt></BookgDt><ValDt><Dt>2026-12-16</Dt></ValDt><AcctSvcrRef>A%d</AcctSvcrRef>`, amount, direction, status, x.b.Len())
		x.add(`<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>%s</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>%s</NtryDtls></Ntry>`, sub, details)
	}
	for _, b := range blocks {
		sum := money.Format(b.Minor, 2)
		entry(sum, "CRDT", "ESDD", fmt.Sprintf(`<Btch><MsgId>%s</MsgId><PmtInfId>%s</PmtInfId><NbOfTxs>%d</NbOfTxs><TtlAmt Ccy="EUR">%s</TtlAmt><CdtDbtInd>CRDT</CdtDbtInd></Btch>`, message, b.ID, b.Count, sum))
	}
	for i, c := range returned {
		a, _ := c.Money()
		id, _ := sepa.EndToEndID(c)
		with, amount := money.Format(a.Minor+300, 2), ""
		if version >= 3 {
			amount = fmt.Sprintf(`<Amt Ccy="EUR">%s</Amt><CdtDbtInd>DBIT</CdtDbtInd>`, with)
		}
		entry(with, "DBIT", "UPDD", fmt.Sprintf(`<TxDtls><Refs><EndToEndId>%s</EndToEndId><MndtId>%s</MndtId></Refs>%s<AmtDtls><InstdAmt><Amt Ccy="EUR">%s</Amt></InstdAmt>`+
			`<TxAmt><Amt Ccy="EUR">%s</Amt></TxAmt></AmtDtls><RmtInf><Ustrd>Abo</Ustrd></RmtInf><RtrInf><Rsn><Cd>%s</Cd></Rsn></RtrInf></TxDtls>`,
			id, c.MandateID, amount, c.Amount, with, []string{"AM04", "AC04", "MD06"}[i%3]))
	}
	x.add(`</%s></%s></Document>`, body, root)
	return []byte(x.b.String())
}

// reportOf is a pain.002 that rejects some payments of a block, and a whole block.
func reportOf(version int, w *sepa.Written, first []*charge.Charge) []byte {
	var x tag
	x.add(`<?xml version="1.0" encoding="UTF-8"?>`)
	x.add(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.%02d"><CstmrPmtStsRpt><GrpHdr><MsgId>P1</MsgId><CreDtTm>2026-12-01T08:00:00Z</CreDtTm></GrpHdr>`, version)
	x.add(`<OrgnlGrpInfAndSts><OrgnlMsgId>%s</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId><OrgnlNbOfTxs>%d</OrgnlNbOfTxs><OrgnlCtrlSum>%s</OrgnlCtrlSum><GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>`,
		w.MsgID, w.Count, money.Format(w.Minor, 2))
	for i, b := range w.Blocks {
		x.add(`<OrgnlPmtInfAndSts><OrgnlPmtInfId>%s</OrgnlPmtInfId><OrgnlNbOfTxs>%d</OrgnlNbOfTxs><OrgnlCtrlSum>%s</OrgnlCtrlSum>`, b.ID, b.Count, money.Format(b.Minor, 2))
		if i > 0 {
			x.add(`<PmtInfSts>RJCT</PmtInfSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf></OrgnlPmtInfAndSts>`)
			continue
		}
		for n, c := range first {
			id, _ := sepa.EndToEndID(c)
			x.add(`<TxInfAndSts><StsId>X%d</StsId><OrgnlEndToEndId>%s</OrgnlEndToEndId><TxSts>%s</TxSts><StsRsnInf><Rsn><Cd>%s</Cd></Rsn></StsRsnInf><OrgnlTxRef><Amt><InstdAmt Ccy="EUR">%s</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>`,
				n, id, []string{"RJCT", "ACSC"}[n%2], []string{"AM04", "NARR", "AC01", "NARR"}[n%4], c.Amount)
		}
		x.add(`</OrgnlPmtInfAndSts>`)
	}
	x.add(`</CstmrPmtStsRpt></Document>`)
	return []byte(x.b.String())
}

// all reads a file to its end.
func all(t testing.TB, file []byte, columns *Columns) []Item {
	t.Helper()
	var out []Item
	for i, err := range Read(bytes.NewReader(file), "file", columns) {
		if err != nil {
			t.Fatalf("%v in\n%.2000s", err, file)
		}
		out = append(out, i)
	}
	return out
}

// fails reads a file that is wrong.
func fails(t testing.TB, file, why string, columns *Columns) {
	t.Helper()
	for _, err := range Read(strings.NewReader(file), "file", columns) {
		if err != nil {
			if !strings.Contains(err.Error(), why) || !strings.HasPrefix(err.Error(), "file: ") {
				t.Errorf("%v, want %q", err, why)
			}
			return
		}
	}
	t.Errorf("no error, want %q, of\n%.300s", why, file)
}
