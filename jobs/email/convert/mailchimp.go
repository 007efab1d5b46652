package convert

import (
	"fmt"
	"strings"
	"sync"
)

// mergeTag is one of Mailchimp's.
var mergeTag = lazily(`\*\|([^|*\n]{1,200})\|\*`)

// mergeFields are fields that have another name in an export of Mailchimp's.
var mergeFields = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"FNAME": "first_name", "LNAME": "last_name", "EMAIL": "email_address", "PHONE": "phone_number", "MERGE0": "email_address", "MERGE1": "first_name", "MERGE2": "last_name", "MERGE3": "address", "MERGE4": "phone_number",
		"OPTIN_DATE": "optin_time", "OPTIN_TIME": "optin_time", "MEMBER_RATING": "member_rating",
	}
})

// mergeRefused are tags that brood has nothing for, by how they begin, and what to do.
var mergeRefused = []struct{ tag, why string }{
	{"ARCHIVE", noPage},
	{"ARCHIVE_LINK_SHORT", noPage},
	{"UPDATE_PROFILE", noProfile},
	{"FORWARD", "brood has no page to forward from: take it out"},
	{"LIST:UNSUBSCRIBE", ""},
	{"LIST:", writeOut},
	{"LIST_", writeOut},
	{"HTML:", writeOut},
	{"MC:SUBJECT", "write the subject out, or give it with --subject"},
	{"MC_PREVIEW_TEXT", "write out what mail programs show beside the subject"},
	{"MC:", "brood has no such value: take it out"},
	{"IFREWARDS", "brood needs no badge: take it out"},
	{"REWARDS", "brood needs no badge: take it out"},
	{"ABOUT_LIST", writeOut},
	{"DESCRIPTION", writeOut},
	{"CAMPAIGN_UID", "brood has no such value: take it out"},
	{"UNIQID", "brood has no such value: use a column of your own"},
	{"EMAIL_UID", "brood has no such value: use a column of your own"},
	{"ABUSE_EMAIL", writeOut},
	{"INTERESTED:", "an export has the groups as columns: write {{if contains \"the group\" .the_column}}"},
	{"RSS", "brood reads no feeds: write it out"},
	{"FEED", "brood reads no feeds: write it out"},
	{"POLL:", "there are no polls here: take it out"},
	{"SURVEY", "there are no surveys here: take it out"},
	{"END:POLL", "there are no polls here: take it out"},
	{"PROMO_CODE", "use a column of your own"},
	{"TWITTER:", writeOut},
	{"FACEBOOK:", writeOut},
	{"GOOGLE_ANALYTICS", "brood follows nobody: take it out"},
	{"TRANSLATE:", noPage},
	{"SHARE:", noPage},
}

// mailchimp converts merge tags. What mc:edit and the like mean stays: it is harmless HTML.
func (c *converter) mailchimp() {
	done := 0
	for _, m := range mergeTag().FindAllStringSubmatchIndex(c.text, -1) {
		c.literal(c.text[done:m[0]])
		done = m[1]
		p := piece{at: m[0], text: c.text[m[0]:m[1]], inner: strings.TrimSpace(c.text[m[2]:m[3]])}
		if strings.EqualFold(p.inner, "MC:SUBJECT") && inTitle(c.text[:m[0]]) {
			c.note(p.at, p.text, "taken out: mail programs show no title", false)
		} else if err := c.mergeTag(p); err != nil {
			c.keep(p.at, p.text, err.Error())
		}
	}
	c.literal(c.text[done:])
	for _, b := range c.blocks {
		c.note(b.at, b.found, "it has no *|END:IF|*", true)
	}
}

// inTitle reports whether a page goes on within its title.
func inTitle(before string) bool {
	before = strings.ToLower(before)
	return strings.LastIndex(before, "<title") > strings.LastIndex(before, "</title")
}

