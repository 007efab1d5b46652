package email

import "strings"

// odd is a message that is hard to write so that everybody reads the same in it.
// What is empty is as in the first one; none is for what there is not.
type odd struct {
	name                                string
	from, to, toName, subject, cc       string
	replyTo, note, text, html, markdown string
	shown                               string   // the HTML as it is in the message
	files, inline                       []string // names of files
	refused                             string   // part of why there is no message
	made                                string   // the text that is made of the HTML
	rendered                            string   // the HTML, if values came into it
}

const none = "-"

var (
	allBytes = func() string {
		b := make([]byte, 256)
		for i := range b {
			b[i] = byte(i)
		}
		return string(b)
	}()
	// oddFiles are what is attached, by name.
	oddFiles = map[string]string{
		"bill.pdf":              "%PDF-1.4\nnot really\n",
		"empty.pdf":             "",
		"all bytes.bin":         allBytes,
		"Rechnung für März.pdf": "x",
		"счёт-фактура за ноябрь 2026 года.pdf": "x",
		"a;b=\"c\".pdf":                          "x",
		"back\\slash, comma & 100%.pdf":          "x",
		strings.Repeat("long-", 40) + "name.pdf": "x",
		strings.Repeat("é", 100) + ".pdf":        "x",
		"dot.png":                                "\x89PNG\r\n\x1a\n",
		"second dot.png":                         "\x89PNG\r\n\x1a\n2",
		"\U0001F389.png":                         "party",
		"large.bin":                              strings.Repeat(allBytes, 100),
		"dots..and...more.pdf":                   ".\r\n..\r\n.\r\n",
		strings.Repeat("a very long name with spaces ", 8) + ".pdf": "x",
		"Termin.ics":    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nMETHOD:CANCEL\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261130T120000Z\r\nSUMMARY:Tee für zwei\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		"no.ics":        "hello",
		"forwarded.eml": "From: a@example.com\r\nSubject: =?utf-8?q?=C3=A9?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n--boundary\r\nFrom here on.\r\n.\r\n",
		"wide.eml":      "Subject: x\r\n\r\n" + strings.Repeat("x", 1000) + "\r\n",
		"list.csv":      "name,city\nZoë,Wien\n",
		"plain.txt":     "just text\n",
		"latin1.txt":    "Zo\xeb\n",
		"zero.md":       "a\x00b",
	}
	// oddKinds are the types of those that are not what their names alone say.
	oddKinds = map[string]string{
		"Termin.ics": "text/calendar", "no.ics": "application/octet-stream", "forwarded.eml": "message/rfc822", "wide.eml": "application/octet-stream",
		"list.csv": "text/csv", "plain.txt": "text/plain", "latin1.txt": "application/octet-stream", "zero.md": "application/octet-stream",
	}
)

