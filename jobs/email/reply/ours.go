package reply

import (
	"slices"
	"strings"
	"sync"
)

// ours are names of what is the sender's: how its machine calls itself, its address, its
// account. Where one of them stands before words for what does not exist, it is that which
// the server does not find, and not the mailbox of the recipient.
var ours = sync.OnceValue(func() []string {
	return phrases(`
helo
ehlo
mail from
header from
your host
your domain
your server
your mail server
your mailserver
your email server
your machine
your system
your ip
your sender
your from
your return
your address
your email address
your mail address
your mailbox
your envelope
your reverse
senders
senders mailbox
senders user
sender mailbox
sender account
sender host
sender user
sending host
sending server
sending user
sending account
connecting host
from header
smtp account
smtp user
smtp login
smtp username
authenticated user
ihr host
ihr rechner
ihr server
ihr mailserver
ihre domain
ihre adresse
ihre absender
ihr absender
absender
votre domaine
votre serveur
votre hote
votre adresse
expediteur
lexpediteur
su dominio
su servidor
remitente
tu dominio
seu dominio
seu servidor
remetente
suo dominio
tuo dominio
vostro dominio
mittente
uw domein
uw server
afzender
twoja domena
nadawc
ваш домен
ваш сервер
вашего домена
отправител
发件人
发信人
送信者
差出人
`)
})

// oursBehind are the same as they stand behind words for what does not exist. They say there
// whose it is: what is only named behind a recipient may have been put down for the record.
var oursBehind = sync.OnceValue(func() []string {
	return phrases(`
in mail from
in the mail from
in helo
in ehlo
in the helo
in the ehlo
for helo
for ehlo
for mail from
as sender
of sender
of the sender
for sender
for the sender
for your domain
for your host
for your server
for your ip
of your domain
of your host
of your server
of your ip
is your sender
`)
})

// missing are words for what does not exist.
var missing = sync.OnceValue(func() []string {
	return phrases(`
not exist
doesnt exist
dont exist
non existent
nonexistent
not found
isnt found
cannot be found
could not be found
unknown
not known
no such
invalid
not valid
not resolve
doesnt resolve
has no mailbox
existiert nicht
nicht gefunden
unbekannt
nicht bekannt
inconnu
inexistant
nexiste
introuvable
no existe
desconocid
inexistente
nao existe
desconhecid
non esiste
sconosciut
inesistente
bestaat niet
onbekend
nie istnieje
nieznan
не существует
не найден
неизвест
不存在
存在しません
見つかりません
`)
})

// phrases are the lines of a table as words of plain have them, see phraseOf.
func phrases(table string) []string {
	var out []string
	for line := range strings.Lines(table) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			out = append(out, phraseOf(ofUnsaid, line).all[0])
		}
	}
	return out
}

// How near to each other, in bytes, a name and words for what does not exist are about each other.
const (
	nearBefore = 32
	nearBehind = 20
)

// oursIsMissing reports whether what is said not to exist is the sender's.
func (p *plain) oursIsMissing() bool {
	for _, m := range missing() {
		for at := range everyIndex(p.words, m) {
			if p.namedBefore(at) && !namesRecipient(firstWords(p.words[at+len(m):], 1)) || p.namedBehind(at+len(m)) {
				return true
			}
		}
	}
	return false
}

// namedBefore reports whether something of the sender's is named right before a place, and
// nothing of the recipient's between.
func (p *plain) namedBefore(at int) bool {
	from := max(at-2*nearBefore, 0)
	head := p.words[from:at]
	return slices.ContainsFunc(ours(), func(name string) bool {
		i := strings.LastIndex(head, name)
		if i < 0 || len(head)-i-len(name) > nearBefore {
			return false
		}
		return !namesRecipient(head[i+len(name):]) && !asked(p.words[:from+i])
	})
}

// namedBehind reports whether it is said right behind a place whose that was.
func (p *plain) namedBehind(at int) bool {
	rest := p.words[at:]
	return slices.ContainsFunc(oursBehind(), func(name string) bool {
		i := strings.Index(rest, name)
		return i >= 0 && i <= nearBehind
	})
}

// namesRecipient reports whether words name what is a recipient's, if not said otherwise, or go on
// to it: the account that your server tried to reach.
func namesRecipient(words string) bool {
	return slices.ContainsFunc(theirs(), func(w string) bool { return strings.Contains(words, w) })
}

var theirs = sync.OnceValue(func() []string {
	return strings.Fields(`user recipient rcpt mailbox empfanger destinat usuario utilisateur benutzer postfach utente utilizador
		gebruiker ontvanger uzytkownik odbiorc buzon boite casella пользовател получател ящик 收件人 用户 受信者 宛先
		tried trying reach entered typed specified sent`)
})

// asked reports whether words end with a request to the sender: check your address.
func asked(words string) bool {
	fields := strings.Fields(words)
	if len(fields) == 0 {
		return false
	}
	return slices.Contains([]string{"check", "verify", "contact", "correct", "update", "in", "ask", "inform", "notify", "den", "dem", "to"}, fields[len(fields)-1])
}

// firstWords are so many words of a text.
func firstWords(s string, n int) string {
	fields := strings.Fields(s)
	return strings.Join(fields[:min(n, len(fields))], " ")
}

// everyIndex are the places where a part stands in a text.
func everyIndex(s, part string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for from := 0; ; {
			i := strings.Index(s[from:], part)
			if i < 0 || !yield(from+i) {
				return
			}
			from += i + 1
		}
	}
}
