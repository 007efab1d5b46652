package report

import (
	"brood/jobs/email/reply"
	"regexp"
	"strings"
	"sync"
)

// passage is what a letter says about an address: from the line that names it on, up to one that
// names another, or a heading.
type passage struct {
	address string
	key     string // by which addresses are the same
	strong  bool   // the line begins with the address
	text    string
	indent  int // of its first line
}

// letter is the words of a report for people.
type letter struct {
	passages []passage
	words    string // all of it
	off      bool   // it says at its beginning that an account is switched off
}

// What is read of a line, of what is said about an address, and of a text that is looked through
// for a reply.
const (
	maxLine    = 2 << 10
	maxPassage = 8 << 10
)

// readLetter finds the addresses in a text, and what is said about them.
func readLetter(text string) *letter {
	l := &letter{words: text}
	open := -1 // the passage that goes on
	const most = 2000
	for line := range strings.Lines(text) {
		line = strings.TrimRight(clip(unquoted(line), maxLine), "\r\n")
		if heading().MatchString(line) {
			open = -1
			continue
		}
		found := mentions(line, 8)
		if len(found) == 0 || passedOver().MatchString(line) || elsewhere(line) || len(l.passages) >= most {
			if open >= 0 {
				l.passages[open].add(line)
			}
			continue
		}
		address, strong := found[0].address, startsWith(line, found[0])
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		if open >= 0 && l.passages[open].strong && indent > l.passages[open].indent {
			strong = false // it goes on with what was said: <sender@example.com>... Domain does not exist
		}
		if m := expandedFrom().FindStringSubmatch(line); m != nil && len(mentions(m[1], 1)) > 0 {
			address = mentions(m[1], 1)[0].address
			if !strong && open >= 0 {
				l.passages[open].address, l.passages[open].key = address, same(address)
			}
		}
		if open >= 0 && (!strong || l.passages[open].strong) && l.passages[open].key == same(address) {
			l.passages[open].add(line)
			continue
		}
		if !strong && open >= 0 && l.passages[open].strong && (indent > l.passages[open].indent || !aboutDelivery().MatchString(line) && !transcript().MatchString(line)) {
			// Another address in what was said, such as whom to ask.
			l.passages[open].add(line)
			continue
		}
		l.passages = append(l.passages, passage{address, same(address), strong, line, indent})
		open = len(l.passages) - 1
	}
	if len(l.passages) > 0 {
		ahead, _, _ := strings.Cut(clip(text, maxPassage), l.passages[0].address)
		l.off = switchedOff().MatchString(ahead)
	}
	return l
}

func (p *passage) add(line string) {
	if len(p.text) < maxPassage {
		p.text += "\n" + line
	}
}

// quotes reports whether a reply is told of somebody.
func (l *letter) quotes() bool {
	for _, p := range l.passages {
		if isQuote(p.text) {
			return true
		}
	}
	return false
}

// isQuote reports whether a text has the code of a reply.
func isQuote(text string) bool {
	status, said := quote(text)
	return status != "" || said != strings.Join(strings.Fields(text), " ")
}

// heading are lines that end what was said before: ----- Transcript of session follows -----
var heading = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(-{3,}[^<>@]*-{3,}|-{5,} ?[\w ]+|={5,}|\*{5,}|_{5,})\s*$`)
})

// passedOver are lines whose addresses are not those of recipients.
var passedOver = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*(from|sender|reply-to|return-path|message-id|mail from|cc|subject|date|sent|received|references|in-reply-to|x-[a-z-]+|reporting-mta|envelope-from|de|von|expéditeur|absender)\s*[:=]` +
		`|contact|assistance|for help|please (e-?)?mail|send (a |your )?(e-?)?mail to|questions|mailto:|report this|^\s*(hello|hi|dear|hallo|bonjour)\b|this is the .* (at|program|server)|email address .* is listed in`)
})

// elsewhere reports whether a line says where else to write: please write to grace@example.net instead.
func elsewhere(line string) bool {
	m := mentions(line, 1)
	return len(m) > 0 && !startsWith(line, m[0]) && writeTo().MatchString(line)
}

