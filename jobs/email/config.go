package email

import (
	"brood/jobs"
	exports "brood/jobs/email/lists"
	"brood/jobs/email/verp"
	"bytes"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
)

// config is what the ledger keeps: the templates themselves, so that a resume
// sends what the run began with. Paths are absolute.
type config struct {
	Headers []header `json:"headers,omitempty"` // of the flags
	// The sources of messages, by language; under "" if there is one for all.
	Template variants `json:"template,omitempty"` // headers and text
	Text     variants `json:"text,omitempty"`
	HTML     variants `json:"html,omitempty"`
	Markdown variants `json:"markdown,omitempty"`
	Calendar variants `json:"calendar,omitempty"`
	// MakeText says that where there is only HTML a text is made of it; a run that was begun before
	// that could be has none.
	MakeText bool `json:"make_text,omitempty"`
	// MoreHeaders says that a header of the flags of which there may be several comes beside those of
	// the template; for a run that was begun before that could be it takes their place.
	MoreHeaders bool `json:"more_headers,omitempty"`
	// NameList says that a message that one can leave the list by names it; a run that was begun
	// before that could be does not.
	NameList    bool   `json:"name_list,omitempty"`
	DefaultLang string `json:"default_lang,omitempty"`
	// Drafts are the files of templates that are saved messages, by language.
	Drafts  map[string][]draftFile `json:"drafts,omitempty"`
	notes   []string               // what the user is told of the templates
	Address string                 `json:"address,omitempty"` // the column; empty: one of addressColumns
	// Use are the columns whose values act, by plain name; nil: all that can, as it was
	// before one had to say so, of a run that was begun then.
	Use       []string `json:"use"`
	AttachDir string   `json:"attach_dir,omitempty"` // empty: columns name no files
	Attach    []string `json:"attach,omitempty"`
	// AttachNamed are templates of names beneath AttachDir, and CutLines how many lines of headers
	// were taken out of the template.
	AttachNamed []string `json:"attach_named,omitempty"`
	CutLines    int      `json:"cut_lines,omitempty"`
	Inline      []string `json:"inline,omitempty"`
	Unsubscribe string   `json:"unsubscribe,omitempty"` // a template
	ReturnPath  string   `json:"return_path,omitempty"`
	VERP        bool     `json:"verp,omitempty"`
	DKIM        *dkimKey `json:"dkim,omitempty"`

	Maildir  string  `json:"maildir,omitempty"` // empty: Server, or Sendmail
	Server   *server `json:"server,omitempty"`
	Sendmail string  `json:"sendmail,omitempty"`

	// List is what is known of the list: whose export it is, and who is left out. It is nothing of
	// a run that was begun before there was it.
	List exports.List `json:"list,omitzero"`

	Suppress []string `json:"suppress,omitempty"`
	Bounced  string   `json:"bounced,omitempty"`
	CheckMX  bool     `json:"check_mx,omitempty"`
	// GreyWait is how long a record waits at first that was greylisted; 0: reply.GreyTime.
	GreyWait  time.Duration `json:"greylist_wait,omitempty"`
	Resolver  string        `json:"resolver,omitempty"` // host:port; empty: the system's
	Seeds     []string      `json:"seeds,omitempty"`
	SeedEvery int           `json:"seed_every,omitempty"`
}

// source is a template as it was read.
type source struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// variants are the sources of a part of the messages, by language.
type variants map[string]source

// langPlace stands for the language in the name of a template.
const langPlace = "{lang}"

// readVariants reads a template, or one for each language.
func readVariants(path string) (variants, error) {
	if path == "" {
		return nil, nil
	}
	out := make(variants)
	read := func(lang, name string) error {
		b, err := os.ReadFile(name)
		b = bytes.TrimPrefix(b, []byte("\ufeff")) // Windows puts it there, and it is no letter of the text
		if err == nil && !utf8.Valid(b) && !isDraft(b) {
			err = fmt.Errorf("%s is not UTF-8: convert it, as with iconv -f latin1 -t utf-8", name)
		}
		out[lang] = source{Name: filepath.Base(name), Text: string(b)}
		return err
	}
	before, after, byLang := strings.Cut(path, langPlace)
	if !byLang {
		return out, read("", path)
	}
	names, err := filepath.Glob(escapeGlob(before) + "*" + escapeGlob(after))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		lang := strings.TrimSuffix(strings.TrimPrefix(name, before), after)
		if lang == "" || strings.ContainsAny(lang, "./") {
			continue
		}
		if err := read(strings.ToLower(lang), name); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there is no file %s", strings.Replace(path, langPlace, "en", 1))
	}
	return out, nil
}

