package sepa

import (
	"brood/jobs/billing/account"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/latin"
	"brood/jobs/billing/money"
	"strconv"
)

// blockHead is a payment block without its payments: of our side of them.
func (o *writing) blockHead(m *markup, b *Block) {
	debit := o.file.Kind == charge.KindCharge
	m.begin("PmtInf")
	m.leaf("PmtInfId", b.ID)
	if debit {
		m.leaf("PmtMtd", "DD")
	} else {
		m.leaf("PmtMtd", "TRF")
	}
	m.leaf("NbOfTxs", strconv.Itoa(b.Count))
	m.leaf("CtrlSum", money.Format(b.Minor, 2))
	m.begin("PmtTpInf")
	m.path("SEPA", "SvcLvl", "Cd")
	m.path(b.Instrument, "LclInstrm", "Cd")
	m.leaf("SeqTp", b.Sequence)
	m.end(1)
	if debit {
		m.leaf("ReqdColltnDt", b.Day)
		o.ourselves(m, "Cdtr")
		m.leaf("ChrgBr", "SLEV")
		m.begin("CdtrSchmeId", "Id", "PrvtId", "Othr")
		id, _ := account.ParseCreditorID(o.own.creditor)
		m.leaf("Id", string(id))
		m.path("SEPA", "SchmeNm", "Prtry")
		m.end(4)
		return
	}
	if o.version.old() {
		m.leaf("ReqdExctnDt", b.Day)
	} else {
		m.path(b.Day, "ReqdExctnDt", "Dt")
	}
	o.ourselves(m, "Dbtr")
	m.leaf("ChrgBr", "SLEV")
}

// ourselves are our name, account and bank: Cdtr, CdtrAcct, CdtrAgt, or those of the debtor.
func (o *writing) ourselves(m *markup, as string) {
	m.path(o.name(o.own.name), as, "Nm")
	m.path(iban(o.own.iban), as+"Acct", "Id", "IBAN")
	o.agent(m, as+"Agt", o.own.bic)
}

// agent is a bank. Where the element must be, and there is no BIC, the scheme wants NOTPROVIDED (EPC130-08).
func (o *writing) agent(m *markup, as, bic string) {
	b, err := account.ParseBIC(bic)
	switch {
	case err != nil:
		m.path("NOTPROVIDED", as, "FinInstnId", "Othr", "Id")
	case o.version.old():
		m.path(string(b), as, "FinInstnId", "BIC")
	default:
		m.path(string(b), as, "FinInstnId", "BICFI")
	}
}

// payment is one charge in the file.
func (o *writing) payment(m *markup, c *charge.Charge, id string, a money.Amount) {
	if o.file.Kind == charge.KindPayout {
		m.begin("CdtTrfTxInf")
		m.path(id, "PmtId", "EndToEndId")
		m.begin("Amt")
		m.with("InstdAmt", ` Ccy="EUR"`, a.String())
		m.end(1)
		if c.BIC != "" {
			o.agent(m, "CdtrAgt", c.BIC)
		}
		o.other(m, c, "Cdtr")
	} else {
		m.begin("DrctDbtTxInf")
		m.path(id, "PmtId", "EndToEndId")
		m.with("InstdAmt", ` Ccy="EUR"`, a.String())
		m.begin("DrctDbtTx", "MndtRltdInf")
		m.leaf("MndtId", c.MandateID)
		m.leaf("DtOfSgntr", c.MandateDate)
		m.end(2)
		o.agent(m, "DbtrAgt", c.BIC)
		o.other(m, c, "Dbtr")
	}
	text, lost := remittance(c)
	m.path(text, "RmtInf", "Ustrd")
	m.end(1)
	o.told(c, id, lost)
}

// other is the customer: name, address, account.
func (o *writing) other(m *markup, c *charge.Charge, as string) {
	m.begin(as)
	m.leaf("Nm", o.name(c.Name))
	o.address(m, c)
	m.end(1)
	m.path(iban(c.IBAN), as+"Acct", "Id", "IBAN")
}

// address is hybrid: town and country have their elements, the street is a line (EPC rulebooks of 2025; unstructured ones end in November
// 2026). Without town or country there is none. The older versions have country and up to two lines.
func (o *writing) address(m *markup, c *charge.Charge) {
	field := func(text string, most int) string {
		spelt, _ := latin.Spell(text, latin.EPC)
		return cut(spelt, most)
	}
	street, town := field(c.Street, 70), field(c.City, 35)
	if town == "" || !account.Country(c.Country) {
		return
	}
	m.begin("PstlAdr")
	if o.version.old() {
		m.leaf("Ctry", c.Country)
		m.leaf("AdrLine", street)
		m.leaf("AdrLine", field(c.Postcode+" "+c.City, 70))
	} else {
		m.leaf("PstCd", field(c.Postcode, 16))
		m.leaf("TwnNm", town)
		m.leaf("Ctry", c.Country)
		m.leaf("AdrLine", street)
	}
	m.end(1)
}

// told notes what the file says otherwise than the charge.
func (o *writing) told(c *charge.Charge, id string, lost []rune) {
	if o.file.Note == nil {
		return
	}
	if id != c.InvoiceID {
		o.note(c, "the bank knows it as %s", id)
	}
	spelt, gone := latin.Spell(c.Name, latin.EPC)
	lost = append(lost, gone...)
	if len(spelt) > 70 {
		o.note(c, "the name was cut to 70 characters: %s", cut(spelt, 70))
	}
	if len(lost) > 0 {
		o.note(c, "%q became points", string(lost))
	}
}
