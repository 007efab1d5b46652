package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/stripe"
	"brood/jobs/permits"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
)

// open makes a worker ready.
func open(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	c, err := readConfig(s.Config)
	if err != nil {
		return nil, err
	}
	switch c.Provider {
	case Stripe:
		key, err := readKey(c.KeyFile)
		if err != nil {
			return nil, err
		}
		client, err := c.newStripe(key, s.State)
		if err != nil {
			return nil, err
		}
		return newCharger(c, &s, client)
	case Files:
		return openPress(c, &s)
	case SEPA, NACHA:
		return newCharger(c, &s, entries{c})
	default:
		return nil, fmt.Errorf("billing: this brood knows no provider %q", c.Provider)
	}
}

// newStripe makes the client of a worker; without a state directory it keeps to no rate, and asks nobody.
func (c *config) newStripe(key, state string) (*stripe.Client, error) {
	api, err := stripe.ParseAPI(c.API)
	if err != nil {
		return nil, fmt.Errorf("--api: %w", err)
	}
	conf := stripe.Config{
		BaseURL: c.BaseURL, Account: c.Account, API: api, Live: c.Mode == plan.Live, Key: key, Plan: c.Plan,
		KeyLife: c.KeyLife, Settle: c.Settle, PerSecond: c.PerSecond,
	}
	if state != "" {
		dir := permitsDir(state)
		conf.OpenGate = func(name string, l permits.Limits) (*permits.Gate, error) { return permits.Open(dir, name, l) }
	}
	return stripe.New(conf)
}

// gcPercent is by how much of what is in use the heap of a worker with several charges in hand grows before garbage is collected.
const gcPercent = 400

// charger is a worker of a provider that ends each charge by itself. Forks share the provider.
type charger struct {
	c        *config
	keys     jobs.KeySpec
	provider charge.Provider
	planned  *numbers
	owns     bool
}

func newCharger(c *config, s *jobs.Setup, p charge.Provider) (*charger, error) {
	planned, err := openNumbers(s.Dir)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return &charger{c: c, keys: s.Key, provider: p, planned: planned, owns: true}, nil
}

// Fork returns one for another charge in hand at the same time. A worker that has many is one of few, and requests leave garbage
// and little else: to collect it a quarter as often takes some megabytes of it, and saves a tenth of the time.
func (w *charger) Fork() (jobs.Runner, error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	return &charger{c: w.c, keys: w.keys, provider: w.provider, planned: w.planned}, nil
}

// Do makes one charge.
func (w *charger) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	ch, wrong, err := w.planned.charge(rec)
	if err != nil {
		return err
	}
	if wrong != nil {
		verdict := jobs.VerdictFailed
		if rec.Attempt > 1 && w.c.Provider == Stripe {
			verdict = jobs.VerdictUnknown // an earlier try may have charged
		}
		res.Fail(verdict, jobs.ClassInput, "%v", wrong)
		return nil
	}
	if w.planned.out.has(rec.Seq) {
		into(&superseded, "", res)
		return nil
	}
	key := w.keys.Of(rec)
	o := w.provider.Charge(ctx, &charge.Try{Charge: ch, Key: key, Again: rec.Attempt > 1, Since: w.c.Begun})
	into(&o, sentKey(w.c, key), res)
	return nil
}

// sentKey is the key as the provider got it.
func sentKey(c *config, key string) string {
	if c.Provider == Stripe {
		return stripe.IdempotencyKey(key)
	}
	return key
}

// Close ends the provider with the last of them.
func (w *charger) Close() error {
	if w.owns {
		return errors.Join(w.provider.Close(), w.planned.close())
	}
	return nil
}