// of is the source for a language, or for all.
func (v variants) of(lang string) (source, bool) {
	if s, ok := v[lang]; ok {
		return s, true
	}
	s, ok := v[""]
	return s, ok
}

// readConfig reads the flags, and the files they name.
func readConfig(o jobs.Options) (config, error) {
	c := config{
		DefaultLang: strings.ToLower(o.String("default-lang")), Unsubscribe: o.String("unsubscribe"), VERP: o.Bool("verp"),
		Address: o.String("address"), CheckMX: o.Bool("check-mx"), Resolver: o.String("resolver"), GreyWait: o.Duration("greylist-wait"), SeedEvery: o.Int("seed-every"),
		MakeText: !o.Bool("no-text"), NameList: true, MoreHeaders: true,
	}
	for _, f := range []struct {
		flag string
		to   *variants
	}{{"template", &c.Template}, {"text", &c.Text}, {"html", &c.HTML}, {"markdown", &c.Markdown}, {"calendar", &c.Calendar}} {
		var err error
		if *f.to, err = readVariants(o.String(f.flag)); err != nil {
			return c, fmt.Errorf("--%s: %w", f.flag, err)
		}
	}
	if c.HTML != nil && c.Markdown != nil {
		return c, errors.New("--html and --markdown are two ways to say the same: give one")
	}
	if c.Markdown != nil && c.Text == nil && c.Template == nil {
		c.Text = c.Markdown // which is made to be read as it is
	}
	if err := c.readDrafts(); err != nil {
		return c, err
	}
	for _, h := range [][2]string{{"From", o.String("from")}, {"Subject", o.String("subject")}} {
		if h[1] != "" {
			c.Headers = append(c.Headers, header{h[0], h[1]})
		}
	}
	for _, s := range o.StringSlice("header") {
		h, err := parseHeader(s)
		if err != nil {
			return c, fmt.Errorf("--header: %w", err)
		}
		c.Headers = append(c.Headers, h)
	}
	if c.GreyWait < 0 {
		return c, fmt.Errorf("--greylist-wait %s: a time such as 5m", c.GreyWait)
	}
	for _, step := range []func(jobs.Options) error{c.chooseTransport, c.chooseColumns, c.chooseFiles, c.takeAttachments, c.chooseReturn, c.chooseDKIM, c.chooseSeeds} {
		if err := step(o); err != nil {
			return c, err
		}
	}
	return c, nil
}

// chooseFiles reads which files go along, and which lists count.
func (c *config) chooseFiles(o jobs.Options) error {
	for _, f := range []struct {
		flag string
		to   *[]string
	}{{"attach", &c.Attach}, {"inline", &c.Inline}, {"suppress", &c.Suppress}} {
		for _, name := range o.StringSlice(f.flag) {
			abs, err := filepath.Abs(name)
			if err == nil {
				err = isFile(abs)
			}
			if err != nil {
				return fmt.Errorf("--%s: %w", f.flag, err)
			}
			*f.to = append(*f.to, abs)
		}
	}
	if _, err := openSuppressions(c.Suppress); err != nil {
		return fmt.Errorf("--suppress: %w", err)
	}
	if name := o.String("bounced"); name != "" {
		var err error
		if c.Bounced, err = filepath.Abs(name); err != nil {
			return err
		}
		f, err := openBounced(c.Bounced)
		if err != nil {
			return fmt.Errorf("--bounced: %w", err)
		}
		return f.Close()
	}
	return nil
}

func isFile(name string) error {
	st, err := os.Stat(name)
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	return err
}

// chooseTransport reads where messages go.
func (c *config) chooseTransport(o jobs.Options) error {
	transport := o.String("transport")
	scheme, rest, _ := strings.Cut(transport, ":")
	var err error
	switch {
	case scheme == "maildir" && rest != "":
		c.Maildir, err = filepath.Abs(rest)
		return err
	case scheme == "sendmail" && rest != "":
		if c.Sendmail, err = filepath.Abs(rest); err == nil {
			err = isFile(c.Sendmail)
		}
		if err != nil {
			return fmt.Errorf("--transport: %w", err)
		}
		return nil
	case scheme != "smtp" && scheme != "smtps" && scheme != "lmtp":
		return fmt.Errorf("--transport %q: there are maildir:DIR, sendmail:PATH, %s", transport, serverForms)
	}
	if c.Server, err = parseServer(transport); err != nil {
		return fmt.Errorf("--transport: %w", err)
	}
	s := c.Server
	s.TLS, s.MaxPerConnection, s.Auth, s.Idle = o.String("tls"), o.Int("max-per-connection"), o.String("auth"), o.Duration("idle")
	if s.Network == "unix" && !o.IsSet("tls") {
		s.TLS = "never" // nobody reads along
	}
	if err := s.introduce(o.String("ehlo-name")); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	for _, f := range []struct {
		flag string
		to   *string
	}{{"password-file", &s.PasswordFile}, {"tls-ca", &s.CAFile}} {
		if name := o.String(f.flag); name != "" {
			if *f.to, err = filepath.Abs(name); err != nil {
				return err
			}
		}
	}
	_, err = newSender(s) // what it lacks is said before anything is begun
	return err
}

