package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"brood/jobs/billing/table"
	"brood/jobs/files"
	"bufio"
	"bytes"
	"context"
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
)

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
	w := refunds{t: t, r: r, owner: refundOwner(o), state: o.StateDir(), by: make(map[string]Provider), seen: make(map[string]int), enc: json.NewEncoder(&out)}
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
	if err := files.Write(refundPlaces(path), w.places, 0o600); err != nil {
		return nil, err
	}
	return []string{path}, files.Write(path, out.Bytes(), 0o600)
}

// refundPlaces says where the user has the rows of a dataset of refunds: see jobs.Plan.Places.
func refundPlaces(rows string) string { return rows + ".places" }

// refunds reads a file of them.
type refunds struct {
	t      *table.Table
	r      *register.Register
	owner  register.Owner
	state  string
	by     map[string]Provider // by plan
	seen   map[string]int      // line by refund
	enc    *json.Encoder
	places []byte
	wrong  register.RefusedError
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
	if by, err := w.chargedBy(paid); err != nil {
		return err
	} else if by != Stripe {
		return fail("invoice %s was charged by %s: what a bank's file has collected is given back by a transfer (brood plan billing, rows of the kind payout), and a document by a credit note (rows of the kind credit_note)", f.InvoiceID, by)
	}
	f.Payment, f.Customer = paid.ProviderID, paid.Customer
	w.places = jobs.AppendPlace(w.places, printable(fmt.Sprintf("%s:%d, refund %s of invoice %s", w.t.Name, row.Line, f.RefundID, f.InvoiceID)))
	return w.enc.Encode(&f)
}

// chargedBy is who has made a charge, by the plan of its run.
func (w *refunds) chargedBy(c *register.Charge) (Provider, error) {
	if by, there := w.by[c.Plan]; there {
		return by, nil
	}
	p, err := plan.Find(w.state, c.Plan)
	if err != nil {
		return "", fmt.Errorf("who has charged invoice %s: %w", c.Invoice, err)
	}
	w.by[c.Plan] = Provider(p.Header.Provider)
	return w.by[c.Plan], nil
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