var writeTo = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(write|turn|reach out|wenden|adressez|escrib\w*|schreiben|schreibt) (it |them |me |him |her |us |mir |bitte |sie )?(sich )?(to|at|an|à|a)\b|@\S+ instead\b|\b(new address|new e-?mail|neue (e-?mail-?)?adresse)\b`)
})

// aboutDelivery are lines that name a recipient in the middle.
var aboutDelivery = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)deliver|recipient|mailbox|rcpt|address|user\b|unknown|account|reach|rejected|\bto\s*:|undeliverable|gateway|could not|zugestellt|empfänger|destinataire|distribu|consegn|entreg|получател|доставлен`)
})

// transcript are lines of a conversation.
var transcript = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(>>>|<<<|[45]\d\d[ -])`)
})

var expandedFrom = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\((?:expanded|forwarded|generated) (?:from|by):?\s+(\S+@\S+)\)`)
})

// startsWith reports whether a line is one about the address that stands in it.
func startsWith(line string, m mention) bool {
	if before := strings.Trim(line[:m.begin], " \t>*-•·|\"'<(["); before != "" && !numbered().MatchString(before) {
		return false
	}
	rest := strings.TrimLeft(line[m.end:], ">\"')]")
	return rest == "" || strings.ContainsRune(":;, \t.[(=<", rune(rest[0]))
}

// numbered are the numbers of a list: 1. or 1)
var numbered = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\(?\d{1,3}[.)]$`) })

// addresses are those that the letter is about, as it seems, and none of those who have written or
// got it, if there is another.
func (l *letter) addresses(not []string) []string {
	for _, strong := range []bool{true, false} {
		var out []string
		for _, p := range l.passages {
			if p.strong == strong && !isRole(p.address) && !among(p.address, not) && len(out) < maxRecipients &&
				(strong || aboutDelivery().MatchString(p.text) || transcript().MatchString(p.text)) {
				out = append(out, p.address)
			}
		}
		if len(out) > 0 {
			return unique(out)
		}
	}
	return nil
}

// told is the letter without the lines that say where else to write.
func (l *letter) told() string {
	var out strings.Builder
	for line := range strings.Lines(l.words) {
		if !elsewhere(clip(line, maxLine)) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// about is what is said about an address, the plainest first. Alone says that the letter
// is about nobody else.
func (l *letter) about(address string, alone bool, subject string) []string {
	var out []string
	k := same(address)
	for _, strong := range []bool{true, false} {
		for i, p := range l.passages {
			if p.strong != strong || p.key != k {
				continue
			}
			out = append(out, p.text)
			if strong && bareAddress(p.text) {
				// One reason below several addresses.
				for _, next := range l.passages[i+1:] {
					if !next.strong || !bareAddress(next.text) {
						if first, _, _ := strings.Cut(next.text, "\n"); next.strong && bareAddress(first) {
							out = append(out, next.text)
						}
						break
					}
				}
			}
		}
	}
	if alone || len(out) == 0 {
		out = append(out, l.words, subject)
	}
	return out
}

// bareAddress reports whether a passage has nothing but the address.
func bareAddress(text string) bool {
	rest := text
	for _, m := range mentions(text, 2) {
		rest = strings.Replace(rest, m.address, "", 1)
	}
	return strings.Trim(rest, " \t\n<>\"'*-.,;:") == ""
}

// quote is the reply in a text: its enhanced code, and it from its code on. Without one it is the text.
func quote(text string) (status, said string) {
	text = strings.Join(strings.Fields(clip(text, maxPassage)), " ")
	said = text
	if m := replyCode().FindStringSubmatchIndex(text); m != nil {
		said = text[m[2]:]
		if code := said[:3]; m[4] < 0 && strings.HasPrefix(said[3:], " "+code+" ") { // 550 550 5.1.1 user unknown
			said = said[4:]
			m = replyCode().FindStringSubmatchIndex(said)
			if m != nil && m[4] >= 0 {
				status = said[m[4]:m[5]]
			}
		} else if m[4] >= 0 {
			status = text[m[4]:m[5]]
		}
	}
	if status == "" {
		if m := loneStatus().FindStringSubmatch(said); m != nil {
			status = m[1]
		} else if m := loneStatus().FindStringSubmatch(text); m != nil {
			status = m[1]
		}
	}
	return status, said
}

// replyCode is the code of a reply in the midst of a text.
var replyCode = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s:;,(\["'<#=])([45][0-5]\d)(?:[ -]+|[,:] ?|$)(?:[\[(#]*([45]\.\d{1,3}\.\d{1,3})\b|[^\d\s]|$|\d{3}[ -])`)
})

