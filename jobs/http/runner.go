package http

import (
	"brood/jobs"
	"brood/jobs/web"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	nethttp "net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// The classes that are this job's own, beside those of package web.
const (
	ClassExpect jobs.Class = "expect" // --expect does not hold
	ClassColumn jobs.Class = "column" // an expression of --column failed
	ClassSave   jobs.Class = "save"   // the answer could not be saved
)

// userAgent is said to servers that are asked without -A.
const userAgent = "brood"

// idleOnce is how long a connection is kept for requests that must not be sent twice: servers
// close theirs after two seconds or more, and one that is closed at the moment in which a request is written on
// it leaves a record unknown.
const idleOnce = 1500 * time.Millisecond

// shared is what the runners of one worker have in common.
type shared struct {
	*compiled
	setup   jobs.Setup
	client  *web.Client
	secrets map[string]string
	doubts  doubts
	tokens  *tokens // nil: none are needed
	// halted is why nothing more is sent, though the record that showed it could not say so: what was asked for it
	// may be done.
	halted atomic.Pointer[web.Trouble]
}

// runner makes the requests of a place.
type runner struct {
	*shared
	first bool
}

func open(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	var c config
	if err := json.Unmarshal(s.Config, &c); err != nil {
		return nil, fmt.Errorf("http: read configuration: %w", err)
	}
	x, err := c.compile(s.Shape)
	if err != nil {
		return nil, err
	}
	all := &shared{compiled: x, setup: s, secrets: make(map[string]string)}
	values := x.given()
	for _, name := range c.Secrets {
		v, ok := os.LookupEnv(name)
		if !ok {
			return nil, fmt.Errorf("the secret %s is not in the environment: give it again by --secret", name)
		}
		all.secrets[name] = strings.TrimRight(v, "\r\n")
		values = append(values, v)
	}
	o := web.Options{
		Timeout: c.MaxTime, Connect: c.Connect, Proxy: c.Proxy, CAFile: c.CACert, CertFile: c.Cert, KeyFile: c.CertKey, Resolve: c.Resolve, HTTP1: c.HTTP1,
		MaxBytes: min(c.MaxBytes, s.MaxOutput), Redirects: c.Redirects, UserAgent: userAgent, AllowPrivate: c.AllowPrivate, Typed: x.typed(), Secrets: values,
	}
	if x.ofRecord {
		o.Allow = x.checkHost
	}
	if c.Once {
		o.Once, o.Idle = true, idleOnce
	}
	if all.client, err = web.New(o); err != nil {
		return nil, err
	}
	if c.OAuth2 != nil {
		all.tokens = &tokens{mask: all.client.Mask(), client: tokenClient(all.client.RoundTripper(), c.MaxTime), from: clientcredentials.Config{
			ClientID: c.OAuth2.ClientID, ClientSecret: all.secrets[c.OAuth2.Secret], TokenURL: c.OAuth2.TokenURL, Scopes: c.OAuth2.Scopes,
		}}
	}
	if x.save != nil {
		if err := x.save.make(); err != nil {
			return nil, fmt.Errorf("--save: %w", err)
		}
	}
	return &runner{all, true}, nil
}

// Fork is another runner of the same client.
func (r *runner) Fork() (jobs.Runner, error) { return &runner{r.shared, false}, nil }

// Close ends the connections, when the first runner is closed, which is the last.
func (r *runner) Close() error {
	if r.first {
		r.client.Close()
	}
	return nil
}

// mostQuoted is how much of a body is looked at for what a server says in it.
const mostQuoted = 64 << 10

// hide takes the secrets out of a text, and the tokens that were got.
func (s *shared) hide(text string) string {
	text = s.client.Mask().Text(text)
	if s.tokens != nil {
		text = s.tokens.shown.Load().Text(text)
	}
	return text
}

// secret is the value of one.
func (s *shared) secret(name string) string { return s.secrets[name] }

// Do makes the request of a record.
func (r *runner) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	r.doubts.begin()
	defer r.doubts.end()
	if halted := r.halted.Load(); halted != nil {
		res.Fail(jobs.VerdictAbort, halted.Class, "nothing more is sent: %s", halted.Text)
		return nil
	}
	key := ""
	if r.Idempotency != "" {
		key = r.setup.Key.Of(rec)
	}
	req, err := r.request(rec, key, r.secret)
	if err != nil {
		var missing *fileError
		if errors.As(err, &missing) {
			res.Fail(jobs.VerdictFailed, jobs.ClassInput, "%s", r.client.Mask().Text(missing.Error()))
			return nil
		}
		res.Fail(jobs.VerdictFailed, web.ClassRequest, "%s", r.client.Mask().Text(err.Error()))
		return nil
	}
	place := ""
	if r.save != nil { // before anything is sent
		if place, err = r.save.place(rec); err != nil {
			res.Fail(jobs.VerdictFailed, web.ClassRequest, "--save: %v", err)
			return nil
		}
	}
	got, trouble := r.exchange(ctx, req)
	if trouble == nil {
		trouble = r.judge(ctx, got)
	}
	if trouble == nil && r.save != nil {
		if err := r.save.put(place, got.Body); err != nil {
			trouble = r.notSaved(err)
		}
	}
	if trouble == nil {
		r.doubts.took()
		r.fill(ctx, got, res)
		return nil
	}
	r.settle(ctx, rec, trouble)
	r.landed(trouble)
	trouble.Into(res)
	if got != nil {
		_ = r.values(ctx, got, res) // why it did not end well is said already
	}
	return nil
}