func (c *converter) mergeTag(p piece) error {
	word, rest, has := strings.Cut(p.inner, ":")
	word = strings.ToUpper(strings.TrimSpace(word))
	switch {
	case word == "IF" || word == "IFNOT":
		o, err := c.mergeCondition(rest)
		if word == "IFNOT" {
			o = call("not %s", o)
		}
		c.open(&block{kind: "if", left: err != nil}, p)
		if err == nil {
			c.action("if "+o.text, false, false)
		}
		return err
	case word == "ELSEIF" || word == "ELSE":
		return c.mergeElse(word, rest)
	case word == "END":
		return c.end(strings.ToLower(strings.TrimSpace(rest)), p)
	case word == "DATE" && has:
		layout, err := phpDate(rest)
		if err == nil {
			c.action("now | date "+quote(layout).text, false, false)
		}
		return err
	case word == "CURRENT_YEAR":
		c.action(`now | date "2006"`, false, false)
		return nil
	case p.inner == "MC:DATE":
		c.action(`now | date "01/02/2006"`, false, false)
		return nil
	case word == "UNSUB" || word == "UNSUBSCRIBE":
		c.action("."+unsubscribe, false, false)
		return nil
	case has && (word == "TITLE" || word == "UPPER" || word == "LOWER"):
		o, err := c.field(rest)
		if err == nil {
			c.action(o.piped(strings.ToLower(word)).text, false, false)
		}
		return err
	case word == "URL" && has, word == "HTML" && has && !strings.Contains(rest, "LIST"):
		o, err := c.field(rest)
		if err == nil {
			c.action(o.text, false, false)
		}
		return err
	}
	if why := refusedTag(p.inner); why != "" {
		return cannot(why)
	}
	if has {
		return cannot(word + ": is not known here")
	}
	o, err := c.field(p.inner)
	if err == nil {
		c.action(o.text, false, false)
	}
	return err
}

func refusedTag(tag string) string {
	tag = strings.ToUpper(tag)
	for _, r := range mergeRefused {
		if r.why != "" && (tag == r.tag || strings.HasPrefix(tag, r.tag) && strings.HasSuffix(r.tag, ":") || strings.HasPrefix(tag, r.tag) && len(r.tag) >= 3 && (r.tag == "RSS" || r.tag == "FEED" || r.tag == "LIST_" || r.tag == "SURVEY")) {
			return r.why
		}
	}
	return ""
}

var fieldName = lazily(`^[A-Za-z_][A-Za-z0-9_ ]*$`)

// field is a merge field as an expression.
func (c *converter) field(tag string) (operand, error) {
	tag = strings.TrimSpace(tag)
	if !fieldName().MatchString(tag) {
		return operand{}, cannot("that is no merge field")
	}
	column := tag
	if to, ok := mergeFields()[strings.ToUpper(tag)]; ok {
		column = to
	}
	column, err := c.column(Plain(column))
	return one(written("", column)), err
}

// mergeOperator is a comparison in a condition.
var mergeOperator = lazily(`^\s*([A-Za-z_][A-Za-z0-9_ ]*?)\s*(!=|>=|<=|=|>|<)\s*(.*?)\s*$`)

// mergeCondition is what *|IF:…|* asks.
func (c *converter) mergeCondition(text string) (operand, error) {
	m := mergeOperator().FindStringSubmatch(text)
	if m == nil {
		if why := refusedTag(text); why != "" {
			return operand{}, cannot(why)
		}
		o, err := c.field(text)
		if err != nil {
			return o, err
		}
		if column, ok := strings.CutPrefix(o.text, "."); ok {
			return call("has . %q", column), nil
		}
		return o, nil
	}
	o, err := c.field(m[1])
	if err != nil {
		return o, err
	}
	f := map[string]string{"=": "eq", "!=": "ne", ">": "gt", ">=": "ge", "<": "lt", "<=": "le"}[m[2]]
	value := quote(strings.Trim(m[3], `"'`))
	if column, ok := strings.CutPrefix(o.text, "."); ok && f != "eq" && f != "ne" {
		return call("and (has . %q) (%s %s %s)", column, f, o, value), nil
	}
	return call("%s %s %s", f, o.or(`""`), value), nil
}

func (c *converter) mergeElse(word, rest string) error {
	b := c.top("if")
	switch {
	case b == nil:
		return cannot("there is no *|IF:…|* that it could be the other side of")
	case b.left:
		return cannot("so is what it belongs to")
	case word == "ELSE":
		c.action("else", false, false)
		return nil
	}
	o, err := c.mergeCondition(rest)
	if err == nil {
		c.action(fmt.Sprintf("else if %s", o.text), false, false)
	}
	return err
}
