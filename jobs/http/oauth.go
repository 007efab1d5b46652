package http

import (
	"brood/jobs"
	"brood/jobs/web"
	"context"
	"errors"
	nethttp "net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// ClassToken is that no token was given.
const ClassToken jobs.Class = "token"

// early is how long before its end a token is not used any more.
const early = 10 * time.Second

// tokens are those of a worker: one is got when it is needed first, and again when it has ended or the
// server no longer takes it. All records in hand share it; one asks, the others wait.
type tokens struct {
	from   clientcredentials.Config
	client *nethttp.Client
	mask   *jobs.Mask
	// shown takes the tokens out of a text: the last ones, as one that was replaced may be in hand yet.
	shown atomic.Pointer[jobs.Mask]

	mu     sync.Mutex
	token  *oauth2.Token
	given  []string
	failed *web.Trouble // the last answer, if it was no token
	until  time.Time    // as long as that is not asked for again
}

// patience is how long the answer that there is no token counts for all who want one: they wait for each other, and
// would ask one after the other.
const patience = time.Second

// mostTokens is how many tokens are kept out of texts.
const mostTokens = 3

// tokenClient asks for tokens. It follows no redirect, which would take the client's secret along.
func tokenClient(by nethttp.RoundTripper, timeout time.Duration) *nethttp.Client {
	return &nethttp.Client{Transport: by, Timeout: timeout, CheckRedirect: func(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse }}
}

// token gives one that is taken, as far as that is known.
func (t *tokens) get(ctx context.Context) (*oauth2.Token, *web.Trouble) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && (t.token.Expiry.IsZero() || time.Until(t.token.Expiry) > early) {
		return t.token, nil
	}
	if t.failed != nil && time.Now().Before(t.until) {
		again := *t.failed
		return nil, &again
	}
	token, err := t.from.Token(context.WithValue(ctx, oauth2.HTTPClient, t.client))
	if err != nil {
		failed := t.trouble(err)
		if ctx.Err() == nil {
			kept := *failed
			t.failed, t.until = &kept, time.Now().Add(patience)
		}
		return nil, failed
	}
	t.token, t.failed = token, nil
	t.given = append(t.given, token.AccessToken)
	t.given = t.given[max(0, len(t.given)-mostTokens):]
	t.shown.Store(jobs.NewMask(t.given))
	return token, nil
}

// refused forgets a token that the server does not take, and reports whether there may be a better one:
// not if it is the one that was given just now.
func (t *tokens) refused(token *oauth2.Token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = nil
	}
}

// trouble words why there is no token. Nothing was asked of the API yet. What the server says in its body
// may have the secret in it, so it is not told.
func (t *tokens) trouble(err error) *web.Trouble {
	var own *web.Trouble
	var retrieve *oauth2.RetrieveError
	out := &web.Trouble{Verdict: jobs.VerdictRetry, Class: ClassToken, Text: "no token: the server of --oauth2-token-url cannot be reached", Phase: web.PhaseNotWritten}
	switch {
	case errors.As(err, &retrieve) && retrieve.Response != nil:
		status := retrieve.Response.StatusCode
		judged := web.Judge(status, retrieve.Response.Header, time.Now())
		out.Text = "no token: " + web.StatusText(status)
		if retrieve.ErrorCode != "" {
			out.Text += ", " + web.Excerpt([]byte(retrieve.ErrorCode))
		}
		switch {
		case judged == nil, judged.Verdict == jobs.VerdictFailed, judged.Verdict == jobs.VerdictSkipped:
			out.Verdict = jobs.VerdictAbort // invalid_client is 400 or 401: RFC 6749, section 5.2
		default:
			out.Verdict, out.RetryAfter, out.Delays = judged.Verdict, judged.RetryAfter, judged.Delays
		}
	case errors.As(err, &own):
		out.Verdict, out.Text = own.Verdict, "no token: "+own.Text
	}
	out.Text = t.mask.Text(out.Text)
	return out
}
