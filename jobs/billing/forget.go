package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"brood/jobs/files"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// forgetting is what billing knows of charges that are forgotten. Besides what the engine has there are the plan, the
// fingerprints of the charges, the chain, the register and the journal; and documents and files of a bank, which were made for others.
func forgetting() *jobs.Forgetting {
	return &jobs.Forgetting{Keep: staysHere, Look: lookForgotten, Prepare: prepareForgotten, Settle: settleForgotten}
}

// staysHere reports whether a column stays: what a charge is counted and told apart by, and what the job says of it but for
// links.
func staysHere(column string) bool {
	return charge.Stays(column) || slices.Contains(columnNames[:], column) && column != columnNames[colActionURL]
}

// staysInRefund is staysHere of a run of refunds, in which only a reason tells of anybody.
func staysInRefund(column string) bool {
	return staysHere(column) || slices.Contains([]string{"refund_id", "payment"}, column)
}

// mayBeForgotten reports whether a charge with that status has come to an end: no money can come or go any more unless somebody
// begins anew.
func mayBeForgotten(s charge.Status) bool {
	switch s {
	case charge.Succeeded, charge.Declined, charge.Failed, charge.Returned, charge.Refunded, charge.SkippedDuplicate:
		return true
	default:
		return false
	}
}

// lookForgotten refuses what is open, and names what stays.
func lookForgotten(f *jobs.Finished, which []jobs.Seq, documents bool) (stays []string, err error) {
	c, err := readConfig(f.Config)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	r, err := register.OpenThere(ctx, f.State)
	if err != nil {
		return nil, fmt.Errorf("the register of charges: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	list, err := r.Charges(ctx, c.owner(), c.Plan)
	if err != nil {
		return nil, err
	}
	for _, seq := range which {
		if int64(seq) >= int64(len(list)) {
			return nil, fmt.Errorf("the register has no charge %d of the plan: put it back from a copy", seq)
		}
		l := list[seq]
		if !mayBeForgotten(l.Status) {
			return nil, fmt.Errorf("invoice %s is %s: money may still come or go, and who settles that needs to know whose it is; brood reconcile %s first", printable(l.Invoice), l.Status, f.Run)
		}
		if n, err := r.OpenRefunds(ctx, c.owner(), c.Plan, seq); err != nil {
			return nil, err
		} else if n > 0 {
			return nil, fmt.Errorf("a refund of invoice %s is open: see what becomes of it first", printable(l.Invoice))
		}
	}
	made, err := c.madeFor(f, list, which)
	if err != nil {
		return nil, err
	}
	if !documents {
		for _, path := range made {
			stays = append(stays, path+": made for others, and to be kept as the law says; it goes with --documents")
		}
	}
	stays = append(stays, "the plan's own file and what it was made of, where you keep them; their hashes stay, and say nothing by themselves")
	if c.Provider == Stripe {
		stays = append(stays, "what Stripe has: delete the customer there, by the ids in payment_customer of your own file")
	}
	return stays, nil
}

// madeFor are files that are there and were made of charges for others: documents, and files of a bank.
func (c *config) madeFor(f *jobs.Finished, list []*register.Charge, which []jobs.Seq) (out []string, err error) {
	var may []string
	for _, seq := range which {
		if number := list[seq].Number; c.Provider == Files && number != "" {
			may = append(may, filepath.Join(c.Invoices, number+".pdf"), filepath.Join(c.Invoices, number+".html"))
		}
	}
	if c.BankFile != "" {
		parts, err := os.ReadFile(filepath.Join(f.Dir, bankedFile))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		in := make(map[byte]bool)
		for _, seq := range which {
			if int64(seq) < int64(len(parts)) && parts[seq] != 0 {
				in[parts[seq]] = true
			}
		}
		for part := range in {
			for _, k := range c.bankKinds() {
				may = append(may, c.bankPath(k, part))
			}
		}
	}
	slices.Sort(may)
	for _, path := range may {
		if _, err := os.Lstat(path); err == nil {
			out = append(out, path)
		}
	}
	return out, nil
}

// prepareForgotten makes the plan, the fingerprints and the chain anew.
func prepareForgotten(f *jobs.Finished, which []jobs.Seq, documents bool) (out []jobs.NewVersion, err error) {
	c, err := readConfig(f.Config)
	if err != nil {
		return nil, err
	}
	p, err := planOf(c, f.State)
	if err != nil {
		return nil, err
	}
	if out, err = p.Forget(which); err != nil {
		return out, err
	}
	for _, make := range []func() (jobs.NewVersion, error){
		func() (jobs.NewVersion, error) { return forgetNumbers(f, p, which) },
		func() (jobs.NewVersion, error) { return forgetInChain(c, f, which) },
	} {
		v, err := make()
		if err != nil {
			return out, err
		}
		out = append(out, v)
	}
	if !documents {
		return out, nil
	}
	ctx := context.Background()
	r, err := register.OpenThere(ctx, f.State)
	if err != nil {
		return out, err
	}
	list, err := r.Charges(ctx, c.owner(), c.Plan)
	if err = errors.Join(err, r.Close()); err != nil {
		return out, err
	}
	made, err := c.madeFor(f, list, which)
	for _, path := range made {
		out = append(out, jobs.NewVersion{Path: path})
	}
	return out, err
}

// newVersion makes a new version of a file of the run.
func newVersion(path string, write func(*bufio.Writer) error) (v jobs.NewVersion, err error) {
	if err := files.Sweep(path); err != nil {
		return v, err
	}
	n, err := files.Create(path, 0o600)
	if err != nil {
		return v, err
	}
	w := bufio.NewWriter(n)
	if err := errors.Join(write(w), w.Flush()); err != nil {
		return v, errors.Join(err, n.Discard())
	}
	v.Path = path
	v.New, err = n.Keep()
	return v, err
}

// forgetNumbers makes the file of numbers with the fingerprints of charges as they are since: those of before are hashes of
// what is to be forgotten, and could be tried out.
func forgetNumbers(f *jobs.Finished, p *plan.Plan, which []jobs.Seq) (jobs.NewVersion, error) {
	path := filepath.Join(f.Dir, numbersFile)
	cells, err := os.ReadFile(path)
	if err != nil {
		return jobs.NewVersion{}, fmt.Errorf("read the numbers of invoices: %w", err)
	}
	seq := jobs.Seq(0)
	for ch, err := range chargesOf(p) {
		if err != nil {
			return jobs.NewVersion{}, err
		}
		at := int(seq) * (printCell + numberCell) //nolint:gosec // it is a place in the file
		if _, is := slices.BinarySearch(which, seq); is {
			sum, err := ch.Forgotten().Fingerprint()
			if err == nil && at+printCell > len(cells) {
				err = fmt.Errorf("%s has no charge %d", path, seq)
			}
			if err == nil {
				_, err = hex.Decode(cells[at:at+printCell], []byte(sum))
			}
			if err != nil {
				return jobs.NewVersion{}, err
			}
		}
		seq++
	}
	return newVersion(path, func(w *bufio.Writer) error {
		_, err := w.Write(cells)
		return err
	})
}

// forgetInChain makes the chain without the salts of rows. It is followed before: of rows that were altered nobody could tell
// afterwards what they had been.
func forgetInChain(c *config, f *jobs.Finished, which []jobs.Seq) (jobs.NewVersion, error) {
	link, err := follow(c, f)
	if err != nil {
		return jobs.NewVersion{}, err
	}
	path := filepath.Join(f.Dir, chainFile)
	rows := readKept(path, c.Plan)
	for o, err := range outcomes(f) {
		if err != nil {
			return jobs.NewVersion{}, err
		}
		if _, is := slices.BinarySearch(which, o.Seq); is && o.Row <= len(rows) {
			rows[o.Row-1].gone = true
		}
	}
	return newVersion(path, func(w *bufio.Writer) error {
		_, _ = w.WriteString(chainStart + c.Plan + "\n")
		for i := range rows {
			_, _ = w.WriteString(rows[i].String() + "\n")
		}
		_, err := w.WriteString(chainEnd + link + "\n")
		return err
	})
}

// settleForgotten tells the register, and writes the journal anew, when all else is.
func settleForgotten(f *jobs.Finished, which []jobs.Seq) (err error) {
	c, err := readConfig(f.Config)
	if err != nil {
		return err
	}
	p, err := planOf(c, f.State)
	if err != nil {
		return err
	}
	list, err := forgottenCharges(c, f, p, which)
	if err != nil {
		return err
	}
	ctx := context.Background() // it is done or not
	r, err := register.OpenThere(ctx, f.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.Forget(ctx, c.owner(), c.Plan, list, charge.ForgottenMark); err != nil {
		return err
	}
	f.Say("the register has nothing of them any more but numbers, amounts and statuses")
	if _, err := os.Stat(c.Journal); errors.Is(err, fs.ErrNotExist) {
		return nil // it was filed
	}
	f.Say("the journal is written anew: %s", c.Journal)
	return c.writeJournal(ctx, f.Dir, p, r)
}

// forgottenCharges are what the register is told of charges that were forgotten.
func forgottenCharges(c *config, f *jobs.Finished, p *plan.Plan, which []jobs.Seq) ([]register.Forgotten, error) {
	prints := make(map[jobs.Seq]string, len(which))
	seq := jobs.Seq(0)
	for ch, err := range chargesOf(p) {
		if err != nil {
			return nil, err
		}
		if _, is := slices.BinarySearch(which, seq); is {
			if prints[seq], err = ch.Fingerprint(); err != nil {
				return nil, err
			}
		}
		seq++
	}
	rows := readKept(filepath.Join(f.Dir, chainFile), c.Plan)
	now := time.Now().UTC().Truncate(time.Millisecond)
	h := sha256.New()
	var out []register.Forgotten
	for o, err := range outcomes(f) {
		if err != nil {
			return nil, err
		}
		if _, is := slices.BinarySearch(which, o.Seq); !is {
			continue
		}
		if o.Row > len(rows) {
			return nil, fmt.Errorf("row %d of the results is not in the chain", o.Row)
		}
		digest := o.digest(h, nil)
		out = append(out, register.Forgotten{
			Seq: o.Seq, At: now, Was: hex.EncodeToString(rows[o.Row-1].digest[:]), Now: hex.EncodeToString(digest[:]), Fingerprint: prints[o.Seq],
		})
	}
	return out, nil
}

// forgottenRow is what is known of a row of the results that was forgotten.
type forgottenRow struct {
	was, now [sha256.Size]byte
	charge   *register.Charge
}

// forgottenRows are those of a run.
func forgottenRows(c *config, f *jobs.Finished) (out map[jobs.Seq]*forgottenRow, err error) {
	ctx := context.Background()
	r, err := register.OpenThere(ctx, f.State)
	if err != nil {
		return nil, fmt.Errorf("the register of charges: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	list, err := r.ForgottenOf(ctx, c.owner(), c.Plan)
	if err != nil {
		return nil, err
	}
	charges, err := r.Charges(ctx, c.owner(), c.Plan)
	if err != nil {
		return nil, err
	}
	out = make(map[jobs.Seq]*forgottenRow, len(list))
	for i := range list {
		x := &list[i]
		row := new(forgottenRow)
		if !decodeSum(x.Was, &row.was) || !decodeSum(x.Now, &row.now) || int64(x.Seq) >= int64(len(charges)) {
			return nil, fmt.Errorf("what the register says of forgotten charge %d cannot be read", x.Seq)
		}
		row.charge = charges[x.Seq]
		out[x.Seq] = row
	}
	return out, nil
}

func decodeSum(text string, to *[sha256.Size]byte) bool {
	if len(text) != hex.EncodedLen(len(to)) {
		return false
	}
	_, err := hex.Decode(to[:], []byte(text))
	return err == nil
}

// sameMoney reports whether a row that was forgotten is still over what the register has: whoever would have an altered row pass
// for one that was forgotten could not make it another amount.
func (g *forgottenRow) sameMoney(o *outcome) bool {
	currency := money.Currency(o.field("currency"))
	amount, err := money.Parse(o.field("amount"), currency)
	return err == nil && amount.Minor == g.charge.Minor && string(currency) == g.charge.Currency && o.field("invoice_id") == g.charge.Invoice
}

// withForgotten says of a plan that some of its charges were forgotten.
func withForgotten(text string, p *plan.Plan) string {
	if p.Forgotten() == 0 {
		return text
	}
	return text + fmt.Sprintf("; %s forgotten since, and its SHA-256 is %s now", charge.Counted(p.Forgotten(), "charge was", "charges were"), p.Now())
}
