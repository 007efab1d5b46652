package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/reconcile"
	"brood/jobs/billing/register"
	"brood/jobs/billing/stripe"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

const reconcileHelp = `The plan is added up against what has become of it, in number and in amount by currency, and
with --against compared with the other side: the provider's own list, or files of the bank:
pain.002, camt.053 and camt.054, NACHA returns, or CSV. What was booked there becomes succeeded,
and what has come back (returns, rejects, disputes) is kept too, so that a dunning run may follow.

Charges that are unknown are looked up at the provider: what is found counts; what is not found
counts as not made only after a second look, when no request can be under way any more.

Exit status 0 if everything balances, 1 if not.

Example:
   brood plan billing --settings testdata/billing/seller.toml --scope 2026-11 \
     -o november.plan testdata/billing/charges.csv
   brood run billing --run november --plan november.plan --expect-count 5 \
     --expect-sum EUR=188.49,JPY=11000,KWD=12.345 -o november.csv
   brood reconcile november`

func reconcileTool() jobs.Tool {
	return jobs.Tool{
		Name: "reconcile", Usage: "compare a billing run with its plan, and with the provider or the bank", Arguments: "[NAME]", Help: reconcileHelp,
		Flags: []jobs.Flag{
			{Name: "against", Usage: "the other side: `provider`, or a file of the bank or the provider; may be given several times", Default: []string{}},
			{Name: "map", Usage: "of CSV files, which column is what: `reference=COL,amount=COL,currency=COL,...`", Default: ""},
			{Name: "differences", Usage: "write the differences to `FILE`, as CSV", Default: ""},
			{Name: "api-key-file", Usage: "the provider's secret key is in `FILE`, not in the environment", Default: ""},
		},
		Alone: true, OfRun: reconcileRun,
		Others: map[string]string{"refund": refundAdvice},
	}
}

// refundAdvice is for who would reconcile a run of refunds.
const refundAdvice = "What was given back is reconciled with the run that has charged it, which counts it: brood reconcile CHARGES --against provider. Refunds that are unknown are asked for again, under their keys, or looked up: brood resolve {run} --as retry --all-unknown --reason 'asked again', then brood resume {run}"

// reconciling is brood reconcile at work.
type reconciling struct {
	ctx context.Context //nolint:containedctx // of one command
	c   *config
	f   *jobs.Finished
	p   *plan.Plan
	r   *register.Register
	out io.Writer
	cmp *reconcile.Comparison
	ids []int64 // of the charges in the register, by position in the plan
	// back is what has been given back of the charges, which are refunded whole in the count, by however little.
	back reconcile.Line
	now  time.Time
}

