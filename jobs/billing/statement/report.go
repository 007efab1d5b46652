package statement

import (
	"brood/jobs/billing/charge"
	"strings"
	"time"
)

// report reads pain.002: what became of a file, of its payment blocks and of single payments. Where single payments are told, only
// they are items; a file or block that is judged as a whole is a Batch.
type report struct {
	p       *printer
	created time.Time
	group   judged
	block   judged
	payment judged
	told    int // single payments and blocks that were items
	inBlock int
}

// judged is a file, a block or a payment with its status.
type judged struct {
	id, endToEnd, instruction string
	status, reason            string
	count                     int
	sum                       string
	amount, currency          string
}

func (r *report) begin(path string) {
	switch leaf(path) {
	case "TxInfAndSts":
		r.payment = judged{}
	case "OrgnlPmtInfAndSts":
		r.block, r.inBlock = judged{}, 0
	case "CstmrPmtStsRpt":
		r.group, r.block, r.told = judged{}, judged{}, 0
	}
}

func leaf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func (r *report) end(path, text, currency string, line int) error {
	rest, ok := strings.CutPrefix(path, "CstmrPmtStsRpt")
	if !ok {
		return nil
	}
	rest = strings.TrimPrefix(rest, "/")
	if rest == "" {
		return r.endGroup(line)
	}
	if rest == "GrpHdr/CreDtTm" {
		var err error
		r.created, err = day(text)
		return err
	}
	at := &r.group
	rest, inGroup := strings.CutPrefix(rest, "OrgnlGrpInfAndSts/")
	if !inGroup {
		switch rest {
		case "OrgnlPmtInfAndSts":
			return r.endBlock(line)
		case "OrgnlPmtInfAndSts/TxInfAndSts", "TxInfAndSts": // the latter of the first version
			return r.endPayment(line)
		}
		if rest, ok = strings.CutPrefix(rest, "OrgnlPmtInfAndSts/"); ok {
			at = &r.block
		}
		if rest, ok = strings.CutPrefix(rest, "TxInfAndSts/"); ok {
			at = &r.payment
		}
	}
	return at.take(rest, text, currency)
}

func (j *judged) take(path, text, currency string) (err error) {
	switch path {
	case "OrgnlMsgId", "OrgnlPmtInfId", "StsId":
		j.id = text
	case "OrgnlEndToEndId":
		j.endToEnd = text
	case "OrgnlInstrId":
		j.instruction = text
	case "GrpSts", "PmtInfSts", "TxSts":
		j.status = text
	case "StsRsnInf/Rsn/Cd", "StsRsnInf/Rsn/Prtry":
		if j.reason == "" {
			j.reason = text
		}
	case "OrgnlNbOfTxs":
		j.count, err = count(text)
	case "OrgnlCtrlSum":
		j.sum = text
	case "OrgnlTxRef/Amt/InstdAmt":
		j.amount, j.currency = text, currency
	}
	return err
}

// means is the status of a code of ISO 20022 (ExternalPaymentTransactionStatus1Code). Settled at last is still not for ever with a direct debit; a return
// comes in a statement.
func (j *judged) means() charge.Status {
	switch j.status {
	case "RJCT":
		return rejected(j.reason)
	case "ACSC", "ACCC":
		return charge.Succeeded
	case "RCVD", "ACTC", "ACCP", "ACWC", "ACSP", "ACWP", "PATC":
		return charge.Submitted
	case "PDNG", "ACFC":
		return charge.Processing
	case "CANC":
		return charge.Failed
	default:
		return charge.Unknown
	}
}

func (r *report) endPayment(line int) error {
	x := &r.payment
	r.inBlock++
	r.told++
	if x.status == "" {
		x.status = r.block.status
	}
	if x.status == "" {
		x.status = r.group.status
	}
	if x.reason == "" {
		x.reason = r.block.reason
	}
	l := &charge.Listed{
		Reference: reference(x.endToEnd), ProviderID: x.id, Status: x.means(), Reason: x.reason, At: r.created, Place: r.p.place(line), Currency: x.currency,
	}
	if l.Reference == "" {
		l.Reference = reference(x.instruction)
	}
	if x.amount != "" {
		var err error
		if l.Minor, err = amount(x.amount, x.currency); err != nil {
			return err
		}
	}
	return r.p.item(Item{Listed: l})
}

func (r *report) endBlock(line int) error {
	if r.inBlock > 0 || r.block.status == "" {
		return nil
	}
	r.told++
	return r.batch(&r.block, line)
}

func (r *report) endGroup(line int) error {
	if r.told > 0 || r.group.status == "" {
		return nil
	}
	return r.batch(&r.group, line)
}

// batch is a file or block as a whole. CtrlSum has no currency: those of bank files that are written here are euros.
func (r *report) batch(j *judged, line int) error {
	b := &Batch{Reference: j.id, Count: j.count, Status: j.means(), Reason: j.reason, At: r.created, Place: r.p.place(line)}
	if j.sum != "" {
		var err error
		b.Currency = "EUR"
		if b.Minor, err = amount(j.sum, b.Currency); err != nil {
			return err
		}
	}
	return r.p.item(Item{Batch: b})
}
