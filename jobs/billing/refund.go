package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"brood/jobs/billing/stripe"
	"brood/jobs/billing/table"
	"brood/jobs/files"
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
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
		Secrets: []string{stripe.KeyVariable},
		Resumable: map[string]jobs.Resumable{
			"api_key_file": {Flag: "api-key-file"}, "per_second": {Flag: "per-second"}, "begun": {}, "who": {}, "id": {},
		},
	}
}

// refundRow is a line of the dataset that a run of refunds works on.
type refundRow struct {
	RefundID  string         `json:"refund_id"`
	InvoiceID string         `json:"invoice_id"`
	Customer  string         `json:"customer_id"`
	Amount    string         `json:"amount"`
	Currency  money.Currency `json:"currency"`
	Reason    string         `json:"reason,omitempty"`
	Payment   string         `json:"payment"` // the charge's id at the provider
}

func (r *refundRow) refund(run, identity string) (*register.Refund, error) {
	a, err := money.Parse(r.Amount, r.Currency)
	return &register.Refund{ID: r.RefundID, Invoice: r.InvoiceID, Minor: a.Minor, Currency: a.Currency, Run: run, Identity: identity}, err
}

func refundOwner(o jobs.Options) register.Owner {
	mode := plan.Test
	if o.Bool("live") {
		mode = plan.Live
	}
	return register.Owner{Account: o.String("account"), Mode: string(mode)}
}

