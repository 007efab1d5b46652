package placeholder

import (
	"strings"
	"testing"
)

// TestForeign is the rule for mails: a placeholder of another language would go out as it
// stands. What else mails are made of does not look like one.
func TestForeign(t *testing.T) {
	mail := []string{"email", "name", "First Name", "first_name", "Stadt"}
	for text, want := range map[string]string{
		"Dear {name},": "{name}", "Dear {First Nmae}": "{First Nmae}", "Dear {Vorname}!": "{Vorname}", "{1}": "{1}", "Dear {$name}": "{$name}", "Dear {name|upper}": "{name|upper}", "{% if name %}": "{% if name %}",
		"Hi *|FNAME|*,": "*|FNAME|*", "<%= name %>": "<%= name %>", "<% if x %>": "<% if x %>", "Dear %recipient.name%": "%recipient.name%", "Dear [[name]]": "[[name]]", "Dear [[Vorname]]": "[[Vorname]]",
		"Dear ${name}": "${name}", "Dear ${First Name}": "${First Name}", "Dear %name%,": "%name%", "%%First_Name%%": "%%First_Name%%", "Dear «Stadt»": "«Stadt»", "Dear <<First Name>>": "<<First Name>>",
		"Dear #name#": "#name#", "@first_name@": "@first_name@", "Dear [First Name],\n": "[First Name]", "[NAME]": "[NAME]", "a {b,c} {name}": "{name}", "*|A|* {name}": "*|A|*",
		"Dear [FIRST NAME],": "[FIRST NAME]", "Dear [Vorname]": "[Vorname]", "Hi %FNAME%!": "%FNAME%", "${email}": "${email}", "«Nachname»": "«Nachname»", "&lt;&lt;Name&gt;&gt;": "&lt;&lt;Name&gt;&gt;", "Hi &laquo;Name&raquo;": "&laquo;Name&raquo;",
		"Hi -name-,": "-name-", "<p>-name-</p>": "-name-", "<?= $name ?>": "<?= $name ?>", "<?php echo $x; ?>": "<?php echo $x; ?>", "*|IF:X=Y|*": "*|IF:X=Y|*", "*|LIST:ADDRESS|*": "*|LIST:ADDRESS|*", "{%- if a -%}": "{%- if a -%}", "{% for x in y %}": "{% for x in y %}",
		`<a href="https://x.example/?n=%name%">`: "%name%", `<img alt="[name]">`: "[name]", "{% endif %}": "{% endif %}", `<a title="{name}">`: "{name}", "[email].": "[email]", "([name])": "[name]",
		// CSS, JSON, prose, links, addresses.
		"body { color: red }": "", "p{margin:0}a{color:red}": "", "@media (max-width: 600px) { .a { width: 100% } }": "", "@media print{.a{top:0}}": "", "a{}": "", "{}": "", `{"a": 1}`: "", `<script type="application/ld+json">{"@type":"Person","name":"x"}</script>`: "",
		"[name](https://a.example/)": "", "![name](cid:x.png)": "", "[name]: https://a.example/": "", "input[name]": "", "[1]": "", "[more]": "", "[…]": "", "[[1]]": "", "50% off, 20% more": "", "100 %": "", "#1 #2": "", "write to a@name@b": "@name@",
		"price ${5}": "", "«Guten Tag»": "", "a << b >> c": "", "{ }": "", `\{name}`: "", "a {b,c}": "", "see {x: 1}": "", "*|*": "", "%": "", "name": "", "Dear name": "", "": "", "<% x": "",
		"a[href]{color:red}": "", "[class*=x]": "", "a[name]": "", ".x[title]:hover{}": "", "width:calc(100% - 20px);height:50%": "", "https://a.example/%20name%20x": "", "https://a.example/?q=50%25%20name": "", "100% name 20%": "", "[1][2]": "", "see [3].": "", "- name - or": "",
		"[^1]: note": "", "[x] done [ ] open": "", "<!--[if mso]><table><![endif]-->": "", "<!--[if !mso]><!-->": "", "<!--[if gte mso 9]><xml></xml><![endif]-->": "", "^[a-z]+$": "", "[0-9]{3}": "", "(?P<name>x)": "", "a{1,3}": "", "[a,b]": "",
		`{"name": "x", "email": ["y"]}`: "", `{'a': {'b': 1}}`: "", "[name](mailto:a@b)": "", "[name][1]": "", "![name][1]": "", "[email protected]": "", "«Bonjour Monsieur»": "", "1 << 2 >> 3": "", "if (a<name>b)": "", "-- name": "", "first-name-last": "", "2026-name-x": "", "e-mail": "",
		"#name": "", "@name": "", "#1a2b3c": "", "a@b.example": "", "$5 {x,y}": "", "$name": "", "%s %d": "", "5 % name": "", "*| x": "", "* | name | *": "", "| name | email |": "", "<b>name</b>": "", "<name>": "", "<?xml version=\"1.0\"?>": "", "@font-face{font-family:name}": "",
		"a:not([hidden]){}": "", "@media screen and (max-width:600px){.name{width:100%!important}}": "", "{{": "", "}}": "", "{}{}": "", "function f(){return x}": "", "\\d{2}": "",
	} {
		got, ok := Foreign(text, mail)
		if got.Text != want || ok != (want != "") || ok && !strings.HasPrefix(text[got.At:], got.Text) {
			t.Errorf("%q: %+v, want %q", text, got, want)
		}
	}
	for text, name := range map[string]string{"[subscriber:firstname | default:reader]": "firstname", "{!Contact.Name}": "Name", "{contactfield=firstname}": "firstname", "{subtag:name}": "name", `[[data:name:"x"]]`: "name", "{Name|there}": "Name", "Hi {name, how": "name", "~Contact.FirstName~": "FirstName", "{name}": "name", "{% name %}": "name", "{$name}": "name", "{First Nmae}": "First Nmae", "*|FNAME|*": "FNAME", "<%= name %>": "name", "«Stadt»": "Stadt", "{name|upper}": "name"} {
		if got, _ := Foreign(text, mail); got.Name != name {
			t.Errorf("%s: %q", text, got.Name)
		}
	}
}

