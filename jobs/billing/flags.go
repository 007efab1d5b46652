package billing

import (
	"brood/jobs"
	"time"
)

func runFlags() []jobs.Flag {
	return []jobs.Flag{
		{Name: "plan", Usage: "the plan to do: its `FILE`, or its hash", Default: ""},
		{Name: "expect-count", Usage: "how many charges the plan must have: `N`, from your own books", Default: 0},
		{Name: "expect-sum", Usage: "what they must add up to, by currency: `EUR=12345.67,USD=99.00`", Default: ""},
		{Name: "live", Usage: "move money: for a plan in live mode", Default: false},
		{Name: "approve-by", Usage: "the signature of a second person under the plan's hash: `FILE`, by ssh-keygen -Y sign -n brood-plan", Default: ""},
		{Name: "operator", Usage: "who runs the plan: `NAME`, as in the list of those who may sign (default: the user)", Default: ""},
		{Name: "invoices", Usage: "write documents into `DIR` (default: beside the results)", Default: ""},
		{Name: "bank-file", Usage: "write the bank's file to `FILE` (default: beside the results)", Default: ""},
		{Name: "journal", Usage: "write the double-entry journal to `FILE` (default: beside the results)", Default: ""},
		{Name: "api", Usage: "stripe: charge by `API`: payment_intents, invoices or charges", Default: ""},
		{Name: "base-url", Usage: "stripe: a server in its shape at `URL`", Default: ""},
		{Name: "api-key-file", Usage: "stripe: the secret key is in `FILE`, not in the environment", Default: ""},
		{Name: "per-second", Usage: "the account's rate is `N` requests a second, not the profile's", Default: 0.0},
		{Name: "key-life", Usage: "the provider keeps keys for `TIME`, not as its profile says", Default: time.Duration(0)},
		{Name: "settle", Usage: "no request is under way any more after `TIME`, not as the profile says", Default: time.Duration(0)},
	}
}
