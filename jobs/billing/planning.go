package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/dunning"
	"brood/jobs/billing/invoice"
	"brood/jobs/billing/nacha"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"brood/jobs/billing/sepa"
	"brood/jobs/billing/settings"
	"brood/jobs/billing/stripe"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

const planHelp = `Reads all rows, checks each, and charges nothing. What is wrong is told with its place, and then
there is no plan; what is odd is told as well. The plan is a file of JSON lines; its hash, which is
printed, stands for every charge in it. A copy is kept in the state directory, where brood
run billing finds it by its hash.

Columns: invoice_id, customer_id, amount and currency at least, then description, name, email,
invoice_date, tax_note, charge_date, due_date, period_start, period_end, tax_rate, tax_amount,
quantity, unit, unit_amount, payment_method, payment_customer, mandate_id, mandate_date, iban, bic,
metadata.* and others: docs/billing.md. Other systems' exports by --map. Amounts have a point
before their decimals and nothing else; dates are YYYY-MM-DD.

Example:
   brood plan billing --settings testdata/billing/seller.toml --scope 2026-11 \
     -o november.plan testdata/billing/charges.csv`

// planNoun is what there is to plan.
var planNoun = &jobs.Noun{
	Name: "plan", Usage: "check what a run is to do, before it does it",
	Help: `A plan has been checked, has a hash, and is done by a run as it is, or not at all.

Example:
   brood plan billing --help`,
}

func planTool() jobs.Tool {
	return jobs.Tool{
		Of: planNoun, Name: "billing", Usage: "check charges, and make the plan that brood run billing does", Arguments: "FILE ...", Help: planHelp,
		Flags: plan.Flags(), State: true, Run: makePlan,
	}
}

func makePlan(o jobs.Options, args []string, stdout, _ io.Writer) error {
	opt, err := plan.FromOptions(o, args)
	if err != nil {
		return err
	}
	ctx := context.Background()
	opt.Resolve = func(run string) (*plan.Plan, error) { return planOfRun(ctx, opt.State, run) }
	checkBy(&opt, time.Now())
	known := &credits{ctx: ctx, state: opt.State, owner: register.Owner{Account: opt.Account, Mode: string(opt.Mode())}}
	defer known.close()
	opt.CheckCredit = known.check
	_, report, err := plan.Build(ctx, opt)
	if report != nil {
		if printErr := report.Print(stdout); printErr != nil {
			return errors.Join(err, printErr)
		}
	}
	if errors.Is(err, plan.ErrRefused) {
		return &jobs.PartlyError{Left: err.Error()}
	}
	return err
}

// checkBy has the plan ask what the provider would say, at a time.
func checkBy(opt *plan.Options, now time.Time) {
	switch Provider(opt.Provider) {
	case Files:
		opt.Undrawable, opt.CheckTemplate = invoice.Undrawable, invoice.CheckTemplate
	case Stripe:
		opt.CheckAmount = stripe.CheckAmount
		opt.CheckCharge = func(c *charge.Charge, _ *settings.Settings) []charge.Problem {
			if err := stripe.CheckCharge(c, stripe.PaymentIntents); err != nil {
				return []charge.Problem{{Field: "charge", Text: err.Error()}}
			}
			return nil
		}
	case SEPA:
		opt.CheckCharge = func(c *charge.Charge, s *settings.Settings) []charge.Problem { return sepa.Check(c, s, now) }
		opt.CheckSettings = sepa.CheckSettings
	case NACHA:
		opt.CheckCharge = func(c *charge.Charge, s *settings.Settings) []charge.Problem { return nacha.Check(c, s, now) }
		opt.CheckSettings = func(s *settings.Settings, _ charge.Kind) []charge.Problem { return nacha.CheckSettings(s) }
	}
}

// planOfRun opens the plan that a run has done.
func planOfRun(ctx context.Context, state, run string) (p *plan.Plan, err error) {
	r, err := register.OpenThere(ctx, state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no billing run %s: nothing was charged from %s yet", run, state)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	hash, _, err := r.PlanOf(ctx, run)
	if err == nil && hash == "" {
		err = fmt.Errorf("there is no billing run %s", run)
	}
	if err != nil {
		return nil, err
	}
	return plan.Find(state, hash)
}

// networkOf is whose rules hold for another try.
func networkOf(c *config, word string) dunning.Network {
	if c.Provider == NACHA {
		return dunning.ACH
	}
	return dunning.ParseNetwork(word)
}

// responseOf is the code by which a try came to nothing: of a bank debit that of its return.
func responseOf(c *config, l *register.Charge) string {
	if c.Provider == NACHA {
		return l.Code
	}
	return l.Response
}

// checkDunning refuses tries that the networks forbid, or that come too early, by what was tried before.
func checkDunning(ctx context.Context, c *config, p *plan.Plan, r *register.Register, now time.Time) error {
	refused := new(register.RefusedError)
	for ch, err := range chargesOf(p) {
		if err != nil {
			return err
		}
		list, err := r.Attempts(ctx, c.owner(), ch.InvoiceID)
		if err != nil {
			return err
		}
		var tried []dunning.TryMade
		network := ch.Network
		for _, l := range list {
			if l.Attempt >= ch.Attempt {
				continue // its own, of a session before
			}
			if network == "" {
				network = l.Network
			}
			tried = append(tried, dunning.TryMade{At: l.At, Advice: l.Advice, Response: responseOf(c, l), Never: l.Advice == "do_not_try_again"})
		}
		d := dunning.May(tried, networkOf(c, network), now)
		if d.OK {
			continue
		}
		when := ""
		if !d.Earliest.IsZero() {
			when = ", and not before " + d.Earliest.Format(time.RFC3339)
		}
		refused.Add("invoice %s is not to be tried again: %s%s; take it out of the plan", ch.InvoiceID, d.Why, when)
	}
	if refused.Count > 0 {
		return refused
	}
	return nil
}
