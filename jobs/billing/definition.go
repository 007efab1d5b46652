package billing

import (
	"brood/jobs"
	"brood/jobs/billing/stripe"
)

const help = `A run does a plan, which brood plan billing has made and checked, and nothing else. It
begins only if the plan is what you typed: --expect-count and --expect-sum come from your own
books, not from the plan. No invoice is charged twice, in whichever run, plan or file it stands:
before the first request leaves, all charges are in the register of the state directory, with
one open charge for an invoice and for a customer and period.

The providers, which the plan names:
   files   an invoice as HTML and PDF for each charge, numbered without a gap;
           moves no money
   stripe  off-session payments; the key is in BROOD_STRIPE_KEY, or
           --api-key-file names it
   sepa    a file for a bank of the euro area: pain.008 debits and pain.001
           transfers
   nacha   a file for a bank of the United States
Bank files and the journal (for hledger and ledger) are written once, when the run is done.

billing_status says what has become of a charge: succeeded, submitted (a debit, which may come
back for weeks), processing, requires_action, declined, failed or unknown. Declined is not
failed: brood export --class declined is what the next dunning run is planned from. Unknown is said
where money may have moved and nobody can tell yet; brood reconcile looks it up.

All of it: docs/billing.md.

Examples:
   brood plan billing --settings testdata/billing/seller.toml --scope 2026-11 \
     -o november.plan testdata/billing/charges.csv
   brood run billing --run november --plan november.plan --expect-count 5 \
     --expect-sum EUR=188.49,JPY=11000,KWD=12.345 -o november.csv
   brood reconcile november`

// Definition describes the job.
func Definition() *jobs.Definition {
	return &jobs.Definition{
		Name:       "billing",
		Usage:      "charge customers by a plan, once each, or write their invoices and bank files",
		Help:       help,
		Effect:     jobs.EffectKeyed,
		Retries:    3,
		Flags:      runFlags(),
		Dataset:    dataset,
		Plan:       planRun,
		Begin:      begin,
		Open:       open,
		Finish:     finish,
		Verify:     verify,
		Forget:     forgetting(),
		Report:     report,
		Secrets:    []string{stripe.KeyVariable},
		Tools:      []jobs.Tool{planTool(), reconcileTool()},
		FailedHint: "what was declined is planned again: brood export {run} --class declined -o again.csv, then brood plan billing --dunning {run} again.csv",
		Resumable: map[string]jobs.Resumable{
			"api_key_file": {Flag: "api-key-file"},
			"per_second":   {Flag: "per-second"},
			// What follows from who began it and when stays as it was: no flag makes it anything else.
			"begun": {}, "who": {}, "approved_by": {}, "id": {},
		},
	}
}