func reconcileRun(o jobs.Options, f *jobs.Finished, stdout, _ io.Writer) (err error) {
	c, err := readConfig(f.Config)
	if err != nil {
		return err
	}
	if file := o.String("api-key-file"); file != "" {
		c.KeyFile = file
	}
	p, err := planOf(c, f.State)
	if err != nil {
		return err
	}
	ctx := context.Background()
	r, err := register.Open(ctx, f.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := holds(ctx, c, f, r); err != nil {
		return err
	}
	against := jobs.SplitList(o.StringSlice("against"))
	if err := c.differencesAreFree(o.String("differences"), append([]string{f.Output}, against...)); err != nil {
		return err
	}
	w := &reconciling{ctx: ctx, c: c, f: f, p: p, r: r, out: stdout, now: time.Now()}
	if err := w.compare(against, o.String("map")); err != nil {
		return err
	}
	var altered error
	if f.Done {
		// What has come back since is booked.
		if err := c.writeJournal(ctx, f.Dir, p, r); err != nil {
			return err
		}
		if f.Rows != nil {
			_, altered = follow(c, f)
		}
	}
	report := w.cmp.Report()
	if file := o.String("differences"); file != "" {
		if err := writeDifferences(file, report); err != nil {
			return err
		}
	}
	return w.tell(report, altered)
}

// compare asks the other sides, and then takes ours as it stands by what they have said.
func (w *reconciling) compare(against []string, columns string) error {
	files := slices.DeleteFunc(slices.Clone(against), func(side string) bool { return side == providerSide })
	asked := len(files) < len(against)
	var listed []charge.Listed
	said := new(heard)
	var err error
	if asked {
		if listed, err = w.askProvider(); err != nil {
			return err
		}
	}
	if len(files) > 0 {
		if said, err = w.hear(files, columns); err != nil {
			return err
		}
	}
	if w.cmp, err = w.count(); err != nil {
		return err
	}
	w.cmp.Partial = !asked // a statement is of a time, and the provider's list of the run
	if asked {
		w.cmp.Asked()
	}
	for i := range listed {
		w.cmp.Theirs(listed[i])
	}
	w.compareWith(said)
	return nil
}

// providerSide is what --against calls the provider; anything else is a file.
const providerSide = "provider"

// askProvider ends what is unknown, and returns all that the provider has of the run.
func (w *reconciling) askProvider() (listed []charge.Listed, err error) {
	client, err := w.client()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	if err := w.lookUp(client); err != nil {
		return nil, err
	}
	return w.list(client)
}

// client is the provider's, to be asked.
func (w *reconciling) client() (*stripe.Client, error) {
	if w.c.Provider != Stripe {
		return nil, fmt.Errorf("--against provider: %s is a provider that can be asked for nothing; compare with the bank's files", w.c.Provider)
	}
	key, err := readKey(w.c.KeyFile)
	if err != nil {
		return nil, err
	}
	if err := stripe.CheckKey(key, w.c.Mode == plan.Live); err != nil {
		return nil, err
	}
	return w.c.newStripe(key, w.f.State)
}

// lookUp ends what is unknown: it is looked for twice, so far apart that nothing can be under way any more.
func (w *reconciling) lookUp(client *stripe.Client) error {
	open, err := w.unknown()
	if err != nil || len(open) == 0 {
		return err
	}
	var decided []jobs.Decided
	looks := func(list []*unknown) (left []*unknown, err error) {
		for _, u := range list {
			o, found, err := client.Find(w.ctx, u.charge, u.key, w.c.Begun)
			if errors.Is(err, stripe.ErrUnsettled) {
				left = append(left, u)
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("look up invoice %s: %w", u.charge.InvoiceID, err)
			}
			if d := u.decide(&o, found); d != nil {
				decided = append(decided, *d)
				continue
			}
			w.f.Say("invoice %s stays unknown: %s", printable(u.charge.InvoiceID), printable(o.Reason))
		}
		return left, nil
	}
	left, err := looks(open)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		settle := client.Profile().Settle
		w.f.Say("%s not at the provider; looking again in %s, when no request can be under way any more", charge.Counted(len(left), "charge is", "charges are"), settle)
		timer := time.NewTimer(settle)
		<-timer.C
		if _, err = looks(left); err != nil {
			return err
		}
	}
	if err := w.f.Decide(decided); err != nil {
		return err
	}
	w.f.Say("%s unknown, and now %s", charge.Counted(len(open), "charge was", "charges were"), charge.Counted(len(open)-len(decided), "is", "are"))
	if len(decided) == 0 {
		return nil
	}
	return w.bookAgain()
}

// bookAgain writes down once more what follows from the results, which have changed.
func (w *reconciling) bookAgain() error {
	e, err := settle(w.ctx, w.c, w.f, w.r)
	if err != nil || !w.f.Done {
		return err
	}
	return w.c.writeBooks(w.ctx, w.f, w.p, w.r, e)
}

// unknown is a charge of which nobody knows what became of it.
type unknown struct {
	seq    jobs.Seq
	charge *charge.Charge
	key    string
}

// decide says what was found out; nil: nothing, as the provider has something that says neither that money has moved nor
// that it has not.
func (u *unknown) decide(o *charge.Outcome, found bool) *jobs.Decided {
	if found && (o.Status == charge.Unknown || o.Trouble != nil) {
		return nil
	}
	d := &jobs.Decided{Seq: u.seq, Status: jobs.StatusFailed, Values: make(map[string]string)}
	if !found {
		d.Reason = "the provider does not have it, at two looks: it was not made"
		d.Values[columnNames[colStatus]] = string(charge.Failed)
		return d
	}
	for i, v := range values(o, "") {
		if len(v) > 0 {
			d.Values[columnNames[i]] = string(v)
		}
	}
	d.Reason = fmt.Sprintf("the provider has it as %s: %s", o.ProviderID, o.Status)
	if o.Status == charge.Succeeded || o.Status == charge.Submitted || o.Status == charge.Processing {
		d.Status = jobs.StatusOK
	}
	return d
}

