package plan

import "brood/jobs/billing/mapping"

// Kind is what is wrong with a row, or odd about it: a word that stays.
type Kind = mapping.Kind

// What refuses a plan: as long as there is one of these nothing is written.
const (
	KindRow         Kind = "row" // it cannot be read
	KindMissing     Kind = "missing_value"
	KindAmount      Kind = "amount"
	KindCurrency    Kind = "currency"
	KindNegative    Kind = "negative_amount"
	KindZero        Kind = "zero_amount"
	KindProvider    Kind = "provider_amount" // the provider cannot take it
	KindCredit      Kind = "credit_note"
	KindMixed       Kind = "mixed_kinds"
	KindTax         Kind = "tax"
	KindTotal       Kind = "total"
	KindDuplicate   Kind = "duplicate_invoice"
	KindTwice       Kind = "duplicate_period"
	KindSeveral     Kind = "several_rows"
	KindPeriod      Kind = "period"
	KindOverlap     Kind = "overlap"
	KindRecordCap   Kind = "cap_record"
	KindCustomerCap Kind = "cap_customer"
	KindRunCap      Kind = "cap_run"
	KindAccount     Kind = "bank_account"
	KindMandate     Kind = "mandate"
	KindMethod      Kind = "payment_method"
	KindAttempt     Kind = "attempt"
	KindLength      Kind = "length"
	KindGlyph       Kind = "missing_glyph" // the invoice would fail
	KindUnfit       Kind = "provider"      // the provider cannot do it
)

// What is told, and counted in the header, but does not refuse a plan.
const (
	KindCents      Kind = "tax_difference"
	KindDecimals   Kind = "short_decimals" // 12.5 for 12.50
	KindLostZero   Kind = "lost_zero"
	KindGap        Kind = "gap"
	KindOutlier    Kind = "outlier"
	KindChanged    Kind = "amount_changed"
	KindNewAccount Kind = "account_changed"
	KindGone       Kind = "customer_gone"
	KindLaw        Kind = "e_invoice"
	KindReason     Kind = "tax_reason"
	KindUnused     Kind = "unused_column"
	KindLeftOut    Kind = "left_out"
	KindEmpty      Kind = "empty_row"
	KindEmail      Kind = "email"
	KindCountry    Kind = "country"
	KindDue        Kind = "due_date"
	KindSequence   Kind = "sequence"
	KindNote       Kind = "provider_note"
)

// Warns reports whether a kind is a warning; any other refuses the plan.
func Warns(k Kind) bool {
	switch k {
	case KindCents, KindDecimals, KindLostZero, KindGap, KindOutlier, KindChanged, KindNewAccount, KindGone, KindLaw, KindReason, KindUnused, KindLeftOut,
		KindEmpty, KindEmail, KindCountry, KindDue, KindSequence, KindNote:
		return true
	default:
		return false
	}
}

// Meaning is a kind in a few words.
func Meaning(k Kind) string {
	switch k {
	case mapping.KindCard:
		return "numbers of payment cards"
	case mapping.KindSpreadsheet:
		return "spoilt by a spreadsheet program"
	case mapping.KindDate:
		return "no date, or of another form"
	case mapping.KindText:
		return "characters that cannot be seen"
	case KindRow:
		return "rows that cannot be read"
	case KindMissing:
		return "something is missing"
	case KindAmount:
		return "no exact amount"
	case KindCurrency:
		return "currencies"
	case KindNegative:
		return "less than nothing"
	case KindZero:
		return "nothing to charge"
	case KindProvider:
		return "amounts that the provider cannot take"
	case KindCredit:
		return "credit notes"
	case KindMixed:
		return "of another kind than the first"
	case KindTax:
		return "tax that does not fit"
	case KindTotal:
		return "totals that the rows do not make"
	case KindDuplicate:
		return "invoices that are there twice"
	case KindTwice:
		return "customers charged twice for a time"
	case KindSeveral:
		return "several rows of an invoice"
	case KindPeriod:
		return "periods"
	case KindOverlap:
		return "charged before, by the previous plan"
	default:
		return meaning(k)
	}
}

// meaning is the rest of Meaning.
func meaning(k Kind) string {
	switch k {
	case KindRecordCap:
		return "more than the cap of a charge"
	case KindCustomerCap:
		return "more than the cap of a customer"
	case KindRunCap:
		return "more than the cap of the run"
	case KindAccount:
		return "bank accounts"
	case KindMandate:
		return "mandates"
	case KindMethod:
		return "nothing to pay by"
	case KindAttempt:
		return "attempts"
	case KindUnfit:
		return "what the provider cannot do"
	case KindNote:
		return "what the provider does otherwise"
	case KindLength:
		return "too long"
	case KindCents:
		return "tax differs by cents"
	case KindDecimals:
		return "amounts with fewer decimals than their currency"
	case KindLostZero:
		return "zeros may be lost"
	case KindGlyph:
		return "characters that the font lacks"
	case KindGap:
		return "time between the previous period and this one"
	case KindOutlier:
		return "unusually large"
	case KindChanged:
		return "customers whose amount has changed much"
	case KindNewAccount:
		return "customers whose bank account has changed"
	case KindGone:
		return "customers of the previous plan without a charge"
	case KindLaw:
		return "the law wants an e-invoice, and this is none"
	case KindReason:
		return "no tax, and no reason for it"
	case KindUnused:
		return "columns that are not used"
	case KindLeftOut:
		return "rows that are not to be charged"
	case KindEmpty:
		return "rows without anything in them"
	case KindEmail:
		return "no address of mail"
	case KindCountry:
		return "no code of a country"
	case KindDue:
		return "due before the date of the invoice"
	case KindSequence:
		return "sequence of a mandate"
	default:
		return string(k)
	}
}
