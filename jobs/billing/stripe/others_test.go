package stripe

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/paytest"
	"brood/jobs/jobtest/needs"
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Other people's servers in Stripe's shape. Neither is complete: Stripe's own stripe-mock checks each parameter against its
// description of the API, and remembers nothing; stripe-stateful-mock remembers charges, and knows no payment intents.

// tool is a program that testdata/install.sh has installed; without it the test is skipped on a person's machine.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "bin", "tools", name))
	if err != nil {
		t.Fatal(err)
	}
	needs.Files(t, path)
	return path
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// start runs a server until the test ends, and gives its address when it says that it is ready.
func start(t *testing.T, port, ready string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), ready) {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return "http://127.0.0.1:" + port
		}
	}
	t.Fatalf("%s did not start: %v", name, lines.Err())
	return ""
}

// recorder hands requests on, and keeps what was answered, by method and path.
type recorder struct {
	mu      sync.Mutex
	answers []string
	bad     []string
}

func (r *recorder) serve(t *testing.T, to string) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	p := httputil.NewSingleHostReverseProxy(u)
	p.ModifyResponse = func(resp *http.Response) error {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		resp.Body = io.NopCloser(strings.NewReader(string(body)))
		r.mu.Lock()
		defer r.mu.Unlock()
		line := resp.Request.Method + " " + resp.Request.URL.Path
		r.answers = append(r.answers, line)
		if resp.StatusCode != http.StatusOK {
			r.bad = append(r.bad, fmt.Sprintf("%s: %d %s", line, resp.StatusCode, body))
		}
		return nil
	}
	h := httptest.NewServer(p)
	t.Cleanup(h.Close)
	return h.URL
}