// TestForeignServices: what newsletter services and other languages write is found, and what only
// looks a little like it is not.
func TestForeignServices(t *testing.T) {
	mail := []string{"email", "name", "First Name", "Stadt"}
	for text, want := range map[string]string{
		"Hi [subscriber:firstname | default:reader],": "[subscriber:firstname | default:reader]", "[subscriber:email]": "[subscriber:email]", "[link:subscription_unsubscribe_url]": "[link:subscription_unsubscribe_url]", "[date:y]": "[date:y]",
		"Hi [firstname,fallback=there]!": "[firstname,fallback=there]", "[plan, fallback=]": "[plan, fallback=]", "<p><unsubscribe>leave</unsubscribe>": "<unsubscribe>", "<webversion>see</webversion>": "<webversion>",
		"[[data:name]]": "[[data:name]]", `[[data:firstname:"there"]]`: `[[data:firstname:"there"]]`, "[[var:x]]": "[[var:x]]", "Hi $[FNAME|Customer]$": "$[FNAME|Customer]$", "$[UD:PLAN||]$": "$[UD:PLAN||]$", "$[LNAME]$": "$[LNAME]$",
		"Hi {FirstName|there}": "{FirstName|there}", "{contactfield=firstname}": "{contactfield=firstname}", "{!firstname_fix}": "{!firstname_fix}", "Hi {!Contact.Name}": "{!Contact.Name}", "{subtag:name}": "{subtag:name}", "{subtag:name|ucfirst}": "{subtag:name|ucfirst}",
		"Dear [FIRST_NAME/friend],": "[FIRST_NAME/friend]", "[LINK_UNSUBSCRIBE]": "[LINK_UNSUBSCRIBE]", "%%=v(@name)=%%": "%%=v(@name)=%%", "%%emailaddr%%": "%%emailaddr%%", "%%[ set @x = 1 ]%%": "%%[ set",
		"Hi #recipient:name#": "#recipient:name#", "#unsubscribeLink#": "#unsubscribeLink#", "[contact_attribute:firstname]": "[contact_attribute:firstname]", "Hi ~Contact.FirstName~,": "~Contact.FirstName~", "Hi #{name}": "#{name}", "#{first_name}": "#{first_name}",
		"Hi %FIRSTNAME|there%": "%FIRSTNAME|there%", "[% name %]": "[% name %]", "[% IF x %]": "[% IF x %]", "[%- plan | html -%]": "[%- plan | html -%]", "Hi %(name)s!": "%(name)s", "%(First Name)s": "%(First Name)s", "%(plan)s": "%(plan)s",
		"Dear {name": "{name", "Dear {name,\nhow are you": "{name", "Dear {First Name, welcome": "{First Name", "Dear {name how are you": "{name", "<p>{Vorname</p>": "{Vorname", "Dear {stadt}{name": "{stadt}",
		// What else there is in mails.
		"color:#1a2b3c;background:#fff": "", "a{color:#fff;background:#abc}b{color:#def}": "", "see #1 and #2#": "", "<td bgcolor=#ffffff>#": "", "#recipient": "", "#topic: name#": "", "C#: name #": "",
		"as [1] says.\n\n[1] a@b.example": "", "[1]: mailto:a@b.example": "", "[name@x.example]": "", "[AND/OR]": "", "[TCP/IP]": "", "[yes/no]": "", "[a/b](c)": "", "[name/first](https://x.example)": "", "[n/a]": "",
		"100% of all, 50%|60%": "", "100 %| 20 %": "", "10%|name|20%": "", "100% name|x": "", "100%% sure": "", "5%%": "", "%%d%%": "", "%20name%20": "", "https://x.example/?a=%5Bname%5D&b=%7Bname%7D": "", "https://x.example/%E2%82%AC%20|%20x": "",
		"~name/file": "", "~/Contact.txt": "", "~Contact~": "", "~ 5 ~ 6": "", "~~struck~~": "", "~Contact.Name": "", "about ~10. Name~": "",
		"date +%(s)": "", "20 %(netto)": "", "printf %(": "", "10 %(netto)so": "", "%(%F)T": "",
		"[subscriber]": "", "[subscriber: see]": "", "[link: here]": "", "[link:here]": "", "[date: 2026]": "", "[Newsletter: May]": "", "[date:2026-01-01]": "", "[subscriber:x](https://x.example": "[subscriber:x]",
		"[a, b]": "", "[firstname, lastname]": "", "fallback=x": "", "[[1, 2], [3]]": "", "[[a:b]]": "", "x[[data]]:": "[[data]]",
		"$[0,1]$": "", "$[a]$": "", "$[5]": "", "US$[1]$": "", "<unsubscribe@x.example>": "", "<https://x.example/unsubscribe>": "", "<mailto:x?subject=unsubscribe>": "", "<preferences.html>": "", "<!-- unsubscribe -->": "", "< unsubscribe >": "", "<a class=unsubscribe>": "", "<web>": "",
		"{a|b}": "", "{Hi|Hello} you": "", "{x=1}": "", "a{color:red}": "", "{color:red}": "", "{subtag: x}": "", "{font:name}": "", "if(a){!b()}": "", `\{FirstName|there}`: "", `\{!Contact.Name}`: "",
		"#{$x}": "", "#{x}": "", "#{": "", "[%]": "", "[% of total %]": "", "[100 %]": "", "[%d]": "", "[5 % 6 %]": "",
		"a {": "", "{": "", "body {\n color: red\n}": "", "{ name": "", `\{name`: "", "{names": "", "{name: x": "", "{name=1": "", "{plan": "", "{name\n": "{name", `{"name`: "", "@media {name{": "", "${name": "", "{{name": "", ".email{\n margin:0\n}": "",
	} {
		got, ok := Foreign(text, mail)
		if got.Text != want || ok != (want != "") || ok && !strings.HasPrefix(text[got.At:], got.Text) {
			t.Errorf("%q: %+v, want %q", text, got, want)
		}
	}
}