// odds are those of testdata/golden.
var odds = []odd{
	{name: "plain"},
	// The text.
	{name: "text-empty", text: none},
	{name: "text-empty-with-html", text: none, html: "<p>all of it</p>"},
	{name: "text-only-line-ends", text: "\n\n\n"},
	{name: "text-without-end", text: "no line end"},
	{name: "text-998", text: strings.Repeat("a", 998) + "\nshort\n"},
	{name: "text-999", text: strings.Repeat("a", 999) + "\nshort\n"},
	{name: "text-10000", text: strings.Repeat("word ", 2000) + "\n"},
	{name: "text-10000-unbroken", text: strings.Repeat("x", 10000) + "\n"},
	{name: "text-5000-han", text: strings.Repeat("漢", 5000) + "\n"},
	{name: "text-dots", text: ".\n..\n...\n.hidden\n \n.\nend.\n.\n"},
	{name: "text-dot", text: "."},
	{name: "text-dot-at-the-break", text: strings.Repeat("a", 75) + "." + strings.Repeat("b", 74) + ".\n" + strings.Repeat("=", 40) + "." + strings.Repeat("ü", 30) + ".\n"},
	{name: "text-from", text: "From here on\nFrom the start\n>From\n"},
	{name: "text-space-at-ends", text: "one \ntwo\t\n three\n\tfour  \n \n"},
	{name: "text-equals", text: "a=b==\n=3D\n=\n=20=\nx="},
	{name: "text-windows", text: "one\r\ntwo\r\n"},
	{name: "text-control", text: "bell \a, escape \x1b[31m, zero \x00, form feed \f, delete \x7f\n"},
	{name: "text-bom", text: "\ufeffafter the mark\n"},
	{name: "text-like-mime", text: "--boundary\nContent-Type: text/html\n\n<b>x</b>\n--boundary--\n"},
	{name: "text-emoji", text: "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 ❤️\n" + strings.Repeat("🎉", 300) + "\n"},
	{name: "text-arabic", text: "مرحبا بالعالم، هذه رسالة طويلة بعض الشيء لنرى كيف تنكسر السطور\n", subject: "مرحبا بالعالم"},
	{name: "text-hebrew-marks", text: "\u200fשלום \u202aabc\u202c עולם\u200f\n", subject: "\u200fשלום\u200f 123"},
	{name: "text-decomposed", text: "e\u0301 n\u0303 A\u030a\n", subject: "Cafe\u0301"},
	{name: "text-line-separators", text: "a\u2028b\u2029c\u0085d\u00a0e\u00ade\n"},
	{name: "text-not-utf8", text: "Zo\xeb\n", refused: "is not UTF-8"},
	// Headers.
	{name: "subject-emoji", subject: "🎉 Winner 👩‍👩‍👧‍👦!"},
	{name: "subject-long", subject: strings.TrimSpace(strings.Repeat("a long subject ", 60))},
	{name: "subject-unbroken", subject: strings.Repeat("x", 900)},
	{name: "subject-over-998", subject: strings.Repeat("y", 1500)},
	{name: "subject-long-han", subject: strings.Repeat("長い件名", 80)},
	{name: "subject-mixed", subject: "Your order № 5 is on its way — thank you, Zoë, and see you soon in our shop in Kärnten"},
	{name: "subject-like-encoded", subject: "=?utf-8?q?fake?= and =?x"},
	{name: "subject-spaces", subject: "two  spaces   three"},
	{name: "subject-spaces-at-the-fold", subject: strings.Repeat("seven77 ", 8) + strings.Repeat(" ", 20) + "after many spaces" + strings.Repeat(" ", 90) + "end"},
	{name: "subject-tab", subject: "a\tb"},
	{name: "subject-specials", subject: `"quoted" \back <a@b> (c) [d], e; f:`},
	{name: "subject-line-break", subject: "a\r\nBcc: x@example.com", refused: "line break"},
	{name: "subject-not-utf8", subject: "Zo\xeb", refused: "is not UTF-8"},
	{name: "name-comma", toName: `Lovelace, Ada "the first"`},
	{name: "name-umlaut", toName: "Zoë Müller-Lüdenscheidt"},
	{name: "name-comma-umlaut", toName: `Müller, Zoë (née Groß) <boss>`},
	{name: "name-emoji", toName: strings.Repeat("👩‍🚀 ", 20) + "x"},
	{name: "name-address", toName: "ada@other.example"},
	{name: "name-long", toName: strings.TrimSpace(strings.Repeat("Maria del Carmen ", 30))},
	{name: "name-backslash", toName: `a\b "c\"`},
	{name: "name-backslash-umlaut", toName: `Zoë \ Müller`},
	{name: "name-unbroken-long", toName: strings.Repeat("x", 1000)},
	{name: "name-not-utf8", toName: "Zo\xeb", refused: "is not UTF-8"},
	{name: "name-line-break", toName: "a\nBcc: x@example.com", refused: "line break"},
	{name: "address-idn", to: "ada@bücher.example"},
	{name: "address-utf8", to: "ädä@bücher.example"},
	{name: "address-utf8-han", to: "用户@例え.example", toName: "用户"},
	{name: "address-quoted", to: `"a b"@example.com`},
	{name: "address-specials", to: "o'brien+tag=x/y@example.com"},
	{name: "address-long", to: strings.Repeat("l", 64) + "@" + strings.Repeat(strings.Repeat("d", 60)+".", 3) + "example"},
	{name: "cc-many", cc: strings.TrimSuffix(strings.Repeat("Some One Ünal <someone@example.com>, ", 60), ", ")},
	{name: "reply-to", replyTo: `"Büro, Wien" <office@bücher.example>`},
	{name: "from-name", from: `"Ärzte, GmbH & Co" <post@ärzte.example>`},
	{name: "note", note: "ünïcode " + strings.Repeat("and more ", 30) + "end"},
	{name: "note-unbroken", note: "https://example.com/?" + strings.Repeat("q=1&", 240)},
	// HTML, and files.
	{name: "html-only", text: none + none, html: "<p>Grüße</p>"},
	{name: "html-made-text", text: none + none, made: "Grüße\n=====\n\nDear Ada, see what is new (https://example.com/?a=1&b=2) & what <is> not.\n\n* one\n* two\n", html: "<h1>Grüße</h1><p>Dear {{.name}}, see <a href=\"https://example.com/?a=1&amp;b=2\">what is new</a> &amp; what &lt;is&gt; not.</p><ul><li>one<li>two</ul>", rendered: "<h1>Grüße</h1><p>Dear Ada, see <a href=\"https://example.com/?a=1&amp;b=2\">what is new</a> &amp; what &lt;is&gt; not.</p><ul><li>one<li>two</ul>"},
	{name: "html-made-nothing", text: none + none, made: none, html: "<p><img src=\"https://example.com/x.png\" alt=\"\"></p>"},
	{name: "html-long-line", html: "<style>" + strings.Repeat("p{color:red}", 500) + "</style><p>ä</p>"},
	{name: "html-cid-in-text", html: "<p>Your CID:4711, cid: x</p>"},
	{name: "html-empty", html: " \n"},
	{
		name: "markdown", markdown: "# Hello\n\n* a & b\n* <b>c</b>\n\n[link](https://example.com/?a=1&b=2)\n",
		shown: "<!DOCTYPE html>\n<html>\n<body>\n<h1>Hello</h1>\n<ul>\n<li>a &amp; b</li>\n<li><b>c</b></li>\n</ul>\n<p><a href=\"https://example.com/?a=1&amp;b=2\">link</a></p>\n</body>\n</html>\n",
	},
	{name: "file", files: []string{"bill.pdf"}},
	{name: "file-empty", files: []string{"empty.pdf"}},
	{name: "file-bytes", files: []string{"all bytes.bin"}, html: "<p>x</p>"},
	{name: "file-names", files: []string{"Rechnung für März.pdf", "счёт-фактура за ноябрь 2026 года.pdf", `a;b="c".pdf`, `back\slash, comma & 100%.pdf`}},
	{name: "file-names-long", files: []string{strings.Repeat("long-", 40) + "name.pdf", strings.Repeat("é", 100) + ".pdf", strings.Repeat("a very long name with spaces ", 8) + ".pdf"}},
	{name: "file-dots", files: []string{"dots..and...more.pdf"}, text: none},
	{name: "file-large", files: []string{"large.bin"}},
	{name: "file-texts", files: []string{"list.csv", "plain.txt", "latin1.txt", "zero.md"}},
	{name: "file-calendars", files: []string{"Termin.ics", "no.ics"}},
	{name: "file-messages", files: []string{"forwarded.eml", "wide.eml"}, html: "<p>x</p>"},
	{name: "inline", html: `<img src="cid:dot.png"> <img src="cid:second%20dot.png">`, inline: []string{"dot.png", "second dot.png"}},
	{name: "inline-emoji", html: `<img src="cid:%F0%9F%8E%89.png">`, inline: []string{"\U0001F389.png"}},
	{name: "inline-and-file", html: `<img src="cid:dot.png">`, inline: []string{"dot.png"}, files: []string{"bill.pdf"}},
	{name: "inline-not-there", html: `<img src="cid:other.png">`, inline: []string{"dot.png"}, refused: "not among the inline images"},
	{name: "everything", html: `<p dir="rtl">שלום</p><img src="cid:dot.png">`, text: ".שלום\n", inline: []string{"dot.png"}, files: []string{"bill.pdf", "empty.pdf"}, subject: "שלום 🎉", toName: "עדה", cc: "Zoë <zoe@bücher.example>", replyTo: "ответ <re@example.com>", note: "é"},
}