// exchange sends a request, with a token if one is needed: a second time, where the server takes
// the first no longer.
func (r *runner) exchange(ctx context.Context, req *asked) (*answer, *web.Trouble) {
	for try := 1; ; try++ {
		var token *oauth2.Token
		if r.tokens != nil {
			var trouble *web.Trouble
			if token, trouble = r.tokens.get(ctx); trouble != nil {
				return nil, trouble
			}
			req.Header.Set("Authorization", token.Type()+" "+token.AccessToken)
		}
		a, err := r.client.Do(ctx, req.Request)
		if err != nil {
			var trouble *web.Trouble
			if !errors.As(err, &trouble) {
				trouble = &web.Trouble{Verdict: jobs.VerdictRetry, Class: web.ClassCut, Text: err.Error(), Phase: web.PhaseWritten}
			}
			r.meant(trouble)
			return nil, trouble
		}
		if token != nil && a.Status == nethttp.StatusUnauthorized && (!a.Changed || !r.Once) {
			if r.tokens.refused(token); try == 1 {
				continue
			}
		}
		return &answer{Answer: a}, nil
	}
}

// meant gives a trouble the verdict that the user wants, or what it means for what must not be sent twice.
func (r *runner) meant(t *web.Trouble) {
	if v, ok := r.ruled(t); ok {
		t.Verdict = v
		if v != jobs.VerdictRetry && v != jobs.VerdictThrottle {
			t.RetryAfter, t.Delays = 0, jobs.DelaysDefault
		}
		return
	}
	if r.Once && !t.Changed { // see landed
		t.ForOnce()
	}
}

// ruled is what the user says of a trouble. The status of half an answer says nothing of it.
func (r *runner) ruled(t *web.Trouble) (jobs.Verdict, bool) {
	if t.Phase == web.PhaseHalf {
		return r.rules.of(0, t.Class)
	}
	return r.rules.of(t.Status, t.Class)
}

// landed is what a trouble means that is about where a redirect led to, for what must not be sent twice. A refusal, which
// would be that of the next as well, stops the run by another record.
func (r *runner) landed(t *web.Trouble) {
	if _, ruled := r.ruled(t); ruled || !r.Once || !t.Changed {
		return
	}
	if t.Verdict == jobs.VerdictAbort {
		why := *t
		r.halted.Store(&why)
	}
	t.ForOnce()
}

