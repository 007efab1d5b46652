package statement

import (
	"brood/jobs/billing/charge"
	"strings"
	"time"
)

// booked reads camt.053 and camt.054: entries, each with none, one or many payments. The versions differ in where the status and the amount of a
// payment stand, and all places are known.
type booked struct {
	p     *printer
	entry entry
	part  part
	tx    payment
}

// entry is one booking on the account.
type entry struct {
	amount, currency string
	debit, reversal  bool
	status           string
	family, sub      string
	at               time.Time
	reference, text  string
	items            int
	bare             bool // a payment without an amount of its own was taken for the whole entry
}

// part are the details of an entry: payments, or how many there are of a file or block.
type part struct {
	message, block   string
	count            int
	amount, currency string
	payments         int
	any              bool
}

// payment is one payment of an entry.
type payment struct {
	message, block, endToEnd, mandate, instruction, id string
	amounts                                            [3]string // by kind
	currencies                                         [3]string
	debit, indicated, returned                         bool
	reason, text                                       string
	family, sub                                        string
}

// The kinds of amounts that a payment may have: as it was ordered, as it was booked, and booked in newer versions.
const (
	instructed = iota
	transacted
	plain
)

func (b *booked) begin(path string) {
	switch leaf(path) {
	case "Ntry":
		b.entry = entry{}
	case "NtryDtls":
		b.part = part{}
	case "TxDtls":
		b.tx = payment{}
	}
}

func (b *booked) end(path, text, currency string, line int) error {
	_, rest, ok := strings.Cut(path, "/Ntry/")
	if !ok {
		if strings.HasSuffix(path, "/Ntry") {
			return b.endEntry(line)
		}
		return nil
	}
	if within, ok := strings.CutPrefix(rest, "NtryDtls/TxDtls/"); ok {
		b.tx.take(within, text, currency)
		return nil
	}
	switch rest {
	case "NtryDtls/TxDtls":
		return b.endPayment(line)
	case "NtryDtls":
		return b.endPart(line)
	}
	if within, ok := strings.CutPrefix(rest, "NtryDtls/Btch/"); ok {
		return b.part.take(within, text, currency)
	}
	return b.entry.take(rest, text, currency)
}

func (e *entry) take(path, text, currency string) (err error) {
	switch path {
	case "Amt":
		e.amount, e.currency = text, currency
	case "CdtDbtInd":
		e.debit = text == "DBIT"
	case "RvslInd":
		e.reversal = text == "true" || text == "1"
	case "Sts", "Sts/Cd":
		if text != "" {
			e.status = text
		}
	case "BookgDt/Dt", "BookgDt/DtTm":
		e.at, err = day(text)
	case "ValDt/Dt", "ValDt/DtTm":
		if e.at.IsZero() {
			e.at, err = day(text)
		}
	case "NtryRef", "AcctSvcrRef":
		e.reference = text
	case "BkTxCd/Domn/Fmly/Cd":
		e.family = text
	case "BkTxCd/Domn/Fmly/SubFmlyCd":
		e.sub = text
	case "AddtlNtryInf":
		e.text = text
	}
	return err
}

func (p *part) take(path, text, currency string) (err error) {
	p.any = true
	switch path {
	case "MsgId":
		p.message = text
	case "PmtInfId":
		p.block = text
	case "NbOfTxs":
		p.count, err = count(text)
	case "TtlAmt":
		p.amount, p.currency = text, currency
	}
	return err
}

func (x *payment) take(path, text, currency string) {
	switch path {
	case "Refs/MsgId":
		x.message = text
	case "Refs/PmtInfId":
		x.block = text
	case "Refs/EndToEndId":
		x.endToEnd = reference(text)
	case "Refs/MndtId":
		x.mandate = text
	case "Refs/InstrId":
		x.instruction = reference(text)
	case "Refs/TxId", "Refs/AcctSvcrRef":
		x.id = text
	case "Amt":
		x.amounts[plain], x.currencies[plain] = text, currency
	case "AmtDtls/InstdAmt/Amt":
		x.amounts[instructed], x.currencies[instructed] = text, currency
	case "AmtDtls/TxAmt/Amt":
		x.amounts[transacted], x.currencies[transacted] = text, currency
	case "CdtDbtInd":
		x.debit, x.indicated = text == "DBIT", true
	case "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry":
		x.reason = text
	case "RtrInf":
		x.returned = true
	case "RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref":
		if len(x.text)+len(text) < longestText {
			x.text = strings.TrimSpace(x.text + " " + text)
		}
	case "BkTxCd/Domn/Fmly/Cd":
		x.family = text
	case "BkTxCd/Domn/Fmly/SubFmlyCd":
		x.sub = text
	}
}

// returns reports whether a bank transaction code (ExternalBankTransactionSubFamily1Code) is that of a payment that came back.
func returns(family, sub string) bool {
	switch family {
	case "IDDT", "RDDT":
		return sub == "UPDD" || sub == "PRDD" || sub == "RRTN" || sub == "RCDD"
	case "ICDT", "RCDT":
		return sub == "RRTN" || sub == "RPCR"
	default:
		return false
	}
}

// means is the status of what an entry tells.
func (e *entry) means(returned bool) charge.Status {
	switch {
	case returned || e.reversal || returns(e.family, e.sub):
		return charge.Returned
	case e.status == "" || e.status == "BOOK":
		return charge.Succeeded
	default: // PDNG, FUTR
		return charge.Processing
	}
}

// onlyInfo says that nothing is booked.
func (e *entry) onlyInfo() bool { return e.status == "INFO" }
