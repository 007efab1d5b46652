package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/stripe"
	"brood/jobs/files"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
)

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
