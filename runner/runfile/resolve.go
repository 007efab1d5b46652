package runfile

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// checkDefaults checks what stands in [defaults] by itself, whichever runs there are.
func (p *parser) checkDefaults() {
	for _, i := range p.defaults {
		key := i.path[1]
		switch {
		case key == keyDirectory:
			p.text(i.value, key)
			continue
		case slices.Contains(Keys(), key):
			p.wrong(i.at, "%s belongs into a run, not into [defaults]", key)
			continue
		}
		known := false
		for _, j := range p.schema.Jobs {
			f := j.flag(key)
			if f == nil {
				continue
			}
			if _, ok := p.setting(f, i); !ok {
				known = true // what is wrong with it has been said
				break
			}
			known = true
		}
		if !known {
			p.unknown(i.at, key, "no job has a flag", nil, p.schema.Jobs)
		}
	}
}

// run makes a run of what was collected; nil: something is wrong with it.
func (p *parser) run(d *draft) *Run {
	before := len(p.problems)
	r := &Run{Name: d.name, At: d.at}
	var job *Job
	for _, i := range d.items {
		if i.path[2] != keyJob {
			continue
		}
		name, ok := p.text(i.value, keyJob)
		if job = p.schema.job(name); ok && job == nil {
			p.wrong(i.value.at, "there is no job %q%s", name, p.meant(name, p.jobNames()))
		}
		r.Job = name
	}
	if job == nil {
		if len(p.problems) == before {
			p.wrong(d.at, "run %s names no job: write job = %q, or another", d.name, p.schema.Jobs[0].Name)
		}
		return nil
	}
	p.inherit(r, job, d)
	for _, i := range d.items {
		p.key(r, job, i)
	}
	if job.Command && len(r.Command) == 0 && len(p.problems) == before {
		p.wrong(d.at, `run %s has no command, which %s needs: write command = ["PROGRAM", "ARGUMENT"]`, d.name, job.Name)
	}
	if len(p.problems) > before {
		return nil
	}
	return r
}

func (p *parser) jobNames() (names []string) {
	for _, j := range p.schema.Jobs {
		names = append(names, j.Name)
	}
	return names
}

// inherit gives a run the defaults that its job knows and that it does not set itself.
func (p *parser) inherit(r *Run, job *Job, d *draft) {
	for _, i := range p.defaults {
		key := i.path[1]
		if slices.ContainsFunc(d.items, func(own *item) bool { return own.path[2] == key }) {
			continue
		}
		if key == keyDirectory && i.value.form == formText {
			r.Directory = i.value.text
		}
		if f := job.flag(key); f != nil && !slices.Contains(Keys(), key) {
			told := len(p.problems)
			s, ok := p.setting(f, i)
			p.problems = p.problems[:told] // it was told of the defaults
			if ok {
				r.Settings = append(r.Settings, s)
			}
		}
	}
}

// key takes in a key of a run.
func (p *parser) key(r *Run, job *Job, i *item) {
	switch key := i.path[2]; key {
	case keyJob:
	case keyDirectory:
		r.Directory, _ = p.text(i.value, key)
	case keyDataset:
		r.Dataset = p.words(i.value, key, true)
	case keyCommand:
		if !job.Command {
			p.wrong(i.at, "the job %s takes no command", job.Name)
			return
		}
		r.Command = p.words(i.value, key, false)
	default:
		f := job.flag(key)
		if f == nil {
			own := Keys()
			if !job.Command {
				own = slices.DeleteFunc(own, func(k string) bool { return k == keyCommand })
			}
			p.unknown(i.at, key, "the job "+job.Name+" has no flag", own, []Job{*job})
			return
		}
		if s, ok := p.setting(f, i); ok {
			r.Settings = append(r.Settings, s)
		}
	}
}

// text is a value that is a text, and not empty.
func (p *parser) text(v *value, key string) (string, bool) {
	switch {
	case v.form != formText:
		p.wrong(v.at, "%s is a text, in quotes, not %s", key, v.form)
		return "", false
	case v.text == "":
		p.wrong(v.at, "%s is empty", key)
		return "", false
	case strings.ContainsRune(v.text, 0):
		p.wrong(v.at, "%s has a zero byte in it", key)
		return "", false
	}
	return v.text, true
}

// words is a list of texts; one says that a single text may stand for a list of it.
func (p *parser) words(v *value, key string, one bool) []string {
	list := v.list
	switch {
	case v.form == formText && one:
		list = []value{*v}
	case v.form == formText:
		p.wrong(v.at, `%s is a list of words, as no shell takes it apart: ["PROGRAM", "ARGUMENT"]`, key)
		return nil
	case v.form != formList:
		p.wrong(v.at, "%s is a list of texts, not %s", key, v.form)
		return nil
	case len(list) == 0:
		p.wrong(v.at, "%s is an empty list", key)
		return nil
	}
	var out []string
	for i := range list {
		word := &list[i]
		if word.form != formText {
			p.wrong(word.at, "%s is a list of texts, each in quotes, and this is %s", key, word.form)
			continue
		}
		if one || i == 0 {
			if _, ok := p.text(word, key); !ok {
				continue
			}
		}
		before := ""
		if i > 0 && !one {
			before = list[i-1].text
		}
		if p.mayStand(word, key, before, word.text) {
			out = append(out, word.text)
		}
	}
	return out
}