// unknown are the charges that are, with their keys.
func (w *reconciling) unknown() ([]*unknown, error) {
	wanted := make(map[jobs.Seq]*unknown)
	for o, err := range outcomes(w.f) {
		if err != nil {
			return nil, err
		}
		if o.Final == jobs.StatusUnknown {
			wanted[o.Seq] = &unknown{seq: o.Seq}
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	keys := jobs.KeySpec{Scope: w.c.keyScope(), Columns: []string{"invoice_id", "attempt"}}
	var out []*unknown
	seq := jobs.Seq(0)
	for c, err := range chargesOf(w.p) {
		if err != nil {
			return nil, err
		}
		if u := wanted[seq]; u != nil {
			sum, err := keys.SumOf([]string{c.InvoiceID, fmt.Sprint(c.Attempt)})
			if err != nil {
				return nil, err
			}
			u.charge, u.key = c, fmt.Sprintf("%x", sum)
			out = append(out, u)
		}
		seq++
	}
	return out, nil
}

// count takes our side: the plan, and how each charge stands by the register, which knows what came later than the results.
func (w *reconciling) count() (*reconcile.Comparison, error) {
	list, err := w.r.Charges(w.ctx, w.c.owner(), w.c.Plan)
	if err != nil {
		return nil, err
	}
	back, err := w.r.Refunded(w.ctx, w.c.owner(), w.c.Plan)
	if err != nil {
		return nil, err
	}
	w.ids = make([]int64, len(list))
	cmp := reconcile.New()
	i := 0
	for c, err := range chargesOf(w.p) {
		if err != nil {
			return nil, err
		}
		if i >= len(list) {
			return nil, fmt.Errorf("the register has %d charges of the plan, which has %d", len(list), w.c.Count)
		}
		amount, err := c.Money()
		if err != nil {
			return nil, err
		}
		l := list[i]
		w.ids[i] = l.ID
		status := l.Status
		if !known(status) {
			status = reconcile.Pending
		}
		if minor := back[uint64(i)]; minor > 0 {
			w.back.Count++
			if err := w.back.Sums.Add(money.Amount{Minor: minor, Currency: c.Currency}); err != nil {
				return nil, err
			}
		}
		names := w.references(c)
		if l.Number != "" {
			names = append(names, l.Number)
		}
		if err := cmp.Plan(reconcile.Ours{Seq: jobs.Seq(i), Invoice: c.InvoiceID, ProviderID: l.ProviderID, References: names, Amount: amount, Status: status}); err != nil {
			return nil, err
		}
		i++
	}
	return cmp, nil
}

func known(s charge.Status) bool {
	_, err := charge.ParseStatus(string(s))
	return err == nil
}

// tell prints the report, and says whether it balances by its error.
func (w *reconciling) tell(r *reconcile.Report, altered error) error {
	tw := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
	line := func(name string, l *reconcile.Line) {
		_, _ = fmt.Fprintf(tw, "%s\t%d\t%s\n", name, l.Count, strings.ReplaceAll(l.Sums.String(), ",", "  "))
	}
	line("planned", &r.Planned)
	for i := range r.Lines {
		line("  "+string(r.Lines[i].Status), &r.Lines[i])
	}
	if w.back.Count > 0 {
		line("given back of them", &w.back)
	}
	if r.Compared {
		_, _ = fmt.Fprintf(tw, "matched on the other side\t%d\n", r.Matched)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for i := range r.Differences {
		if i == mostAltered {
			_, _ = fmt.Fprintf(w.out, "... and %d more differences; --differences FILE has all\n", len(r.Differences)-i)
			break
		}
		_, _ = fmt.Fprintln(w.out, printable(r.Differences[i].String()))
	}
	why := r.Why()
	if altered != nil {
		why = append(why, altered.Error())
	}
	if len(why) == 0 {
		_, err := fmt.Fprintln(w.out, "it balances")
		return err
	}
	return &jobs.PartlyError{Left: "it does not balance: " + strings.Join(why, "; ")}
}
