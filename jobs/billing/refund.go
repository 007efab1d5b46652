package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"brood/jobs/billing/stripe"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

const refundHelp = `Each row gives back a part of an earlier charge, or all of it: refund_id (its own, unique),
invoice_id, amount, and if you like currency and reason. Several refunds of a charge are allowed, and
never more than was charged, in whichever runs. The whole file is checked before the first
request leaves, against --expect-count and --expect-sum as well.

A charge of a bank's file is not given back by this, but by a transfer: brood plan billing
with rows of the kind payout. Of invoices that brood has written, plan rows of the kind credit_note.

Example:
   brood run refund --account shop --expect-count 2 --expect-sum EUR=30.00 \
     -o back.csv testdata/billing/refunds.csv`

// RefundDefinition describes the job that gives money back.
func RefundDefinition() *jobs.Definition {
	return &jobs.Definition{
		Name:    "refund",
		Usage:   "give back charges of earlier billing runs, in part or whole, once each",
		Help:    refundHelp,
		Effect:  jobs.EffectKeyed,
		Retries: 3,
		Flags: []jobs.Flag{
			{Name: "account", Usage: "the account that has charged: `NAME`, as in the plan", Default: "main"},
			{Name: "expect-count", Usage: "how many refunds there must be: `N`, from your own books", Default: 0},
			{Name: "expect-sum", Usage: "what they must add up to, by currency: `EUR=30.00`", Default: ""},
			{Name: "live", Usage: "move money: refunds of charges in live mode", Default: false},
			{Name: "base-url", Usage: "a server in the provider's shape at `URL`", Default: ""},
			{Name: "api-key-file", Usage: "the secret key is in `FILE`, not in the environment", Default: ""},
			{Name: "per-second", Usage: "the account's rate is `N` requests a second, not the profile's", Default: 0.0},
		},
		Dataset: refundDataset,
		Plan:    planRefund,
		Begin:   beginRefund,
		Open:    openRefund,
		Finish:  finishRefund,
		Forget:  &jobs.Forgetting{Keep: staysInRefund},
		Secrets: []string{stripe.KeyVariable},
		Resumable: map[string]jobs.Resumable{
			"api_key_file": {Flag: "api-key-file"}, "per_second": {Flag: "per-second"}, "begun": {}, "who": {}, "id": {},
		},
	}
}

// refundConfig is what the ledger keeps of a run of refunds.
type refundConfig struct {
	config

	Rows string `json:"rows"` // the dataset
}

func planRefund(o jobs.Options, _ *jobs.Shape) (jobs.Plan, error) {
	if err := checkEngineFlags(o); err != nil {
		return jobs.Plan{}, err
	}
	if o.Text() {
		return jobs.Plan{}, errors.New("refunds need a file for their results: say -o FILE.csv")
	}
	paths := jobs.FilesOf(o) // which refundDataset has made
	if len(paths) != 1 {
		return jobs.Plan{}, errors.New("refund: there is no dataset")
	}
	h := new(plan.Header)
	for r, err := range refundRows(paths[0]) {
		if err != nil {
			return jobs.Plan{}, err
		}
		a, err := money.Parse(r.Amount, r.Currency)
		if err == nil {
			err = h.Sums.Add(a)
		}
		if err != nil {
			return jobs.Plan{}, err
		}
		h.Count++
	}
	if err := checkExpected(o, h); err != nil {
		return jobs.Plan{}, err
	}
	owner := refundOwner(o)
	c := refundConfig{Rows: paths[0], config: config{
		Provider: Stripe, Account: owner.Account, Mode: plan.Mode(owner.Mode), Scope: "refund", Count: h.Count, Sums: h.Sums.String(),
		ID: rand.Text(), Begun: time.Now().UTC().Truncate(time.Second), Who: whoAmI(""), BaseURL: o.String("base-url"), KeyFile: o.String("api-key-file"), PerSecond: o.Float64("per-second"),
	}}
	if err := c.checkStripe(); err != nil {
		return jobs.Plan{}, err
	}
	p := jobs.Plan{
		Columns: columns(), Ended: ended(), NeedsRaw: true, NeedsText: true, InHand: mostInHand, Task: "refund " + owner.Account, Places: refundPlaces(paths[0]),
		Defaults: map[string]string{"key": "refund_id", "key-scope": c.keyScope(), "per-worker": strconv.Itoa(remoteInHand), "jobs": strconv.Itoa(remoteInHand), "retries": "10"},
		Warnings: []string{fmt.Sprintf("%s, %s, account %s (%s)", charge.Counted(h.Count, "refund", "refunds"), h.Sums.String(), owner.Account, owner.Mode)},
	}
	var err error
	p.Config, err = json.Marshal(&c)
	return p, err
}

func readRefundConfig(raw json.RawMessage) (*refundConfig, error) {
	c := new(refundConfig)
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, fmt.Errorf("refund: read configuration: %w", err)
	}
	return c, nil
}

func beginRefund(f *jobs.Finished) (err error) {
	c, err := readRefundConfig(f.Config)
	if err != nil {
		return err
	}
	ctx := context.Background()
	r, err := register.Open(ctx, f.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := writeLines(c.Rows, f.Dir); err != nil {
		return err
	}
	_, err = r.TakeRefunds(ctx, c.owner(), func(yield func(*register.Refund, error) bool) {
		for row, err := range refundRows(c.Rows) {
			var one *register.Refund
			if err == nil {
				one, err = row.refund(f.Run, c.ID)
			}
			if !yield(one, err) {
				return
			}
		}
	}, time.Now())
	return err
}

// finishRefund keeps in the register how the refunds stand.
func finishRefund(f *jobs.Finished) (err error) {
	c, err := readRefundConfig(f.Config)
	if err != nil {
		return err
	}
	if f.Counts.Pending == f.Counts.Input {
		return nil
	}
	var rows []*refundRow
	for r, err := range refundRows(c.Rows) {
		if err != nil {
			return err
		}
		rows = append(rows, r)
	}
	ctx := context.Background()
	r, err := register.Open(ctx, f.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	counted := make(tally)
	err = r.SettleRefunds(ctx, c.owner(), func(yield func(*register.Refund, error) bool) {
		for o, err := range outcomes(f) {
			if err == nil && int64(o.Seq) >= int64(len(rows)) {
				err = fmt.Errorf("row %d of the results is of record %d, and there are %d refunds", o.Row, o.Seq, len(rows))
			}
			var one *register.Refund
			if err == nil {
				one, err = rows[o.Seq].refund(f.Run, c.ID)
			}
			if err == nil {
				one.Status, one.ProviderID = o.Status, o.ProviderID
				counted[o.Status]++
			}
			if !yield(one, err) {
				return
			}
		}
	}, time.Now())
	f.Say("%s", counted.String())
	return err
}