// mayStand refuses what must not stand in a file: a secret, or what no argument can have.
func (p *parser) mayStand(v *value, key, before, text string) bool {
	if strings.ContainsRune(text, 0) {
		p.wrong(v.at, "no argument can have a zero byte in it")
		return false
	}
	if why := p.schema.Refuse(key, before, text); why != "" {
		p.wrong(v.at, "%s", why)
		return false
	}
	return true
}

// setting is a flag with its values. False: something is wrong, and was said.
func (p *parser) setting(f *Flag, i *item) (Setting, bool) {
	s := Setting{Flag: *f, At: i.at}
	list := []value{*i.value}
	if i.value.form == formList {
		if !f.Many {
			p.wrong(i.value.at, "%s takes one value, not a list", f.Name)
			return s, false
		}
		list = i.value.list
	}
	if f.Bare && i.value.form == formSwitch {
		s.Alone = i.value.text == "true"
		return s, p.check(s.Alone, i.value.at, "%s = false says nothing: leave it out", f.Name)
	}
	for at := range list {
		v := &list[at]
		text, ok := p.scalar(f, v)
		if !ok || !p.mayStand(v, f.Name, "", text) {
			return s, false
		}
		s.Values = append(s.Values, text)
	}
	return s, p.check(len(s.Values) > 0, i.value.at, "%s is an empty list: leave it out", f.Name)
}

func (p *parser) check(ok bool, at Position, format string, args ...any) bool {
	if !ok {
		p.wrong(at, format, args...)
	}
	return ok
}

// scalar is one value of a flag, as it stands on a command line.
func (p *parser) scalar(f *Flag, v *value) (string, bool) {
	text, ok := "", false
	switch f.Kind {
	case Switch:
		text, ok = v.text, v.form == formSwitch
	case Whole, Natural:
		text, ok = wholeText(v)
		if ok && f.Kind == Natural && strings.HasPrefix(text, "-") {
			ok = false
		}
	case Number:
		text, ok = numberText(v)
	default:
		switch {
		case v.form == formText:
			text, ok = v.text, true
		case f.Numeric:
			text, ok = numberText(v)
		}
	}
	if !ok {
		p.wrong(v.at, "%s is %s, not %s", f.Name, f.wants(), v.found())
	}
	return text, ok
}

// wants says what a flag takes.
func (f *Flag) wants() string {
	switch f.Kind {
	case Switch:
		return "true or false, without quotes"
	case Whole:
		return "a whole number, without quotes"
	case Natural:
		return "a whole number from 0, without quotes"
	case Number:
		return "a number, without quotes"
	case Text:
	}
	if f.Numeric {
		return "a number, or a text in quotes"
	}
	return "a text, in quotes"
}

// found says what a value is.
func (v *value) found() string {
	switch v.form {
	case formWhole, formNumber, formTime, formSwitch:
		return v.text
	case formText, formList, formTable, formUnknown:
	}
	return string(v.form)
}

// wholeText is a whole number in decimal digits.
func wholeText(v *value) (string, bool) {
	if v.form != formWhole {
		return "", false
	}
	digits := strings.ReplaceAll(v.text, "_", "")
	// TOML writes them in decimal digits, which may not begin with a 0, or behind 0x, 0o or 0b.
	n, err := strconv.ParseInt(digits, 0, 64)
	return strconv.FormatInt(n, 10), err == nil
}

// numberText is a number in decimal digits.
func numberText(v *value) (string, bool) {
	if v.form == formWhole {
		return wholeText(v)
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(v.text, "_", ""), 64)
	if v.form != formNumber || err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return "", false
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}

// Args are the arguments of a setting. A value stands behind an equals sign where it could be taken
// for a flag, or left out.
func (s *Setting) Args() []string {
	name := "--" + s.Flag.Name
	switch {
	case s.Alone, s.Flag.Kind == Switch && s.Values[0] == "true":
		return []string{name}
	case s.Flag.Kind == Switch:
		return []string{name + "=" + s.Values[0]}
	}
	var out []string
	for _, v := range s.Values {
		if s.Flag.Bare || v == "" || strings.HasPrefix(v, "-") || strings.HasPrefix(v, ":::") {
			out = append(out, fmt.Sprintf("%s=%s", name, v))
		} else {
			out = append(out, name, v)
		}
	}
	return out
}
