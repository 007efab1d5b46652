package sepa

import (
	"encoding/xml"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"testing"
)

// The reader of the tests: its own structs, its own sums in its own arithmetic, its own checks of characters and check digits.

type party struct{ Nm string }

type agent struct {
	BIC   string `xml:"FinInstnId>BIC"`
	BICFI string `xml:"FinInstnId>BICFI"`
	Other string `xml:"FinInstnId>Othr>Id"`
}

type tx struct {
	EndToEndID string `xml:"PmtId>EndToEndId"`
	Amount     struct {
		Ccy  string `xml:",attr"`
		Text string `xml:",chardata"`
	} `xml:"InstdAmt"`
	Transfer struct {
		Ccy  string `xml:",attr"`
		Text string `xml:",chardata"`
	} `xml:"Amt>InstdAmt"`
	Mandate  string `xml:"DrctDbtTx>MndtRltdInf>MndtId"`
	Signed   string `xml:"DrctDbtTx>MndtRltdInf>DtOfSgntr"`
	DbtrAgt  *agent
	CdtrAgt  *agent
	Dbtr     *party
	Cdtr     *party
	DbtrIBAN string `xml:"DbtrAcct>Id>IBAN"`
	CdtrIBAN string `xml:"CdtrAcct>Id>IBAN"`
	Text     string `xml:"RmtInf>Ustrd"`
}

func (x *tx) other() (name, iban string) {
	if x.Dbtr != nil {
		return x.Dbtr.Nm, x.DbtrIBAN
	}
	return x.Cdtr.Nm, x.CdtrIBAN
}

func (x *tx) cents() string { return x.Amount.Text + x.Transfer.Text }

type pmtInf struct {
	PmtInfID string `xml:"PmtInfId"`
	PmtMtd   string
	NbOfTxs  string
	CtrlSum  string
	SvcLvl   string `xml:"PmtTpInf>SvcLvl>Cd"`
	LclInstr string `xml:"PmtTpInf>LclInstrm>Cd"`
	SeqTp    string `xml:"PmtTpInf>SeqTp"`
	Collect  string `xml:"ReqdColltnDt"`
	Execute  struct {
		Text string `xml:",chardata"`
		Dt   string
	} `xml:"ReqdExctnDt"`
	CdtrIBAN string `xml:"CdtrAcct>Id>IBAN"`
	DbtrIBAN string `xml:"DbtrAcct>Id>IBAN"`
	Creditor string `xml:"CdtrSchmeId>Id>PrvtId>Othr>Id"`
	Debits   []tx   `xml:"DrctDbtTxInf"`
	Credits  []tx   `xml:"CdtTrfTxInf"`
}

func (p *pmtInf) txs() []tx { return append(p.Debits, p.Credits...) }

func (p *pmtInf) day() string { return p.Collect + strings.TrimSpace(p.Execute.Text) + p.Execute.Dt }

type initiation struct {
	GrpHdr struct {
		MsgID   string `xml:"MsgId"`
		CreDtTm string
		NbOfTxs string
		CtrlSum string
		Nm      string `xml:"InitgPty>Nm"`
	}
	PmtInf []pmtInf
}

type document struct {
	XMLName xml.Name    `xml:"Document"`
	Debit   *initiation `xml:"CstmrDrctDbtInitn"`
	Credit  *initiation `xml:"CstmrCdtTrfInitn"`
}

var (
	basic      = regexp.MustCompile(`^[A-Za-z0-9/\-?:().,'+ ]+$`)
	identifier = regexp.MustCompile(`^[A-Za-z0-9\-?:().,'+]([A-Za-z0-9/\-?:().,'+ ]{0,33}[A-Za-z0-9\-?:().,'+])?$`)
	decimals   = regexp.MustCompile(`^[0-9]{1,16}\.[0-9]{2}$`)
)

// readBack reads a file and holds all of it that a schema does not.
func readBack(t testing.TB, file []byte) *initiation {
	t.Helper()
	var doc document
	if err := xml.Unmarshal(file, &doc); err != nil {
		t.Fatalf("%v in\n%s", err, file)
	}
	in := doc.Debit
	if in == nil {
		in = doc.Credit
	}
	if in == nil || doc.Debit != nil && doc.Credit != nil {
		t.Fatalf("no one initiation in\n%s", file)
	}
	all, count := new(big.Rat), 0
	seen := map[string]bool{in.GrpHdr.MsgID: true}
	id := func(text string) {
		t.Helper()
		if !identifier.MatchString(text) || strings.Contains(text, "//") || seen[text] {
			t.Fatalf("the identifier %q is none, or there twice", text)
		}
		seen[text] = true
	}
	for i := range in.PmtInf {
		p := &in.PmtInf[i]
		id(p.PmtInfID)
		sum := new(big.Rat)
		for _, x := range p.txs() {
			id(x.EndToEndID)
			name, iban := x.other()
			for _, text := range []string{name, x.Text} {
				if !basic.MatchString(text) || len(text) > 140 || len(name) > 70 {
					t.Fatalf("%q, of %d characters", text, len(text))
				}
			}
			if !ninetySeven(iban) || x.Amount.Ccy+x.Transfer.Ccy != "EUR" || !decimals.MatchString(x.cents()) {
				t.Fatalf("%s, %s %s", iban, x.cents(), x.Amount.Ccy)
			}
			amount, _ := new(big.Rat).SetString(x.cents())
			sum.Add(sum, amount)
		}
		count += len(p.txs())
		all.Add(all, sum)
		if p.NbOfTxs != fmt.Sprint(len(p.txs())) || p.CtrlSum != sum.FloatString(2) {
			t.Fatalf("block %s: %s and %s, but %d and %s", p.PmtInfID, p.NbOfTxs, p.CtrlSum, len(p.txs()), sum.FloatString(2))
		}
	}
	if in.GrpHdr.NbOfTxs != fmt.Sprint(count) || in.GrpHdr.CtrlSum != all.FloatString(2) {
		t.Fatalf("file: %s and %s, but %d and %s", in.GrpHdr.NbOfTxs, in.GrpHdr.CtrlSum, count, all.FloatString(2))
	}
	return in
}

// ninetySeven checks an IBAN as a whole number, as ISO 13616 defines it.
func ninetySeven(iban string) bool {
	if len(iban) < 15 {
		return false
	}
	var digits strings.Builder
	for _, c := range iban[4:] + iban[:4] {
		if c >= 'A' && c <= 'Z' {
			fmt.Fprint(&digits, int(c-'A')+10)
		} else {
			digits.WriteRune(c)
		}
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}