// refundDataset reads the file whole, finds the charges in the register, and keeps what the run does.
func refundDataset(o jobs.Options, args []string) (paths []string, err error) {
	if len(args) != 1 {
		return nil, errors.New("name one file with the refunds")
	}
	if o.StateDir() == "" {
		return nil, errors.New("there is no state directory: say one with --state")
	}
	ctx := context.Background()
	r, err := register.OpenThere(ctx, o.StateDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("nothing was charged from %s yet, so there is nothing to give back", o.StateDir())
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	t, err := table.Open(args[0])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	var out bytes.Buffer
	w := refunds{t: t, r: r, owner: refundOwner(o), seen: make(map[string]int), enc: json.NewEncoder(&out)}
	w.enc.SetEscapeHTML(false)
	if err := w.all(ctx); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(out.Bytes())
	dir := filepath.Join(register.Dir(o.StateDir()), "refunds")
	if err := files.MakeDir(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, hex.EncodeToString(sum[:])+".jsonl")
	return []string{path}, files.Write(path, out.Bytes(), 0o600)
}

// refunds reads a file of them.
type refunds struct {
	t     *table.Table
	r     *register.Register
	owner register.Owner
	seen  map[string]int // line by refund
	enc   *json.Encoder
	wrong register.RefusedError
}

func (w *refunds) all(ctx context.Context) error {
	for {
		row, err := w.t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if bad := (*table.RowError)(nil); errors.As(err, &bad) {
			w.wrong.Add("%s:%d: %s", w.t.Name, bad.Line, bad.Text)
			continue
		}
		if err != nil {
			return err
		}
		if err := w.one(ctx, row); err != nil {
			return err
		}
	}
	if w.wrong.Count > 0 {
		return &w.wrong
	}
	if len(w.seen) == 0 {
		return fmt.Errorf("%s has no rows", w.t.Name)
	}
	return nil
}

func (w *refunds) one(ctx context.Context, row *table.Row) error {
	field := func(name string) string {
		for i, column := range w.t.Header {
			if column == name && i < len(row.Fields) {
				return row.Fields[i]
			}
		}
		return ""
	}
	fail := func(format string, args ...any) error {
		w.wrong.Add("%s:%d: %s", w.t.Name, row.Line, fmt.Sprintf(format, args...))
		return nil
	}
	f := refundRow{RefundID: field("refund_id"), InvoiceID: field("invoice_id"), Amount: field("amount"), Currency: money.Currency(field("currency")), Reason: field("reason")}
	if f.RefundID == "" || f.InvoiceID == "" || f.Amount == "" {
		return fail("a refund needs refund_id, invoice_id and amount")
	}
	if line, twice := w.seen[f.RefundID]; twice {
		return fail("refund %s stands in line %d already", f.RefundID, line)
	}
	w.seen[f.RefundID] = row.Line
	list, err := w.r.Attempts(ctx, w.owner, f.InvoiceID)
	if err != nil {
		return err
	}
	var paid *register.Charge
	for _, c := range list {
		if c.Status == charge.Succeeded || c.Status == charge.Refunded {
			paid = c
		}
	}
	if paid == nil {
		return fail("no charge of invoice %s has succeeded for account %s in %s mode", f.InvoiceID, w.owner.Account, w.owner.Mode)
	}
	if f.Currency == "" {
		f.Currency = money.Currency(paid.Currency)
	}
	if _, err := money.Parse(f.Amount, f.Currency); err != nil {
		return fail("%v", err)
	}
	if paid.ProviderID == "" {
		return fail("the charge of invoice %s has no id at a provider: it was not made by one that gives money back", f.InvoiceID)
	}
	f.Payment, f.Customer = paid.ProviderID, paid.Customer
	return w.enc.Encode(&f)
}

// refundRows walks over the lines of a dataset of refunds.
func refundRows(path string) iter.Seq2[*refundRow, error] {
	return func(yield func(*refundRow, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = f.Close() }()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			r := new(refundRow)
			if err := json.Unmarshal(lines.Bytes(), r); err != nil {
				yield(nil, fmt.Errorf("%s: %w", path, err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, err)
		}
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
		Columns: columns(), Ended: ended(), NeedsRaw: true, NeedsText: true, InHand: mostInHand, Task: "refund " + owner.Account,
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

// linesFile has, in the directory of a run of refunds, the SHA-256 of each line of its dataset: nothing is done but what was
// checked.
const linesFile = "refund.lines"

func writeLines(rows, dir string) error {
	text, err := os.ReadFile(rows)
	if err != nil {
		return err
	}
	var sums []byte
	for line := range bytes.Lines(text) {
		sum := sha256.Sum256(bytes.TrimSuffix(line, []byte("\n")))
		sums = append(sums, sum[:]...)
	}
	return files.Write(filepath.Join(dir, linesFile), sums, 0o600)
}

func openRefund(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	c, err := readRefundConfig(s.Config)
	if err != nil {
		return nil, err
	}
	key, err := readKey(c.KeyFile)
	if err != nil {
		return nil, err
	}
	sums, err := os.ReadFile(filepath.Join(s.Dir, linesFile))
	if err != nil {
		return nil, err
	}
	client, err := c.newStripe(key, s.State)
	if err != nil {
		return nil, err
	}
	return &refunder{c: c, keys: s.Key, client: client, sums: sums, owns: true}, nil
}

// refunder is a worker that gives money back. Forks share the client.
type refunder struct {
	c      *refundConfig
	keys   jobs.KeySpec
	client *stripe.Client
	sums   []byte // of linesFile
	owns   bool
}

// Fork returns one for another refund in hand at the same time.
func (w *refunder) Fork() (jobs.Runner, error) {
	return &refunder{c: w.c, keys: w.keys, client: w.client, sums: w.sums}, nil
}

// Do gives one part back.
func (w *refunder) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	sum, at := sha256.Sum256(rec.Raw), int64(rec.Seq)*sha256.Size
	if at+sha256.Size > int64(len(w.sums)) || !bytes.Equal(w.sums[at:at+sha256.Size], sum[:]) {
		res.Fail(jobs.VerdictFailed, jobs.ClassInput, "%v", errChanged)
		return nil
	}
	var r refundRow
	if err := json.Unmarshal(rec.Raw, &r); err != nil {
		res.Fail(jobs.VerdictFailed, jobs.ClassInput, "%v", err)
		return nil
	}
	key := w.keys.Of(rec)
	ch := &charge.Charge{InvoiceID: r.InvoiceID, CustomerID: r.Customer, Amount: r.Amount, Currency: r.Currency, Attempt: 1, Kind: charge.KindCreditNote, Metadata: map[string]string{"refund_id": r.RefundID}}
	o := w.client.Refund(ctx, &charge.Try{Charge: ch, Key: key, Again: rec.Attempt > 1, Since: w.c.Begun}, r.Payment)
	into(&o, stripe.IdempotencyKey(key), res)
	return nil
}

// Close ends the client with the last of them.
func (w *refunder) Close() error {
	if w.owns {
		return w.client.Close()
	}
	return nil
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
