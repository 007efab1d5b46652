package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/stripe"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The rows that a worker has in hand: of a provider that is asked over the network, and of documents that are made durable together.
const (
	mostInHand      = 1024
	remoteInHand    = 100
	documentsInHand = 64
)

// dataset finds the plan, keeps it, and says where its charges are.
func dataset(o jobs.Options, args []string) ([]string, error) {
	if len(args) > 0 {
		return nil, fmt.Errorf("a billing run does a plan, and takes no dataset: make one of %s with brood plan billing", args[0])
	}
	if o.String("plan") == "" {
		return nil, errors.New("say what to charge with --plan FILE; brood plan billing makes one")
	}
	if o.StateDir() == "" {
		return nil, errors.New("there is no directory to keep the plan in: say one with --state")
	}
	p, err := plan.Find(o.StateDir(), o.String("plan"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(plan.ChargesPath(o.StateDir(), p.Hash())); err != nil {
		return nil, fmt.Errorf("plan %s was made with another state directory, or its copy here is gone: make it again with brood plan billing", p.Path())
	}
	return []string{plan.ChargesPath(o.StateDir(), p.Hash())}, nil
}

// planRun checks what the operator has typed against the plan, and fixes the run.
func planRun(o jobs.Options, _ *jobs.Shape) (jobs.Plan, error) {
	p, err := plan.Find(o.StateDir(), o.String("plan"))
	if err != nil {
		return jobs.Plan{}, err
	}
	h := &p.Header
	if err := checkEngineFlags(o); err != nil {
		return jobs.Plan{}, err
	}
	if o.Text() {
		return jobs.Plan{}, errors.New("a billing run needs a file for its results, one row for each charge: say -o FILE.csv")
	}
	if err := checkExpected(o, h); err != nil {
		return jobs.Plan{}, err
	}
	c := &config{
		Plan: p.Hash(), Provider: Provider(h.Provider), Account: h.Account, Mode: h.Mode, Scope: h.Scope, Dunning: h.Dunning,
		Count: h.Count, Sums: h.Sums.String(), Settings: h.Settings, PlanDir: plan.Dir(o.StateDir(), p.Hash()), ID: rand.Text(), Begun: time.Now().UTC().Truncate(time.Second), Who: whoAmI(o.String("operator")),
		API: o.String("api"), BaseURL: o.String("base-url"), KeyFile: o.String("api-key-file"), KeyLife: o.Duration("key-life"), Settle: o.Duration("settle"), PerSecond: o.Float64("per-second"),
	}
	if err := c.checkMode(o); err != nil {
		return jobs.Plan{}, err
	}
	if c.Signed, err = checkApproval(o, h, p.Hash()); err != nil {
		return jobs.Plan{}, err
	}
	out := jobs.Plan{
		Columns: columns(), Ended: ended(), NeedsRaw: true, NeedsText: true, InHand: mostInHand,
		Task:     string(c.Provider) + " " + h.Account + " " + h.Scope,
		Defaults: map[string]string{"key": "invoice_id,attempt", "key-scope": c.keyScope()},
	}
	if path := plan.PlacesPath(o.StateDir(), c.Plan); exists(path) { // plans of earlier broods have none
		out.Places = path
	}
	if err := c.choosePlaces(o, &out); err != nil {
		return jobs.Plan{}, err
	}
	if c.Provider == Stripe {
		err = c.checkStripe()
	}
	if err != nil {
		return jobs.Plan{}, err
	}
	out.Warnings = append(out.Warnings, fmt.Sprintf("plan %.12s: %s, %s, by %s (%s), account %s", c.Plan, charge.Counted(c.Count, "charge", "charges"), c.Sums, c.Provider, c.Mode, c.Account))
	out.Config, err = json.Marshal(c)
	return out, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// checkEngineFlags refuses what would break a promise that the job makes: other keys, another effect, or a part of what
// the sums were typed for.
func checkEngineFlags(o jobs.Options) error {
	for _, name := range []string{"effect", "key", "key-scope", "key-normalize", "once-per", "where", "limit", "append", "unordered", "key-lifetime"} {
		if o.IsSet(name) {
			return fmt.Errorf("--%s is not for money: the plan says what is charged, under which keys, and in which order; to charge less, make another plan", name)
		}
	}
	if o.IsSet("retries") && o.Int("retries") < 1 {
		return errors.New("--retries 0 is not for money: a request that was cut off has to be asked for again, under its key, to know what became of it")
	}
	if o.String("on-unknown") == "skip" {
		return errors.New("--on-unknown skip is not for money: what may have been charged stays unknown until somebody has looked")
	}
	return nil
}

// checkExpected compares the plan with what the operator knows from somewhere else.
func checkExpected(o jobs.Options, h *plan.Header) error {
	if !o.IsSet("expect-count") || !o.IsSet("expect-sum") {
		return errors.New("say how many charges you expect, and their sums, from your own books: --expect-count N --expect-sum EUR=12345.67")
	}
	if n := o.Int("expect-count"); n != h.Count {
		return fmt.Errorf("you expect %s, and the plan has %d: nothing was charged", charge.Counted(n, "charge", "charges"), h.Count)
	}
	sums, err := money.ParseSums(o.String("expect-sum"))
	if err != nil {
		return fmt.Errorf("--expect-sum: %w", err)
	}
	if !sums.Equal(&h.Sums) {
		return fmt.Errorf("you expect %s, and the plan adds up to %s: nothing was charged", sums.String(), h.Sums.String())
	}
	return nil
}

// checkMode keeps live money and tests apart.
func (c *config) checkMode(o jobs.Options) error {
	switch live := o.Bool("live"); {
	case c.Provider != Stripe:
		return nil // what is written is meant as it is written, and moves nothing by itself
	case c.Mode == plan.Live && !live:
		return errors.New("the plan is a live one, and would move money: say --live if that is meant")
	case c.Mode != plan.Live && live:
		return errors.New("--live, and the plan is one of test mode: make a live one with brood plan billing --live")
	}
	return nil
}

// choosePlaces says where files go that are written beside the results, and how many charges a worker has in hand.
func (c *config) choosePlaces(o jobs.Options, p *jobs.Plan) error {
	// A flag of the engine's, which Options gives as well.
	base := strings.TrimSuffix(o.String("output"), filepath.Ext(o.String("output")))
	place := func(flag, end string) (string, error) {
		if given := o.String(flag); given != "" {
			return filepath.Abs(given)
		}
		return filepath.Abs(base + end)
	}
	var errs [3]error
	c.Journal, errs[0] = place("journal", ".journal")
	switch c.Provider {
	case Files:
		c.Invoices, errs[1] = place("invoices", "-invoices")
	case SEPA:
		c.BankFile, errs[2] = place("bank-file", ".xml")
	case NACHA:
		c.BankFile, errs[2] = place("bank-file", ".ach")
	case Stripe:
	default:
		return fmt.Errorf("this brood knows no provider %q", c.Provider)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	if c.Journal == c.BankFile {
		return fmt.Errorf("--journal and --bank-file are one file, %s", c.Journal)
	}
	perWorker := 0
	switch c.Provider {
	case Files:
		perWorker = documentsInHand
	case Stripe:
		perWorker = remoteInHand
	case SEPA, NACHA:
		return nil
	}
	p.Defaults["per-worker"] = strconv.Itoa(perWorker)
	if c.Provider == Stripe {
		p.Defaults["jobs"] = strconv.Itoa(perWorker)
		p.Defaults["retries"] = "10"
	}
	return nil
}

// checkStripe refuses what cannot work before anything is begun.
func (c *config) checkStripe() error {
	key, err := readKey(c.KeyFile)
	if err != nil {
		return err
	}
	if err := stripe.CheckKey(key, c.Mode == plan.Live); err != nil {
		return err
	}
	client, err := c.newStripe(key, "")
	if err != nil {
		return err
	}
	return client.Close()
}

// readKey is the secret key of the account.
func readKey(file string) (string, error) {
	if file == "" {
		return strings.TrimSpace(os.Getenv(stripe.KeyVariable)), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--api-key-file: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// whoAmI names who begins the run: as he says, or as the machine does.
func whoAmI(operator string) string {
	if operator != "" {
		return operator
	}
	name := os.Getenv("USER")
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return name
}

// permitsDir is where the gates of all runs are, in the state directory.
func permitsDir(state string) string { return filepath.Join(state, "permits") }
