package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/invoice"
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"
)

// press is a worker that writes documents: many in hand, made durable together, and only then acknowledged.
type press struct {
	c       *config
	keys    jobs.KeySpec
	numbers *numbers
	w       *invoice.Writer

	mu      sync.Mutex // also of rep
	rep     jobs.Reporter
	most    int
	waiting []*written // put, and not durable yet
	syncing bool
	work    sync.WaitGroup
}

// written is a charge whose documents are written.
type written struct {
	at    int
	out   charge.Outcome
	key   string
	begun time.Time
}

func openPress(c *config, s *jobs.Setup) (*press, error) {
	made, err := invoice.Open(c.PlanDir, c.Settings)
	if err != nil {
		return nil, err
	}
	n, err := openNumbers(s.Dir)
	if err != nil {
		return nil, err
	}
	w, err := invoice.NewWriter(made, c.Invoices)
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	return &press{c: c, keys: s.Key, numbers: n, w: w}, nil
}

// put makes and writes the documents of a record. An error is one of the machinery.
func (p *press) put(rec *jobs.Record) (*written, error) {
	d := &written{key: p.keys.Of(rec), begun: time.Now()}
	ch, wrong, err := p.numbers.charge(rec)
	if err != nil {
		return nil, err
	}
	if wrong != nil {
		d.out = charge.Outcome{Trouble: &charge.Trouble{Verdict: jobs.VerdictFailed, Class: jobs.ClassInput, Text: wrong.Error()}}
		return d, nil //nolint:nilerr // it is the record's outcome
	}
	if p.numbers.out.has(rec.Seq) {
		d.out = superseded
		return d, nil
	}
	if ch.Kind == charge.KindPayout {
		d.out = charge.Outcome{Status: charge.Failed, ErrorType: "brood", Reason: "a payout has no invoice: plan it with --provider sepa or nacha"}
		return d, nil
	}
	made, err := p.w.Put(ch)
	switch {
	case errors.Is(err, invoice.ErrStorage):
		d.out = notStored(err)
	case errors.Is(err, invoice.ErrTaken):
		d.out = charge.Outcome{Trouble: &charge.Trouble{Verdict: jobs.VerdictAbort, Class: "number", Text: err.Error()}}
	case err != nil:
		d.out = charge.Outcome{Status: charge.Failed, ErrorType: "brood", Reason: err.Error()}
	default:
		d.out = charge.Outcome{
			Status: charge.Succeeded, ProviderID: made.Number, Number: made.Number,
			PDF: filepath.Join(filepath.Base(p.c.Invoices), made.PDF), HTML: filepath.Join(filepath.Base(p.c.Invoices), made.HTML),
		}
	}
	return d, nil
}

// notStored stops the run: a full disk is full for all, and what could not be stored waits for the run to go on. A worker that died
// of it again and again would make all of them unknown.
func notStored(err error) charge.Outcome {
	return charge.Outcome{Trouble: &charge.Trouble{Verdict: jobs.VerdictAbort, Class: "storage", Text: err.Error()}}
}

// Do writes one, where there is one place only.
func (p *press) Do(_ context.Context, rec *jobs.Record, res *jobs.Result) error {
	d, err := p.put(rec)
	if err != nil {
		return err
	}
	if err := p.w.Sync(); err != nil {
		d.out = notStored(err)
	}
	into(&d.out, d.key, res)
	return nil
}

// Stream says at how many places charges are begun.
func (p *press) Stream(places int, rep jobs.Reporter) { p.most, p.rep = max(places/2, 1), rep }

// Begin writes the documents of a charge. They are durable with the next ones, half of the places at a time, so that
// the other half is written meanwhile.
func (p *press) Begin(at int, rec *jobs.Record) error {
	d, err := p.put(rec)
	if err != nil {
		return err
	}
	d.at = at
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, d)
	if len(p.waiting) >= p.most {
		p.leave()
	}
	return nil
}

// Flush says that no other charge comes at once.
func (p *press) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave()
	return nil
}

// leave makes durable what waits. The caller holds the lock.
func (p *press) leave() {
	if p.syncing || len(p.waiting) == 0 {
		return // who syncs goes on with what has come meanwhile
	}
	p.syncing = true
	p.work.Go(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for len(p.waiting) > 0 {
			group := p.waiting
			p.waiting = nil
			p.mu.Unlock()
			err := p.w.Sync()
			p.mu.Lock()
			if err != nil {
				for _, d := range group {
					d.out = notStored(err)
				}
			}
			p.tell(group)
		}
		p.syncing = false
	})
}

// tell ends charges whose documents are durable. The caller holds the lock.
func (p *press) tell(group []*written) {
	var res jobs.Result
	for _, d := range group {
		res.Reset()
		into(&d.out, d.key, &res)
		// Documents that were made durable together end together: each took as long as it was made and waited for, and not what
		// passed since the one before it ended.
		res.Elapsed, res.ElapsedKnown = time.Since(d.begun), true
		p.rep.End(d.at, &res)
	}
	p.rep.Flush()
}

// Close waits for what is being made durable.
func (p *press) Close() error {
	p.work.Wait()
	return errors.Join(p.w.Close(), p.numbers.close())
}