// judge says what is wrong with an answer; nil: nothing is.
func (r *runner) judge(ctx context.Context, a *answer) *web.Trouble {
	trouble := web.Judge(a.Status, a.Header, time.Now())
	expected := false
	for i := range r.expects {
		expected = expected || r.expects[i].hasStatus(a.Status)
	}
	verdict, ruled := r.rules.of(a.Status, "")
	switch {
	case ruled && verdict == jobs.VerdictOK, expected && !ruled:
		trouble = nil
	case ruled && trouble == nil:
		trouble = &web.Trouble{Class: web.ClassOf(a.Status), Text: web.StatusText(a.Status), Status: a.Status, Phase: web.PhaseAnswered}
	}
	if trouble != nil {
		if said := web.Excerpt([]byte(r.hide(string(a.Body[:min(len(a.Body), mostQuoted)])))); said != "" {
			trouble.Text += ": " + said
		}
		if trouble.Changed = a.Changed; a.Changed {
			trouble.Text += "; a redirect led there"
		}
		if a.Status >= 300 && a.Status < 400 && a.Status != nethttp.StatusNotModified && r.Redirects == 0 {
			trouble.Text += "; -L follows"
		}
		r.meant(trouble)
		return trouble
	}
	if r.wantsJSON {
		if trouble = r.read(a); trouble != nil {
			r.meant(trouble)
			return trouble
		}
	}
	for i := range r.expects {
		if why := r.expects[i].unmet(ctx, a); why != "" {
			return &web.Trouble{Verdict: jobs.VerdictFailed, Class: ClassExpect, Text: r.hide(why), Status: a.Status, Phase: web.PhaseAnswered}
		}
	}
	return nil
}

// read reads the body as JSON. One that is none is half an answer, whatever is the matter.
func (r *runner) read(a *answer) *web.Trouble {
	if len(a.Body) == 0 && (a.Status == nethttp.StatusNoContent || r.Method == nethttp.MethodHead) {
		a.empty = true
		return nil
	}
	var err error
	if a.value, err = decode(a.Body, r.setup.MaxDepth); err == nil {
		return nil
	}
	text := fmt.Sprintf("%s, but the body is no JSON: %v", web.StatusText(a.Status), err)
	return &web.Trouble{Verdict: jobs.VerdictRetry, Class: web.ClassAnswer, Text: r.hide(text), Status: a.Status, Phase: web.PhaseHalf}
}

// unmet says why an expectation does not hold; empty: it does.
func (e *expectation) unmet(ctx context.Context, a *answer) string {
	if e.code == nil {
		if e.hasStatus(a.Status) {
			return ""
		}
		return fmt.Sprintf("%s is not what is expected: %s", web.StatusText(a.Status), e.given)
	}
	v, err := e.code.first(ctx, a)
	switch {
	case err != nil:
		return fmt.Sprintf("--expect %q: %v", e.given, err)
	case v == true:
		return ""
	}
	text, _ := textOfValue(v)
	return fmt.Sprintf("--expect %q does not hold: it is %.60q", e.given, text)
}

// settle decides what is open about a trouble: whether a refusal is about the record.
func (r *runner) settle(ctx context.Context, rec *jobs.Record, t *web.Trouble) {
	refused := t.Status == nethttp.StatusUnauthorized || t.Status == nethttp.StatusForbidden
	switch {
	case refused && t.Verdict == jobs.VerdictAbort:
		if _, ruled := r.rules.of(t.Status, t.Class); ruled {
			return
		}
		t.Verdict, t.RetryAfter = r.doubts.weigh(ctx, rec.Seq, rec.Attempt)
		if t.Delays = jobs.DelaysRecord; t.Verdict == jobs.VerdictAbort {
			t.Text += "; if that is about the record alone: --on " + strconv.Itoa(t.Status) + "=failed"
		}
	case t.Changed: // it is not the answer to what was asked
	case t.Phase == web.PhaseAnswered && t.Status < 500 && t.Status != nethttp.StatusTooManyRequests:
		r.doubts.took()
	}
	if t.Verdict == jobs.VerdictThrottle && !r.ofRecord {
		t.Delays = jobs.DelaysAll // there is one host, whatever the records are paced by
	}
}

// notSaved is that the answer is lost after all. Unless that is for the name that the record gives, the next
// would be as well: nothing more is sent.
func (r *runner) notSaved(err error) *web.Trouble {
	t := &web.Trouble{Verdict: jobs.VerdictAbort, Class: ClassSave, Text: fmt.Sprintf("the answer cannot be saved: %v", err), Phase: web.PhaseAnswered}
	if isOfName(err) {
		t.Verdict = jobs.VerdictFailed
	}
	if r.Once {
		if t.Verdict == jobs.VerdictAbort {
			why := *t
			r.halted.Store(&why)
		}
		t.Verdict = jobs.VerdictUnknown
		t.Text += "; the request was answered"
	}
	return t
}