// TestStripeMock: Stripe's own description of its API knows every parameter of every request that is made, in the version that
// is asked for. What it answers is an example, about another payment: that is not believed.
func TestStripeMock(t *testing.T) {
	program := tool(t, "stripe-mock/stripe-mock")
	port := freePort(t)
	var seen recorder
	at := seen.serve(t, start(t, port, "Listening for HTTP", nil, program, "-http-addr", "127.0.0.1:"+port))
	for _, api := range APIs() {
		client, err := New(Config{BaseURL: at, Key: "sk_test_123", API: api, Plan: "p"})
		if err != nil {
			t.Fatal(err)
		}
		b := try(bill("R-1", "card_1"))
		if o := client.Charge(t.Context(), b); o.Status == charge.Succeeded {
			t.Errorf("%s: an example was believed: %+v", api, o)
		}
		if api == Invoices { // which ends at the first, as that is another's
			for _, r := range []*request{client.itemRequest(b, "in_1", 1234), finalRequest(b, "/v1/invoices/in_1"), payRequest(b, "/v1/invoices/in_1"), voidRequest(b, "/v1/invoices/in_1")} {
				_ = client.send(t.Context(), r)
			}
		}
		since := time.Now().Add(-time.Hour)
		_, _, _ = client.Find(t.Context(), b.Charge, b.Key, since)
		if err := client.List(t.Context(), "p", since, func(charge.Listed) error { return nil }); err != nil {
			t.Errorf("%s: %v", api, err)
		}
		old := &charge.Try{Charge: b.Charge, Key: b.Key, Again: true, Since: time.Now().Add(-48 * time.Hour)}
		for _, of := range []string{"pi_1", "ch_1", "in_1"} {
			for _, tr := range []*charge.Try{b, old} {
				tr.Charge.Currency = "USD" // as the examples have it
				_ = client.Refund(t.Context(), tr, of)
			}
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for _, bad := range seen.bad {
		t.Error(bad)
	}
	all := strings.Join(seen.answers, "\n") + "\n"
	for _, want := range []string{
		"POST /v1/payment_intents\n", "GET /v1/payment_intents\n", "GET /v1/payment_intents/", "POST /v1/charges\n", "GET /v1/charges\n", "GET /v1/charges/",
		"POST /v1/invoices\n", "POST /v1/invoiceitems\n", "/finalize\n", "/pay\n", "/void\n", "GET /v1/invoices\n", "GET /v1/invoices/", "POST /v1/refunds\n", "GET /v1/refunds\n",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%s was not asked for", strings.TrimSpace(want))
		}
	}
}

// byToken charges a token, without a customer: theirs refuses to make customers whose charges would be declined.
func byToken(ctx context.Context, client *Client, t *charge.Try) charge.Outcome {
	r, minor := client.request1(t)
	r.form.Del("customer")
	o, _, obj := client.ask(ctx, r)
	if obj != nil {
		client.compare(&o, obj, minor, string(t.Charge.Currency), t.Key)
	}
	return o
}

// alike reports whether two servers say the same. Theirs, which is older, has no decline_code where it would be the code.
func alike(a, b charge.Outcome) bool {
	if a.DeclineCode == "" && b.DeclineCode == b.ErrorCode {
		a.DeclineCode = b.DeclineCode
	}
	return a.Status == b.Status && a.DeclineCode == b.DeclineCode && a.ErrorCode == b.ErrorCode && a.ErrorType == b.ErrorType && a.HTTPStatus == b.HTTPStatus && a.Replayed == b.Replayed &&
		(a.ProviderID == "") == (b.ProviderID == "") && (a.Trouble == nil) == (b.Trouble == nil)
}

// TestStatefulMock: another person's idea of charges and of ours, asked the same, answer the same.
func TestStatefulMock(t *testing.T) {
	program := tool(t, "stripe-stateful-mock/node_modules/stripe-stateful-mock/dist/cli.js")
	node, err := exec.LookPath("node")
	if err != nil {
		tool(t, "node")
	}
	port := freePort(t)
	theirs, err := New(Config{BaseURL: start(t, port, port, []string{"PORT=" + port, "LOG_LEVEL=info"}, node, program), Key: testKey, API: Charges})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours := newWorld(t, paytest.Options{}, Config{API: Charges}).client
	for _, c := range []struct {
		token, amount string
		currency      money.Currency
		want          charge.Status
	}{
		{"tok_visa", "12.34", "EUR", charge.Succeeded},
		{"tok_visa", "1234", "JPY", charge.Succeeded},
		{"tok_chargeDeclinedInsufficientFunds", "12.34", "EUR", charge.Declined},
		{"tok_chargeDeclinedFraudulent", "12.34", "EUR", charge.Failed},
		{"tok_chargeDeclinedExpiredCard", "12.34", "USD", charge.Failed},
		{"tok_chargeDeclinedProcessingError", "12.34", "EUR", charge.Declined},
		{"tok_chargeDeclined", "12.34", "EUR", charge.Failed},
	} {
		b := bill("R-"+c.token+string(c.currency), c.token)
		b.PaymentCustomer, b.Amount, b.Currency = "", c.amount, c.currency
		var one, two charge.Outcome
		for range 2 { // the second one is given from what is kept
			one, two = byToken(t.Context(), theirs, try(b)), byToken(t.Context(), ours, try(b))
			if !alike(one, two) || one.Status != c.want {
				t.Errorf("%s %s:\n%+v %+v\n%+v %+v", c.token, c.currency, one, one.Trouble, two, two.Trouble)
			}
		}
		if !two.Replayed {
			t.Errorf("%s: the second answer is no repetition: %+v", c.token, two)
		}
		for _, client := range []*Client{theirs, ours} {
			changed := *b
			changed.Description = "another"
			if o := byToken(t.Context(), client, &charge.Try{Charge: &changed, Key: try(b).Key}); o.Status != charge.Unknown || o.ErrorType != "idempotency_error" {
				t.Errorf("%s, with another body: %+v", c.token, o)
			}
			o, found, err := client.Find(t.Context(), b, try(b).Key, time.Now())
			if err != nil || !found || (o.Status == charge.Succeeded) != (c.want == charge.Succeeded) {
				t.Errorf("%s, looked up: %+v %v %v", c.token, o, found, err)
			}
		}
		if c.want == charge.Succeeded && c.currency == "EUR" { // refunds in parts, up to the whole
			for i, amount := range []string{"10.00", "2.00", "1.00"} {
				part := try(&charge.Charge{InvoiceID: fmt.Sprint("RF-", i), Attempt: 1, Amount: amount, Currency: "EUR"})
				a, b := theirs.Refund(t.Context(), part, one.ProviderID), ours.Refund(t.Context(), part, two.ProviderID)
				if a.Status != b.Status || a.HTTPStatus != b.HTTPStatus || (i < 2) != (b.Status == charge.Refunded) {
					t.Errorf("%s: %+v\n%+v", amount, a, b)
				}
			}
		}
	}
}
