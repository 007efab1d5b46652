package statement

import "brood/jobs/billing/charge"

// rejected is what a reason code of ISO 20022 (ExternalStatusReason1Code, as EPC173-14 uses it) makes of a payment that was
// rejected before it was settled. What may pass another time is declined: no money, or no reason given, which in
// Germany stands for no money. Everything else fails until somebody has changed something.
func rejected(reason string) charge.Status {
	switch reason {
	case "AM04", "MS03":
		return charge.Declined
	default:
		return charge.Failed
	}
}

// ReasonText is what a reason code says, in words; nothing of a code that is not known.
func ReasonText(code string) string {
	switch code {
	case "AC01", "R03", "R04":
		return "the account does not exist or its number is wrong"
	case "AC04", "AC07", "R02":
		return "the account is closed"
	case "AC06", "R16":
		return "the account is blocked"
	case "AC13", "R05":
		return "the account is a consumer's, which the scheme does not allow"
	case "AG01", "AG02", "R20":
		return "the account takes no direct debits, or not of this type"
	case "AM04", "R01":
		return "there is not enough money on the account"
	case "AM05", "R24":
		return "the bank takes it for a duplicate"
	case "BE05":
		return "the creditor's identifier is not the mandate's"
	case "CNOR", "DNOR", "RC01", "R13":
		return "the bank cannot be reached, or its code is wrong"
	case "FF01", "FF05", "R17":
		return "the file's form is wrong"
	case "MD01", "R07", "R10", "R29":
		return "there is no mandate, or the customer says so"
	case "MD02", "R11":
		return "the mandate's data are not those that were agreed"
	case "MD06":
		return "the customer asked for the money back"
	case "MD07", "R15":
		return "the account's holder has died"
	case "MS02", "R08":
		return "the customer refused it"
	case "MS03":
		return "the bank gives no reason"
	case "R09":
		return "the money on the account is not available yet"
	case "RR01", "RR02", "RR03", "RR04":
		return "name or address are missing, which rules ask for"
	case "SL01":
		return "the customer's bank has a service that refuses it"
	case "TM01", "R06":
		return "it came too late, or was called back"
	default:
		return ""
	}
}