// chooseReturn reads where mail about mail goes.
func (c *config) chooseReturn(o jobs.Options) error {
	if s := o.String("return-path"); s != "" {
		a, err := netmail.ParseAddress(s)
		if err == nil {
			c.ReturnPath, err = asciiDomain(a.Address)
		}
		if err != nil {
			return fmt.Errorf("--return-path: %w", err)
		}
	}
	if c.VERP && c.ReturnPath == "" {
		return errors.New("--verp needs --return-path: which mailbox do the reports go to?")
	}
	if !c.VERP {
		return nil
	}
	if err := verp.Check(c.ReturnPath); err != nil {
		return fmt.Errorf("--return-path %s: with --verp %w", c.ReturnPath, err)
	}
	return nil
}

func (c *config) chooseSeeds(o jobs.Options) error {
	for _, s := range o.StringSlice("seed") {
		if _, err := netmail.ParseAddress(s); err != nil {
			return fmt.Errorf("--seed %q: %w", s, err)
		}
		c.Seeds = append(c.Seeds, s)
	}
	if c.SeedEvery < len(c.Seeds) || c.SeedEvery < 1 {
		return fmt.Errorf("--seed-every %d: of so many records each seed is sent one; there are %d seeds", c.SeedEvery, len(c.Seeds))
	}
	return nil
}

// checkHeaders refuses headers that could not be set for any record.
func (m *layout) checkHeaders(c *composer) error {
	for _, h := range m.fixed {
		err := oneLine("header "+h.Name, h.Value)
		if err == nil && !hasAddresses(h.Name) {
			err = (&letter{Msg: mail.NewMsg()}).set(h.Name, h.Value)
		}
		if err != nil {
			return err
		}
	}
	seen := make(map[string]bool)
	for _, h := range m.headers {
		if err := mayBeSet(h.name); err != nil {
			return err
		}
		if seen[h.name] && slices.Contains(onlyOnce, h.name) {
			return fmt.Errorf("header %s stands there twice, and a message has one", h.name)
		}
		if seen[h.name] = true; h.addresses == nil {
			continue
		}
		if err := h.addresses.check(); err != nil {
			return err
		}
		if h.name == "To" {
			if err := h.addresses.checkTo(&c.columns); err != nil {
				return err
			}
		}
	}
	if err := m.checkFrom(); err != nil {
		return err
	}
	if c.Unsubscribe != "" {
		scheme, _, _ := strings.Cut(c.Unsubscribe, ":")
		if !strings.Contains(scheme, "{{") && scheme != "https" && scheme != "mailto" {
			return fmt.Errorf("--unsubscribe %q: an https:// address for one click, or a mailto: one", c.Unsubscribe)
		}
	}
	return nil
}

// checkShape refuses what could not become a message for any record.
func (c *composer) checkShape(shape *jobs.Shape) error {
	for lang, m := range c.layouts {
		if m.text == nil && m.html == nil {
			return errors.New("there is nothing to say: give --template, --text, --html or --markdown")
		}
		if err := m.checkHeaders(c); err != nil {
			return err
		}
		for _, name := range []string{"From", "Subject"} {
			if m.has(name) || (name == "Subject" && c.uses("subject")) {
				continue
			}
			if lang != "" {
				return fmt.Errorf("in language %s there is no header %s", lang, name)
			}
			if name == "From" {
				return errors.New("there is no sender: give --from, or a header From in the template")
			}
			return errors.New("there is no subject: give --subject, a header Subject in the template, or a column with --use-columns subject")
		}
	}
	if err := c.checkUse(shape); err != nil {
		return err
	}
	if len(c.addresses) > 0 {
		return nil
	}
	return fmt.Errorf("no column has the address: it is called email, to or e-mail, or --address names it; the dataset has %s%s", strings.Join(shape.Columns, ", "), hint(shape))
}
