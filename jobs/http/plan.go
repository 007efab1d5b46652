package http

import (
	"brood/jobs"
	"brood/jobs/http/curl"
	"brood/jobs/web"
	"encoding/json"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// Defaults of the run's flags: servers are asked by a few at a time, over connections of one process.
const (
	defaultJobs      = "10"
	defaultPerWorker = "100"
	mostInHand       = 1024
	defaultMaxBytes  = 16 << 20 // as --max-record has it
)

// plan reads the flags, and looks whether a request can be made of them.
func plan(o jobs.Options, s *jobs.Shape) (jobs.Plan, error) {
	c, notes, err := configOf(o)
	if err != nil {
		return jobs.Plan{}, err
	}
	effect := effectOf(c)
	if o.IsSet("effect") {
		if effect, err = jobs.ParseEffect(o.String("effect")); err != nil {
			return jobs.Plan{}, fmt.Errorf("--effect: %w", err)
		}
	}
	c.Once = effect == jobs.EffectOnce
	x, err := c.compile(s)
	if err != nil {
		return jobs.Plan{}, err
	}
	if err := x.check(); err != nil {
		return jobs.Plan{}, err
	}
	p := jobs.Plan{
		Columns: c.resultColumns(), Task: x.taskOf(), NeedsText: true, InHand: mostInHand, Preview: x.preview,
		Defaults: map[string]string{"effect": effect.String(), "jobs": defaultJobs, "per-worker": defaultPerWorker},
		Warnings: slices.Concat(notes, c.bounded(o), x.warnings()),
	}
	for _, t := range x.templates() {
		p.NeedsRaw = p.NeedsRaw || t.UsesRaw()
	}
	p.Config, err = json.Marshal(c)
	return p, err
}

// effectOf is what repeating a request costs: RFC 9110, section 9.2.2, by its method; and where the record's
// key goes along, the server knows it again.
func effectOf(c *config) jobs.Effect {
	switch c.Method {
	case nethttp.MethodGet, nethttp.MethodHead, nethttp.MethodOptions, nethttp.MethodPut, nethttp.MethodDelete:
		return jobs.EffectNone
	}
	if c.Idempotency != "" {
		return jobs.EffectKeyed
	}
	return jobs.EffectOnce
}

// configOf is what the flags, and the command of --from-curl, ask for.
func configOf(o jobs.Options) (*config, []string, error) {
	c := &config{
		URL: o.String("url"), Method: o.String("request"), User: o.String("basic"), Idempotency: o.String("idempotency-header"),
		AllowPrivate: o.Bool("allow-private"), AllowHosts: jobs.SplitList(o.StringSlice("allow-host")), Expect: o.StringSlice("expect"), On: o.StringSlice("on"),
		MaxTime: o.Duration("max-time"), Connect: o.Duration("connect-timeout"), Proxy: o.String("proxy"), Resolve: o.StringSlice("resolve"), HTTP1: o.Bool("http1.1"),
	}
	cmd := &curl.Command{}
	if given := o.String("from-curl"); given != "" {
		var err error
		if cmd, err = curl.Parse(given); err != nil {
			return nil, nil, fmt.Errorf("--from-curl: %w", err)
		}
	}
	for _, s := range o.StringSlice("secret") {
		name, _, _ := strings.Cut(s, "=")
		c.Secrets = append(c.Secrets, name)
	}
	for _, name := range cmd.Variables {
		if !slices.Contains(c.Secrets, name) {
			return nil, nil, fmt.Errorf("--from-curl: the command has $%s: give its value by --secret %s (of the environment) or --secret %s=FILE", name, name, name)
		}
	}
	for _, read := range []func(jobs.Options, *curl.Command) error{c.readTarget, c.readContent, c.readWays, c.readOutcome, c.readFiles} {
		if err := read(o, cmd); err != nil {
			return nil, nil, err
		}
	}
	return c, cmd.Notes, nil
}

// readTarget reads where the request goes, and as whose.
func (c *config) readTarget(o jobs.Options, cmd *curl.Command) error {
	if c.URL == "" {
		c.URL = cmd.URL
	}
	if c.URL == "" {
		return errors.New("no URL: give it by --url 'https://api.example.com/{id}', or a whole request by --from-curl 'curl …'")
	}
	if c.User == "" {
		c.User = cmd.User
	}
	if strings.HasSuffix(c.User, ":") || c.User != "" && !strings.Contains(c.User, ":") && cmd.User == c.User {
		c.User = strings.TrimSuffix(c.User, ":") + ":" // Stripe's pages: -u sk_test_…:
	}
	c.Query = append(slices.Clone(cmd.Query), o.StringSlice("query")...)
	if a := o.String("user-agent"); a != "" {
		c.Headers = append(c.Headers, "User-Agent: "+a)
	}
	if e := o.String("referer"); e != "" {
		c.Headers = append(c.Headers, "Referer: "+e)
	}
	c.Headers = append(c.Headers, o.StringSlice("header")...)
	// Of a header that is given again the command's goes.
	own := make(map[string]bool)
	for _, h := range c.Headers {
		own[headerName(h)] = true
	}
	kept := slices.DeleteFunc(slices.Clone(cmd.Headers), func(h string) bool { return own[headerName(h)] })
	c.Headers = append(kept, c.Headers...)
	return nil
}

// headerName is the name of a header as it is compared.
func headerName(h string) string {
	return strings.ToLower(strings.TrimSpace(h[:max(0, strings.IndexAny(h+":", ":;"))]))
}

// readWays reads how servers are reached.
func (c *config) readWays(o jobs.Options, cmd *curl.Command) (err error) {
	c.HTTP1 = c.HTTP1 || cmd.HTTP1
	c.Resolve = append(slices.Clone(cmd.Resolve), c.Resolve...)
	if c.Proxy == "" {
		c.Proxy = cmd.Proxy
	}
	if cmd.NoProxy == "*" && !o.IsSet("proxy") {
		c.Proxy = web.NoProxy
	}
	follow := o.Bool("location") || cmd.Follow
	if follow {
		c.Redirects = o.Int("max-redirs")
		if cmd.MaxRedirs != "" && !o.IsSet("max-redirs") {
			if c.Redirects, err = strconv.Atoi(cmd.MaxRedirs); err != nil || c.Redirects < 0 {
				return fmt.Errorf("--max-redirs %q is no number of redirects", cmd.MaxRedirs)
			}
		}
	}
	for _, t := range []struct {
		flag, given string
		to          *time.Duration
	}{{"max-time", cmd.MaxTime, &c.MaxTime}, {"connect-timeout", cmd.Connect, &c.Connect}} {
		if t.given == "" || o.IsSet(t.flag) {
			continue
		}
		seconds, err := strconv.ParseFloat(t.given, 64)
		if err != nil || !(seconds > 0) || seconds > 86400 {
			return fmt.Errorf("--%s %q is no number of seconds", t.flag, t.given)
		}
		*t.to = time.Duration(seconds * float64(time.Second))
	}
	if c.MaxTime <= 0 || c.Connect <= 0 {
		return errors.New("--max-time and --connect-timeout are more than nothing")
	}
	size := o.String("max-filesize")
	if cmd.MaxFileSize != "" && !o.IsSet("max-filesize") {
		size = cmd.MaxFileSize
	}
	n, err := humanize.ParseBytes(size)
	if err != nil || n == 0 || n > 1<<30 {
		return fmt.Errorf("--max-filesize %q is no size up to 1GiB", size)
	}
	c.MaxBytes = int(n) //nolint:gosec // it is at most 1 GiB
	if token := o.String("oauth2-token-url"); token != "" {
		c.OAuth2 = &oauth{TokenURL: token, ClientID: o.String("oauth2-client-id"), Secret: o.String("oauth2-secret"), Scopes: strings.Fields(o.String("oauth2-scope"))}
	}
	return nil
}

// bounded tells that an answer can be no larger than a record, whatever else was asked for.
func (c *config) bounded(o jobs.Options) []string {
	record := o.String("max-record")
	most, err := humanize.ParseBytes(record)
	if err != nil || uint64(c.MaxBytes) <= most || c.MaxBytes == defaultMaxBytes { //nolint:gosec // it is more than nothing
		return nil
	}
	return []string{fmt.Sprintf("an answer is no larger than --max-record %s, whatever --max-filesize says: raise that as well", record)}
}

// readOutcome reads what becomes of answers.
func (c *config) readOutcome(o jobs.Options, _ *curl.Command) (err error) {
	for _, given := range o.StringSlice("column") {
		col, err := parseColumn(given)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(c.Columns, func(other column) bool { return other.Name == col.Name }) {
			return fmt.Errorf("--column %s is given twice", col.Name)
		}
		c.Columns = append(c.Columns, col)
	}
	c.Save, err = absolute(o.String("save"))
	return err
}

// readFiles makes paths absolute, and looks whether the files are there.
func (c *config) readFiles(o jobs.Options, cmd *curl.Command) error {
	c.CACert, c.Cert, c.CertKey, c.FilesFrom = cmd.CACert, cmd.Cert, cmd.Key, o.String("files-from")
	for _, f := range []struct {
		flag string
		to   *string
	}{{"cacert", &c.CACert}, {"cert", &c.Cert}, {"cert-key", &c.CertKey}, {"files-from", &c.FilesFrom}} {
		if given := o.String(f.flag); given != "" {
			*f.to = given
		}
		if *f.to == "" {
			continue
		}
		abs, err := filepath.Abs(*f.to)
		if err == nil {
			_, err = os.Stat(abs)
		}
		if err != nil {
			return fmt.Errorf("--%s: %w", f.flag, err)
		}
		*f.to = abs
	}
	if c.CertKey != "" && c.Cert == "" {
		return errors.New("--cert-key is for --cert")
	}
	return nil
}

// readText reads a file of a template.
func readText(path string) (string, error) {
	b, err := os.ReadFile(path)
	switch {
	case err != nil:
		return "", err
	case len(b) > mostBody:
		return "", fmt.Errorf("%s is larger than %d MiB", path, mostBody>>20)
	case !utf8.Valid(b):
		return "", fmt.Errorf("%s is not UTF-8: send a file as it is by -F name=@FILE", path)
	}
	return string(b), nil
}

// check refuses what can be known before the first request.
func (x *compiled) check() error {
	if x.Method == nethttp.MethodConnect || x.Method == nethttp.MethodTrace {
		return fmt.Errorf("-X %s: a record is no such request", x.Method)
	}
	if x.Body.Kind != bodyNone && (x.Method == nethttp.MethodGet || x.Method == nethttp.MethodHead) && x.Method != "" {
		return fmt.Errorf("a %s has no body: take -X %s away, or send parameters by --query", x.Method, x.Method)
	}
	if x.OAuth2 != nil {
		u, err := url.Parse(x.OAuth2.TokenURL)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			return fmt.Errorf("--oauth2-token-url %q is no URL", x.OAuth2.TokenURL)
		case x.OAuth2.ClientID == "" || x.OAuth2.Secret == "":
			return errors.New("--oauth2-token-url needs --oauth2-client-id ID and --oauth2-secret NAME, of a secret given by --secret NAME")
		case !slices.Contains(x.Secrets, x.OAuth2.Secret):
			return fmt.Errorf("--oauth2-secret %s: there is no such secret: give it by --secret %s, or --secret %s=FILE", x.OAuth2.Secret, x.OAuth2.Secret, x.OAuth2.Secret)
		case x.has("Authorization"):
			return errors.New("there are two ways to say who asks: --oauth2-token-url, and the header Authorization")
		}
	}
	for _, p := range x.parts {
		if p.typed != "" {
			if _, err := os.Stat(p.typed); err != nil {
				return fmt.Errorf("-F: %w", err)
			}
		}
	}
	client, err := web.New(web.Options{Proxy: x.Proxy, CAFile: x.CACert, CertFile: x.Cert, KeyFile: x.CertKey, Resolve: x.Resolve})
	if err != nil {
		return err
	}
	client.Close()
	return nil
}