// loneStatus is an enhanced code that stands anywhere, as in (#5.1.1).
var loneStatus = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s:;,(\[#"'<=])([245]\.\d{1,2}\.\d{1,3})(?:[\s:;,)\]"'>]|\.?$|\. )`)
})

// notAtRcpt are the words by which reports say that a message was refused before its recipient was
// named. There are servers that look for a mailbox when they have all of a message.
var notAtRcpt = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)in reply to (MAIL FROM|EHLO|HELO|initial)|after (initial connection|(pipelined )?MAIL FROM|EHLO|HELO)|for (MAIL|HELO|EHLO) command|\[MAIL_FROM\]|while sending MAIL FROM`)
})

// doubted takes back that there is no such mailbox, where that was said without a code, and not of the
// recipient, or where the letter says that there is one: there are providers who call a user unknown
// when they do not like a message, or when an account is switched off for a while.
func (l *letter) doubted(r Recipient, texts []string) Recipient {
	if r.Class != reply.ClassBounce || r.Status != "" && !strings.HasSuffix(r.Status, ".0.0") {
		return r
	}
	for _, t := range append([]string{r.Text}, texts...) {
		if status, _ := quote(t); notAtRcpt().MatchString(t) && (status == "" || strings.HasSuffix(status, ".0.0")) {
			r.Class = reply.ClassReply
		}
	}
	if l.off {
		r.Class = reply.ClassReply
	}
	return r
}

var switchedOff = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(account|mailbox)s?\)? (is|are|has been|have been|was) (temporarily |currently )?(disabled|suspended|limited|inactive|locked|frozen|deactivated)`)
})

// best judges what is said about a recipient: the first of the texts that says why counts.
func (l *letter) best(address, action string, texts []string) Recipient {
	first := Recipient{Address: address, Class: reply.ClassReply, Action: action}
	for i, t := range texts {
		status, said := quote(t)
		r := l.doubted(judged(address, status, action, said), []string{t})
		if i == 0 || first.Text == "" {
			first = r
		}
		if r.Class != reply.ClassReply || status != "" && i == 0 {
			return r
		}
	}
	return first
}

// howItEnded tells a notice of a delay, and of a delivery, from that of a failure.
func howItEnded(subject, text string) string {
	switch {
	case delayWords().MatchString(subject) || delayWords().MatchString(text):
		if givenUp().MatchString(text) || givenUp().MatchString(subject) {
			return failed
		}
		return delayed
	case doneWords().MatchString(subject) || doneWords().MatchString(text) && !givenUp().MatchString(text):
		return delivered
	}
	return failed
}

var delayWords = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)warning message only|do not need to resend|has been delayed|delivery (is |was |has been )?delay|\(delay\)|message delayed|delayed mail|no action is required on your part|delivery attempts will continue|will continue to (try|attempt)|will keep trying|still (trying|being retried)|not yet been delivered|has not been delivered to .* after more than|could not send message for past|will (be retried|try again|retry) (for|until|every|in)`)
})

var givenUp = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)permanent (error|failure|fatal)|fatal error|given up|giving up|failed permanently|could not be delivered (for|within)|not going to try again|no further (delivery )?attempts|\(failure\)`)
})

var doneWords = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(was|were|been|is) (successfully )?(delivered|relayed) (successfully |to the following)|successfully delivered|success(ful)? (mail )?delivery|return receipt|delivery status notification \((success|relay)\)|^(relayed|delivered|expanded|read|gelesen|lu)\s*:`)
})
