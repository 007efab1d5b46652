package placeholder

import (
	"regexp"
	"strings"
	"sync"
)

// otherForms are those of newsletter services and of programming languages that only they write.
// Where the service has words of its own, such as subscriber:, a name that no list has is one too.
var otherForms = sync.OnceValue(func() []form {
	return []form{
		{regexp.MustCompile(`\[(?:subscriber|newsletter|contact_attribute|date):([\pL_][\pL\pN_]*)(?:\s*\|[^\[\]\n]{0,100})?\]`), ofAll},                      // [subscriber:firstname | default:reader] of MailPoet, Benchmark
		{regexp.MustCompile(`\[(link:(?:subscription|newsletter)_\w+|LINK_(?:UNSUBSCRIBE|PREFERENCES|BROWSER))\]`), ofAll},                                    // of MailPoet, Mailtrain
		{regexp.MustCompile(`\[([\pL_][\pL\pN_ -]{0,98}),\s*fallback=[^\[\]\n]{0,100}\]`), ofAll},                                                             // [firstname,fallback=there] of Campaign Monitor
		{regexp.MustCompile(`<(unsubscribe|webversion|preferences|forwardtoafriend)>`), ofAll},                                                                // its elements
		{regexp.MustCompile(`\[\[\s*(?:data|var):([\pL_][\pL\pN_.]*)(?:\s*:[^\[\]\n]{0,100})?\]\]`), ofAll},                                                   // [[data:firstname:"there"]] of Mailjet
		{regexp.MustCompile(`\$\[([A-Z][A-Z0-9_:]{2,60}|[\pL_][\pL\pN_. ]{0,60}\|[^\[\]$\n|]{0,100})(?:\|[^\[\]$\n]{0,100})?\]\$`), ofAll},                    // $[FNAME|Customer]$ of Zoho
		{regexp.MustCompile(`\[([\pL_][\pL\pN_]{1,60})/[^\[\]\n/]{0,100}\](?:$|[^(\[:])`), ofKnown},                                                           // [FIRST_NAME/friend] of Mailtrain
		{regexp.MustCompile(`%%=\s*([^%\n]{1,200}?)\s*=%%|%%\[\s*((?i:set|var|if|elseif|else|endif|output)\b)`), ofAll},                                       // %%=v(@name)=%% of Salesforce
		{regexp.MustCompile(`%%([\pL_][\pL\pN_]{2,60})%%`), ofAll},                                                                                            // %%emailaddr%%
		{regexp.MustCompile(`#(?:recipient|subscriber|campaign):([\pL_][\pL\pN_: -]{0,60})#|#(unsubscribeLink)#`), ofAll},                                     // #recipient:name# of Moosend
		{regexp.MustCompile(`~(?:Contact|Company|Owner|User|Account|Affiliate|HostedEmail|Link)\.([\pL_][\pL\pN_.]{0,60})~`), ofAll},                          // ~Contact.FirstName~ of Keap
		{regexp.MustCompile(`#\{\s*([\pL_][\pL\pN_.]{0,60})\s*\}`), ofKnown},                                                                                  // #{name} of Ruby
		{regexp.MustCompile(`%([\pL_][\pL\pN_ ]{0,60})\|[^%\n]{0,100}%`), ofKnown},                                                                            // %FIRSTNAME|there%
		{regexp.MustCompile(`\[%[-+]?\s*((?:IF|UNLESS|ELSIF|ELSE|FOREACH|INCLUDE|SET|END)\b[^%\n]*?|[a-z_][\w.]{0,60}(?:\s*\|[^%\n]*?)?)\s*[-+]?%\]`), ofAll}, // [% name %] of the Template Toolkit
		{regexp.MustCompile(`%\(([a-z_]\w{0,60})\)[sd]\b`), ofAll},                                                                                            // %(name)s of Python
		{regexp.MustCompile(`%\(([\pL_][\pL\pN_ ]{0,60})\)[sd]\b`), ofKnown},
	}
})

// inBraces is what services write in one pair of braces that is no name: {!Contact.Name} of
// Salesforce and AWeber, {contactfield=firstname} of Mautic, {subtag:name} of AcyMailing.
var inBraces = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:![\pL_][\pL\pN_.]*|(?:contactfield|leadfield|ownerfield|dynamiccontent|pagelink|assetlink)=\S.*|(?:subtag|usertag|subscriber|customtag):[\pL_][\pL\pN_]*(?:\|.*)?)$`)
})

// withDefault is a name with what stands for it where it is empty: {FirstName|there} of GMass.
var withDefault = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([\pL_][\pL\pN_ .-]*)\|`) })

// braced reports whether {inner} is a placeholder of another language. Before is what is in front
// of it.
func braced(before, inner string, columns []string) bool {
	if Suspect(before, inner, columns) {
		return true
	}
	if foreign(before) {
		return false
	}
	m := withDefault().FindStringSubmatch(inner)
	return inBraces().MatchString(inner) || m != nil && ofKnown.holds(m[1], columns)
}

// open is a brace with a name behind it that no other brace follows on its line: {name, or a name
// of several words up to the next comma or full stop.
var open = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)\{((?:[\pL_][\pL\pN_]*)(?: [\pL\pN_]+)*)(?:[,.!?;<\s][^{}\n]*)?$`)
})

// unclosed finds the first brace before a name of a column that has no end.
func unclosed(text string, columns []string) (at, end int, name string) {
	for _, m := range open().FindAllStringSubmatchIndex(text, -1) {
		if before := text[:m[0]]; strings.HasSuffix(before, `\`) || strings.HasSuffix(before, "{") || foreign(before) {
			continue
		}
		// The name is of one word or of more; what is behind it belongs to the text.
		words := text[m[2]:m[3]]
		for {
			if ofKnown.holds(words, columns) {
				return m[0], m[2] + len(words), words
			}
			i := strings.LastIndexByte(words, ' ')
			if i < 0 {
				break
			}
			words = words[:i]
		}
	}
	return -1, -1, ""
}
