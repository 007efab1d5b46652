// Package stripe charges customers through Stripe's API, or a server in its shape: it is the provider "stripe" of billing.
//
// What it promises:
//
//   - A charge is asked for under one key, which follows from the key of its try (IdempotencyKey); no request is
//     repeated here, nor by package net/http. The engine asks again, with the same key, as Outcome.Trouble says.
//   - Where the key may be forgotten by now (Life less a margin since Try.Since) nothing is
//     sent. It is looked up, by a list and never by a search, which lags; that it is not there is believed after two looks that
//     are a settle time apart. Until then it is unknown.
//   - What an answer means is one pure function, Judge.
//   - A live key is used in a live run only, a test key in a test run only: CheckKey.
//   - Amounts are in Stripe's own units, exactly, or refused: CheckAmount.
//   - No error or outcome holds the secret key, or the secret by which a browser may finish a payment.
//
// How outcomes are told: one that is final has a Status and no Trouble. One of which it is not known whether money has moved has the
// status unknown and a Trouble with jobs.VerdictUnknown: asked again with the same key it may become known, and nothing is done
// twice. With any other Trouble there is none yet: retry is of what was not sent, in this try or an earlier one, and throttle costs no try.
//
// It leaves to others: when a record is tried again, what is kept of it, which attempts there may be (each
// has a key of its own), and where permits are kept.
package stripe

import (
	"brood/jobs/billing/charge"
	"brood/jobs/permits"
	"brood/jobs/web"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Version is the version of Stripe's API that is asked for and whose answers are read, whatever the account's own is.
const Version = "2026-08-26.dahlia"

// DefaultBaseURL is where Stripe is.
const DefaultBaseURL = "https://api.stripe.com"

// API is by which of Stripe's interfaces charges are made.
type API string

// The interfaces.
const (
	PaymentIntents API = "payment_intents" // one request: make and confirm
	Invoices       API = "invoices"        // four: the customer has an invoice at Stripe
	Charges        API = "charges"         // one; for older accounts, without authentication of customers
)

// APIs are all of them, the default first.
func APIs() []API { return []API{PaymentIntents, Invoices, Charges} }

// ParseAPI is the reverse of the word; nothing is the default.
func ParseAPI(s string) (API, error) {
	if s == "" {
		return PaymentIntents, nil
	}
	if slices.Contains(APIs(), API(s)) {
		return API(s), nil
	}
	return "", fmt.Errorf("there is no API %q of Stripe here; there are %v", s, APIs())
}

// Config is one run's.
type Config struct {
	// BaseURL is https, or http at this machine; empty is Stripe.
	BaseURL string
	// Account is whose rates are shared, by the user's own name of it.
	Account string
	API     API
	Live    bool
	// Key is the secret key. It is kept in memory alone.
	Key string
	// Plan is the hash of the run's plan: metadata[brood_plan] of all that is made.
	Plan string
	// KeyLife is how long keys are known to be kept; 0 is as the profile says.
	KeyLife time.Duration
	// Settle is how long after the last request nothing can be under way any more; 0 is as the profile says.
	Settle time.Duration
	// Timeout bounds one request; 0 is 80 seconds, as Stripe's own programs have it.
	Timeout time.Duration
	// PerSecond is in place of the profile's rates, as an account may have others; less than 0 is no limit.
	PerSecond float64
	// OpenGate opens the gate of a name: permits.Open in the directory that all runs share. Nil: nobody keeps to a rate.
	OpenGate func(name string, l permits.Limits) (*permits.Gate, error)
	// Now is the time; nil is time.Now.
	Now func() time.Time
}

// Client is the provider of one worker. It is a charge.Provider and a charge.Finder.
type Client struct {
	c       Config
	base    string
	profile Profile
	web     *web.Client
	gates   gates
	now     func() time.Time
	pause   time.Duration // before a page of a list is asked for again

	mu    sync.Mutex
	looks map[string]time.Time // by key of a try: when it was first looked for and not found
}

var (
	_ charge.Provider = (*Client)(nil)
	_ charge.Finder   = (*Client)(nil)
)

const (
	defaultTimeout = 80 * time.Second
	pauseOfList    = 100 * time.Millisecond
)

// New makes a client; it connects to nobody.
func New(c Config) (*Client, error) {
	if err := CheckKey(c.Key, c.Live); err != nil {
		return nil, err
	}
	var err error
	if c.API, err = ParseAPI(string(c.API)); err != nil {
		return nil, err
	}
	base, typed, err := checkBase(c.BaseURL)
	if err != nil {
		return nil, err
	}
	s := &Client{c: c, base: base, profile: TheProfile(), now: c.Now, pause: pauseOfList, looks: make(map[string]time.Time)}
	if s.now == nil {
		s.now = time.Now
	}
	if c.KeyLife > 0 {
		s.profile.Life = c.KeyLife
		s.profile.Margin = min(s.profile.Margin, c.KeyLife/4)
	}
	if c.Settle > 0 {
		s.profile.Settle = c.Settle
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	// HTTP/1.1, where how far a request came is known exactly; Once: net/http must not ask again by itself.
	s.web, err = web.New(web.Options{Timeout: c.Timeout, HTTP1: true, Once: true, Typed: typed, Secrets: []string{c.Key}, UserAgent: "brood"})
	if err != nil {
		return nil, err
	}
	s.gates.open(s)
	return s, nil
}

// checkBase is the address without a slash at its end, and the host if the user typed it.
func checkBase(given string) (base string, typed []string, err error) {
	if given == "" {
		return DefaultBaseURL, nil, nil
	}
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", nil, errors.New("--base-url must be an address as https://api.stripe.com, with nothing behind it")
	}
	host := web.Host(u.Hostname())
	a, err := netip.ParseAddr(host)
	loopback := host == "localhost" || err == nil && a.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return "", nil, errors.New("--base-url must begin with https://: the secret key would be read on the way; only at this machine http will do")
	}
	return strings.TrimSuffix(u.String(), "/"), []string{host}, nil
}

// Close ends the connections, and gives back the gates.
func (s *Client) Close() error {
	s.web.Close()
	return s.gates.close()
}

// Profile is what is held to.
func (s *Client) Profile() Profile { return s.profile }
