package email

import (
	"brood/jobs/email/convert"
	"strings"
	"testing"
)

// TestConverted fills what came of templates of other mailers: it says what they would have said.
func TestConverted(t *testing.T) {
	const row = `{"name":"Ada","vip":false,"yes":true,"n":0,"one":1,"zero":"0","amount":"12.5","list":["a","b"],"leer":[],"attributes":{"vip":false,"n":0,"tier":"gold","price":3}}`
	for _, c := range []struct {
		dialect    convert.Dialect
		text, want string
	}{
		// What is false, and where 0 is.
		{convert.Listmonk, `{{ if .Subscriber.Attribs.vip }}VIP{{ else }}plain{{ end }}`, "plain"},
		{convert.Listmonk, `{{ if .Subscriber.Attribs.n }}some{{ else if .Subscriber.Attribs.tier }}none{{ end }}`, "none"},
		{convert.Listmonk, `{{ if not .Subscriber.Attribs.nosuch }}a{{ end }}{{ if and .Subscriber.Attribs.tier (not (or .Subscriber.Attribs.n .Subscriber.Attribs.vip)) }}b{{ end }}`, "ab"},
		{convert.Listmonk, `{{ if eq .Subscriber.Attribs.tier "gold" }}a{{ end }}{{ if (eq (or .Subscriber.Attribs.nosuch .Subscriber.Attribs.tier) "gold") }}b{{ end }}{{ with .Subscriber.Attribs.nosuch }}c{{ else }}d{{ end }}`, "abd"},
		{convert.Handlebars, `{{#if vip}}VIP{{else}}plain{{/if}} {{#if n}}some{{else}}none{{/if}} {{#unless yes}}no{{else}}yes{{/unless}} {{#if nosuch}}a{{else}}b{{/if}}`, "plain none yes b"},
		{convert.Liquid, `{% if vip %}VIP{% else %}plain{% endif %}{% unless yes %}no{% endunless %}{% if zero %} 0{% endif %}{% if nosuch %}a{% else %}b{% endif %}`, "plain 0b"},
		{convert.Mailmerge, `{% if vip %}VIP{% else %}plain{% endif %} {% if zero %}0{% endif %} {% if vip is defined %}d{% endif %}{% if nosuch is none %}n{% endif %}`, "plain 0 dn"},
		{convert.Mailmerge, `{% if not vip and yes %}a{% endif %}{% if nosuch or name %}b{% endif %}`, "ab"},
		// One of two that is shown.
		{convert.Mailmerge, `Dear {{ name or "friend" }}, {{ nosuch or name }}, {{ nosuch or vip or "x" }}, {{ yes and "member" }}`, "Dear Ada, Ada, x, member"},
		{convert.Mailmerge, `{% set who = nosuch or name %}{{ who | upper }}`, "ADA"},
		{convert.Listmonk, `{{ or .Subscriber.Attribs.nosuch .Subscriber.Attribs.tier }}`, "gold"},
		// Lists that may be missing.
		{convert.Listmonk, `{{ range .Subscriber.Attribs.orders }}{{ .x }}{{ else }}none{{ end }}{{ range $o := .Subscriber.Attribs.orders }}{{ $o }}{{ else }}!{{ end }}`, "none!"},
		{convert.Mailmerge, `{% for x in nosuch %}{{ x }}{% else %}none{% endfor %} {% for x in leer %}{{ x }}{% else %}none{% endfor %} {% for x in list %}{{ x }}{% else %}none{% endfor %}`, "none none ab"},
		// Numbers, and letters of a text.
		{convert.Listmonk, `{{ .Subscriber.Attribs.price | printf "%.2f" }} {{ printf "%.1f %s%% %d" .Subscriber.Attribs.price .Subscriber.Attribs.tier .Subscriber.Attribs.price }}`, "3.00 3.0 gold% 3"},
		{convert.Mailmerge, `{{ name[0] }}{{ name | first }} {{ list[1] }}`, "AA b"},
	} {
		r := convert.Convert(convert.Source{Name: "t", Text: c.text}, convert.Options{Dialect: c.dialect})
		got, err := fillOne("", "", r.Text, row)
		if err != nil || r.Left() > 0 || strings.TrimSpace(got) != c.want {
			t.Errorf("%s: %s became %s: %q, want %q; %v %v", c.dialect, c.text, r.Text, got, c.want, err, r.Notes)
		}
	}
}
