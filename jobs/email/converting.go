package email

import (
	"brood/jobs"
	"brood/jobs/email/convert"
	"brood/jobs/files"
	"brood/jobs/placeholder"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// templateTool does what there is to do with templates.
func templateTool() jobs.Tool {
	return jobs.Tool{
		Of: &jobs.Noun{
			Name: "template", Usage: "write the template of another mailer as one of brood's",
			Help: `Example:
   brood template convert testdata/mail/mailmerge/mailmerge_template.txt`,
		},
		Name: "convert", Usage: "write the template of another mailer as one of brood's", Arguments: "FILE",
		Help: `brood template convert reads a template of mailmerge (Jinja2), Mailchimp, listmonk,
Handlebars or SendGrid, Liquid, Brevo, HubSpot, Mailjet, or Thunderbird's Mail Merge, and
one with {name}, %NAME%, [NAME], ${name} or <<name>>, and writes it as brood run email
takes it, to standard output or to -o FILE.

What it could not say stays as it stood, and is told with its line on standard error; the
exit status is then 1. Nothing is left out without a word. brood run refuses what is left.
A column that is empty is a failed record, as everywhere in brood: where it may be, write
{{.first_name | default "friend"}}.

With --columns the names are looked up among those of a list, and what is none is told.
A template of listmonk's has a place for the message: --content FILE. A message that a mail
program has saved (.eml) is one again, with its text, HTML, pictures and files.

Example:
   brood template convert testdata/mail/mailmerge/mailmerge_template.txt
   brood template convert --columns email,name,number \
     testdata/mail/mailmerge/mailmerge_template.txt`,
		Flags: []jobs.Flag{
			{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`, which must not be there", Default: ""},
			{Name: "dialect", Usage: "it is one of `TOOL`: " + dialects() + "; otherwise of what it looks like", Default: ""},
			{Name: "columns", Usage: "the list has these `COLUMNS`; with commas between", Default: []string(nil)},
			{Name: "set", Usage: "write `NAME=VALUE` in the place of what is the same for all, as in 'LIST:COMPANY=Our Shop'; more than once", Default: []string(nil)},
			{Name: "content", Usage: "with a template of listmonk's, the message that comes into it is in `FILE`", Default: ""},
		},
		Run: convertTemplate,
	}
}

func dialects() string {
	var out []string
	for _, d := range convert.Dialects {
		out = append(out, string(d))
	}
	return strings.Join(out, ", ")
}

func convertTemplate(o jobs.Options, args []string, stdout, stderr io.Writer) error {
	if len(args) != 1 {
		return errors.New("say brood template convert FILE")
	}
	options := convert.Options{Dialect: convert.Dialect(o.String("dialect"))}
	if options.Dialect != convert.Auto && !slices.Contains(convert.Dialects, options.Dialect) {
		return fmt.Errorf("--dialect %s: there are %s", options.Dialect, dialects())
	}
	for _, c := range jobs.SplitList(o.StringSlice("columns")) {
		if c = strings.TrimSpace(c); c != "" {
			options.Columns = append(options.Columns, c)
		}
	}
	for _, s := range o.StringSlice("set") {
		name, value, ok := strings.Cut(s, "=")
		if name = strings.ToUpper(strings.TrimSpace(name)); !ok || name == "" {
			return fmt.Errorf("--set %q: say what stands for it, and a value, as in 'LIST:COMPANY=Our Shop'", s)
		}
		if options.Set == nil {
			options.Set = make(map[string]string)
		}
		options.Set[name] = value
	}
	source, err := readSource(args[0])
	if err != nil {
		return err
	}
	if name := o.String("content"); name != "" {
		if options.Content, err = readSource(name); err != nil {
			return fmt.Errorf("--content: %w", err)
		}
	}
	out := o.String("output")
	if _, err := os.Lstat(out); err == nil && out != "" {
		return fmt.Errorf("-o %s: it is there already, and would be written over", out)
	}
	var r convert.Result
	if isDraft([]byte(source.Text)) {
		r, err = convertDraft(source, options)
	} else {
		r = convert.Convert(*source, options)
	}
	if err != nil {
		return err
	}
	r.Notes = append(r.Notes, stillForeign(source, &r, options.Columns)...)
	if out == "" {
		_, err = io.WriteString(stdout, r.Text)
	} else {
		err = files.Write(out, []byte(r.Text), 0o644)
	}
	if err != nil {
		return err
	}
	return tellConverted(r, source, stderr)
}

// stillForeign are notes of what brood run would refuse, as it is of yet another mailer than the
// template was taken for.
func stillForeign(s *convert.Source, r *convert.Result, columns []string) (notes []convert.Note) {
	const most = 20
	for _, f := range placeholder.AllForeign(blanked(r.Text), columns, most) {
		text, at := s.Text, strings.Index(s.Text, f.Text)
		if at < 0 { // of a saved message, whose parts are encoded
			text, at = r.Text, f.At
		}
		told := slices.ContainsFunc(r.Notes, func(n convert.Note) bool { return n.Left && strings.Contains(n.Found, strings.TrimSpace(f.Text)) })
		if !told {
			line := text[strings.LastIndexByte(text[:at], '\n')+1 : at]
			notes = append(notes, convert.Note{
				File: s.Name, Line: 1 + strings.Count(text[:at], "\n"), Column: 1 + len([]rune(line)), Found: f.Text, Left: true,
				Why: fmt.Sprintf("it is not of %s, as the rest: write it by hand", r.Dialect),
			})
		}
	}
	return notes
}

// tellConverted says what there is to know about a template that was converted.
func tellConverted(r convert.Result, s *convert.Source, stderr io.Writer) error {
	text := ""
	for _, n := range r.Notes {
		text += visible(n.String()) + "\n"
	}
	if r.Text == s.Text && r.Left() == 0 {
		text += fmt.Sprintf("%s: nothing in it was written for another mailer\n", s.Name)
	} else {
		text += fmt.Sprintf("%s: read as one of %s\n", s.Name, r.Dialect)
	}
	if strings.Contains(r.Text, "."+unsubscribeColumn) {
		text += "give the address to leave the list by with --unsubscribe URL\n"
	}
	if _, err := io.WriteString(stderr, text); err != nil {
		return err
	}
	switch n := r.Left(); n {
	case 0:
		return nil
	case 1:
		return &jobs.PartlyError{Left: "one place is left as it was: see above"}
	default:
		return &jobs.PartlyError{Left: fmt.Sprintf("%d places are left as they were: see above", n)}
	}
}

// readSource reads a template of another mailer's.
func readSource(name string) (*convert.Source, error) {
	b, err := os.ReadFile(name)
	if err == nil && !utf8.Valid(b) {
		err = fmt.Errorf("%s is not UTF-8: convert it, as with iconv -f latin1 -t utf-8", name)
	}
	return &convert.Source{Name: filepath.Base(name), Text: string(b)}, err
}