// TestUnescape: a backslash goes from where it was needed, and from nowhere else.
func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		`\{FirstName|x}`: "{FirstName|x}", `\{!a}`: "{!a}", `\{name}`: "{name}", `a \{name} b \{First Nmae} c`: "a {name} b {First Nmae} c", `\{"a":1}`: `\{"a":1}`, `\{ }`: `\{ }`, `\alpha{x: 1}`: `\alpha{x: 1}`, `\{{.name}}`: `\{{.name}}`, `{\{name}}`: `{\{name}}`, "": "", `\`: `\`, `{name}`: "{name}",
	} {
		if got := Unescape(text, []string{"name", "First Name"}); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// FuzzForeign: what is found stands in the text; without braces and the marks of other
// languages nothing is found; what was escaped is found when it is not any more.
func FuzzForeign(f *testing.F) {
	for _, s := range []string{"{name}", `\{name}`, "*|X|*", "<%= a %>", "[name]", "%name%", "«name»", "{{.name}}", "a{b:c}", "\xff{", "[[a]]", "${name}"} {
		f.Add(s, "name")
	}
	f.Fuzz(func(t *testing.T, text, column string) {
		cols := []string{column}
		found, ok := Foreign(text, cols)
		if ok && (found.Text == "" || found.At < 0 || !strings.HasPrefix(text[found.At:], found.Text)) {
			t.Fatalf("%q: %+v does not stand there", text, found)
		}
		if ok && !strings.ContainsAny(text, "{[<*%$«#@~&-") {
			t.Fatalf("%q: %+v", text, found)
		}
		plain := Unescape(text, cols)
		if strings.ReplaceAll(plain, `\`, "") != strings.ReplaceAll(text, `\`, "") {
			t.Fatalf("%q became %q", text, plain)
		}
	})
}
