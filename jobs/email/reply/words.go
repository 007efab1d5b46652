package reply

import (
	"strings"
	"sync"
)

// vocabulary is the table of words in the order in which it is looked at. It is made when
// the first refusal is judged: workers that meet none do not pay for it.
var vocabulary = sync.OnceValue(func() []phrase {
	var out []phrase
	for _, part := range []struct {
		about subject
		lines string
	}{
		{ofFull, wordsLimited},
		{ofQuota, wordsQuota},
		{ofTempo, wordsTempo},
		{ofPolicy, wordsTheirs},
		{ofPolicy, wordsListed},
		{ofLogin, wordsLogin},
		{ofRelay, wordsRelay},
		{ofSender, wordsSender},
		{ofStorage, wordsStorage},
		{ofFull, wordsFull},
		{ofSize, wordsSize},
		{ofBarred, wordsBarred},
		{ofNobody, wordsGone},
		{ofShut, wordsShut},
		{ofNobody, wordsNobody},
		{ofNobody, wordsNobodyAbroad},
		{ofSender, wordsHello},
		{ofPolicy, wordsPolicy},
		{ofAbsent, wordsAbsent},
		{ofTrouble, wordsTrouble},
	} {
		for line := range strings.Lines(part.lines) {
			if line = strings.TrimRight(line, "\n"); line != "" {
				out = append(out, phraseOf(part.about, line))
			}
		}
	}
	return out
})

// phraseOf reads a line of a table: parts with & between are all there, one behind a ! is
// not. A space at the end of a part, which is written as _, is the end of a word; every part
// begins with the beginning of one, unless it begins with an ideogram. One that begins with @ is
// part of the name of a host.
func phraseOf(about subject, line string) phrase {
	r := phrase{about: about}
	part := func(s string) string {
		s = strings.ReplaceAll(strings.TrimSpace(s), "_", " ")
		if s[0] < 0x80 && s[0] != '@' {
			s = " " + s
		}
		return s
	}
	words, not, _ := strings.Cut(line, "!")
	for s := range strings.SplitSeq(words, "&") {
		r.all = append(r.all, part(s))
	}
	if not != "" {
		for s := range strings.SplitSeq(not, "!") {
			r.none = append(r.none, part(s))
		}
	}
	return r
}

// wordsLimited: the mailbox takes no more for a while, whoever sends.
const wordsLimited = `
receiving mail at a rate
receiving email at a rate
receiving messages at a rate
receiving mail too quickly
receiving limit
receiving quota
receive limit
receive quota
quota of the recipient
quota of this recipient
quota of recipient
limit of the recipient
limit of this recipient
exceeded for recipient
exceeded for this recipient
exceeded for the recipient
reached for recipient
reached for this recipient
reached for the recipient
messages for this recipient
messages for the recipient
messages for that recipient
mails for this recipient
mails for the recipient
messages to this recipient
messages to the recipient
mails to this recipient
recipients daily limit
recipients daily quota
user daily limit
user daily quota
recipients quota
recipient has exceeded their limit
recipient has exceeded the limit
recipient & message rate limit
incoming mail limit
incoming message limit
mailbox unavailable or access denied
received too much
recipient is receiving
`

// wordsQuota: the sender has sent what it may, in an hour, a day or a month.
const wordsQuota = `
submissionquota
submission quota
sending quota
sending limit
sendinglimit
send limit
sending rate limit exceeded
message quota
daily user sending
daily smtp
daily email limit
daily message limit
daily quota ! mailbox
daily limit ! mailbox
daily sending
daily & quota & exceeded ! mailbox ! storage
daily & limit & exceeded ! mailbox ! storage ! recipients daily
daily & limit & reached ! mailbox ! storage
monthly limit
monthly quota
monthly email
hourly limit
hourly quota
hourly email
max emails per hour
maximum emails per hour
emails per hour
messages per hour ! recipient has
max defers and failures per hour
recipients this hour
emails per day
messages per day
mails per day
recipients per day
recipients this day
limit per day
limit for today
limit of emails
email limit
maximum credits
not enough credit
insufficient credit
out of credit
no credits
credits exceeded
youve reached your
you have reached your
you have exceeded your
you exceeded your
you have exceeded the
exceeded your message limit
exceeded threshold
exceeded its threshold
exceeded tenant
unusual sending activity
sending activity
outgoing limit
outgoing message limit
outgoing mail limit
outbound limit
outbound email limit
limite denvoi
quota denvoi
limite de envio
limite di invio
versandlimit
sendelimit
лимит исходящ
превышен лимит отправ
received this hour
sender quota
senders quota
quota & for sender
too many messages & today
too many emails & today
from this account today
`

// wordsTempo: slower, please.
const wordsTempo = `
throttling
maximum sending rate
sending rate
frequency limited
`

// wordsTheirs: who may write to a recipient, or what its own mail system says on behalf of
// another, is no matter of whom we are to the server.
const wordsTheirs = `
said & relay
host & said & sender
callout & relay
verification & said
undeliverable address & relay
restrictedtorecipientspermission
resolver rst
notauthorized ! sendas
authorized to send to
allowed to send to
permitted to send to
permission to send to
permission to post
permission & to the recipient
permissions & to the recipient
allowed senders list
allowed sender list
to this group
to the group
to this distribution
to send mail to this
recipient has blocked
recipient does not want
recipient does not accept
recipient only accepts
recipient refuses
recipient refused
blocked by the recipient
blocked by recipient
blacklisted by recipient
blocked by user
prevented by the recipient
recipients privacy
recipient is not accepting
user only accepts
user doesnt want
from this sender
ces mailbox rules
tenantallowblocklist
transport rules
authenticated for group
rejected by recipient
rejected by the recipient
you are not listed
you are not in
you are not on
youre not listed
youre not in
youre not on
suppression list
is suppressed
`

// wordsListed: reputation, lists of those who are blocked, and proofs that a message lacks.
const wordsListed = `
werent sent
blacklist
black list
black listed
blocklist
block list
block listed
blocked using
blocked by & list
denylist
banned sending ip
banned ip
dnsbl
dnsrbl
rbl_
spamhaus
spamcop
sorbs
uceprotect
senderscore
barracudacentral
cloudmark
reputation
@spamhaus
@spamcop
dkim
dmarc
arc_ & fail
unauthenticated email
sender is unauthenticated
client host rejected
client host & blocked
cannot find your hostname
cannot find your reverse
reverse dns
rdns
reverse lookup
reverse hostname
reverse host
ptr_
bad dns
invalid dns mx
name lookup failed
fcrdns
your ip
sending ip
ip address & block
ip address & reject
ip address & denied
ip address & refused
ip address & listed
ip address & not allowed
mismatches client ip
mismatches & client
listed by ! not listed
listed at ! not listed
is listed on
listed in ! not listed ! unlisted
unsolicited
spoof
header from ! domain does not exist ! not found ! doesnt exist
due to policy
policy reasons
policy reason
policy restriction
policy violation
policy rejection
policy settings
local policy
security policy
site policy
content policy
by policy
administrative prohibition
administratively prohibited
administratively denied
email blocked
mail blocked
message blocked
delivery not authorized
too many bad
too many invalid
too many unknown
too many users
users from your
too many connections
too many errors
spam detected
spam message
spam content
like spam
as spam
as junk
is spam
be spam
spam score
spam mail
spam or
possible spam
probable spam
suspected spam
antispam
anti spam
spamming
bulk mail
virus
malware
phish
suspicious
dangerous
content rejected
message content
content filter
unacceptable content
prohibited content
blocked attachment
attachment & not
attachment & block
message id_ & missing
date header
rfc 5322
rfc 2822
rfc5322
rfc2822
user complaints
sender guidelines
spf_
black ip
multiple from
client host
host & in dns ! not found
`

// wordsLogin: the server wants to know who sends.
const wordsLogin = `
authentication required
authentication is required
autenticacion requerida
auth is required
auth required
auth first
authentication first
requires authentication
require authentication
requires smtp auth
must authenticate
must be authenticated
must first authenticate
must use smtp auth
must use authentication
must issue a starttls
need to authenticate
need authentication
needs authentication
please authenticate
please log in
please login
log in first
login first
must log in
must login
login required
client not authenticated
client was not authenticated
user not authenticated
user is not authenticated
unauthenticated senders
unauthenticated sender not
unauthenticated user
not logged in
pop before smtp
smtp auth_
smtpauth
smtpclientauthentication
authentication credentials invalid
authentication unsuccessful
bad credentials
invalid credentials
invalid login
incorrect authentication
username and password not accepted
invalid user or password
wrong password
authentification requ
authentifizierung & erforderlich
authentication failed ! temporar
authentication failure ! temporar
smtp authentication
enable smtp auth
`

// wordsRelay: the server takes no mail for others.
const wordsRelay = `
relay access denied
relay denied
relay not
relay is not
relay prohibited
relay forbidden
relay attempt
relay rejected
relay disabled
relay operation
relay mail
relay for
relay to
relay through
relaying
unable to relay
cannot relay
cant relay
not relay
no relay
dont relay
open relay
not permitted to relay
not allowed to relay
not authorized to relay
relais
kein relay
allowed rcpthosts
list of allowed rcpthosts
not a gateway
we are not an open
not an open relay
ретранс
пересылка запрещена
denies relay
`

// wordsSender: the address, the account or the name of the sender is not accepted.
const wordsSender = `
sendasdenied
send as denied
send as this sender
send on behalf
sender verify
sender verification
sender callout
sender address
sender rejected
sender denied
sender refused
sender not
sender is not
sender invalid
sender is invalid
sender unknown
sender email
sender domain
sender identity
sender does not
sender doesnt
sender must
senders address
senders domain
senders email
senderdomain
invalid sender
unknown sender
bad sender
banned sender
bad outbound sender
outbound spam
unauthorized sender
unverified sender
verify sender
domain of sender
envelope sender
envelope from
return path
from address
from domain
from email
from field
from identity
from must
email address is not verified
email addresses are not verified
identities failed the check
not verified
verified sender
verified domain
unverified
sending domain
unconfigured
from your domain
sandbox
test purposes
not owned by
allowed to send ! mail from ! to send to
authorized to send ! to send to
permitted to send ! to send to
permission to send
permissions to send
authorized to perform
authorized from
authorization user
authorized user
authorised user
allowed to use
not local sender
non local sender
your account
your smtp account
account & sending
account has been suspended for sending
account pending
pending approval
account is under review
account not activated
account activation
unauthorized ip
traffic not accepted
unregistered domain
access denied spam abuse
mail from address
mail from domain
mail from must
mail from header
mail from command
mailfrom
message sending for this account
denies the sender
mail from invalid
not yet activated
helo command
ehlo command
invalid helo
invalid ehlo
bad helo
helo name
ehlo name
authorised to send ! to send to
return address
verify your ! mailbox ! recipient
outgoing mail & suspend
outgoing mail & block
outgoing email & suspend
outgoing email & block
look up your
lookup your
resolve your
callback & for sender
callback & failed & sender
callout & failed & sender ! recipient
verification failed for sender
verify the sender
could not verify sender
cannot verify sender
smtp account
sender signature
you are sending from
`

// wordsHello: how this machine calls itself, and the sender in other languages. Looked at
// behind the dead, as some quote it, or tell the sender what to do.
const wordsHello = `
helo
ehlo
hostname required
need fully qualified hostname
expediteur
adresse demetteur
remitente
remetente
mittente
absender
отправител
发件人
发信人
送信者
差出人
`

// wordsStorage: the server has no room: RFC 5321, section 4.2.2, and 4.3.1 of RFC 3463. Where
// another code says that it is the mailbox, it is.
const wordsStorage = `
insufficient system storage
insufficient system resources
insufficient system space
out of disk space
out of disk
server is out of
system storage
mail system full
mail system is full
no space left on device
disk is full
`

// wordsFull: the mailbox is full.
const wordsFull = `
mailbox full
mailbox is full
mailbox was full
mailboxfull
mailbox too full
mailbox almost full
mailbox is over
mailbox over
mailbox has exceeded
mailbox exceed
mailbox size limit
mailbox limit
mailbox quota
mailbox for & full
inbox is full
inbox full
mail box full
mail folder full
mailfolder is full
account is full
account full
is full
user is over
over quota
overquota
over the quota
over his quota
over disk quota
over the maximum allowed
over the allowed quota
over its quota
quota exceed
quota exceeded
quota has been exceeded
quota violation
quota full
quotaexceeded
exceeded quota
exceeds quota
exceed quota
exceeding quota
exceeds the quota
exceeded the quota
exceeds disk quota
exceeded his
exceeded her quota
exceeded their quota
exceeded storage
exceeds storage
exceeds allocated
exceeded allocated
storage allocation
storage quota
storage limit
storage exceeded
storage is full
disk quota
disk full
disk space
out of storage
out of quota
not enough storage
not enough space
no space left
insufficient storage
insufficient space
insufficient disk
maximum number of messages
message store is full
exceeds allowed quota
limit on mailbox
outofstorage
user has exhausted
user has too many messages
no room in mailbox
postfach voll
postfach ist voll
mailbox voll
speicherplatz
kontingent
boite pleine
boite aux lettres pleine
boite mail pleine
boite vocale pleine
quota depasse
depasse son quota
buzon lleno
buzon esta lleno
cuota excedida
excedido la cuota
excede la cuota
casella piena
casella di posta piena
quota superata
caixa postal cheia
caixa cheia
caixa de entrada cheia
espaco insuficiente
skrzynka pelna
skrzynka jest pelna
przepelniona
mailbox vol
schranka je plna
переполнен
превышена квота
квота превышена
превысил квоту
邮箱已满
邮箱满
收件人邮箱已满
容量不足
空间不足
容量オーバー
メールボックスがいっぱい
容量を超え
speichervolumen
maximum allowed storage
exceed maximum allowed
`

// wordsSize: the message is too large.
const wordsSize = `
message too big
message too large
message is too big
message is too large
message is too long
message too long
message size
message length exceeds
message exceeds
message larger
message file too big
messagetoolarge
mail size
mail too large
mail is too large
email too large
email is too large
size limit
size exceeds
size exceeded
exceeds size
exceeds maximum size
exceeds the maximum size
exceeds fixed
exceeds the maximum message
exceeds maximum message
exceeded maximum message
maximum message size
max message size
maximum size
too large
too big
nachricht zu gross
nachricht ist zu gross
message trop
taille maximale
taille du message
tamano maximo
dimensione massima
tamanho maximo
`

// wordsBarred: there is such a mailbox, which takes nothing for some time, or from nobody.
const wordsBarred = `
suspended
is suspend
suspension
user suspend
account suspend
frozen
account & blocked
mailbox & blocked
recipient & blocked
account is locked
mailbox is locked
account locked
mailbox locked
mailbox busy
mailbox is busy
on hold
temporar
gesperrt
bloque
bloccat
bloquead
suspens
заблокирован
временно
暂时
一時
@docomo & unknown user
@docomo & user unknown
user is locked
dns error
too many hops
hop count
`

// wordsGone: there was such a mailbox, and nobody has it any more, in words of those below.
const wordsGone = `
mailbox is inactive
mailbox inactive
`

// wordsShut: there was such a mailbox, which is switched off.
const wordsShut = `
account & disabled
mailbox & disabled
user & disabled
address & disabled
recipient & disabled
is disabled
disabled account
disabled recipient
disabled user
disabled mailbox
disabled_
inactive
not active
isnt active
inactif
inactiv
inattiv
inativ
deactivated
deaktiviert
desactiv
desativ
disattivat
not accepting messages
not accepting mail
not accept messages
not accept any
отключен
неактив
停用
禁用
`

// wordsNobody: there is no such mailbox, or no such domain.
const wordsNobody = `
recipient verification failed
validrcptto
no inbox by
no inbox for
no inbox with
no such inbox
indicated no smtp service
illegal host domain name
exrecipnotfound
nonexistent domain
user unknown
unknown user
unknow user
user unknow
user unkown
unkown user
user is unknown
users unknown
unknown virtual user
unknown recipient
unknown recepient
unknown mailbox
unknown account
unknown address
unknown alias
unknown local
unknown email
unknown rcpt
unknown domain
unknown host
unknown or illegal
invalid or unknown
recipient unknown
recipients unknown
recipient is unknown
recipient & unknown ! temporar
mailbox unknown
mailbox is unknown
address unknown
account unknown
addressee unknown
addressee not found
domain unknown
host unknown
local part & unknown
local part & not exist
local part & not found
no such user
no such mailbox
no such mail box
no such recipient
no such account
no such address
no such person
no such people
no such email
no such local
no such alias
no such customer
no such domain
no such host
no such member
no such destination
no such virtual
no such name
no such mail
no such rcpt
nosuchuser
no mailbox
no account by
no account with
no account for
no user
no recipient by
no valid recipient at
nobody by
nobody here
no one here by
not our user
not our customer
not a valid mailbox
not a valid user
not a valid recipient
not a valid address
not a valid email
not a known
not a registered
not a user
not a local user
not a member here
not one of our
not known here
not known at
not in our
isnt known
is not known
user isnt
user was not found
user could not be found
user couldnt be found
user invalid
usernotfound
users not found
recipient not found
recipient is not found
recipient was not found
recipient not exist
recipient no longer
recipient not known
recipient could not be
recipient cannot be found
recipient isnt
recipient address is not valid
recipient address invalid
recipient address is invalid
recipient address not found
recipient invalid
recipients email address wasnt found
recipients email address was not found
recipnotfound
recipientnotfound
recipient doesnt
mailbox not found
mailbox was not found
mailbox not exist
mailbox is not valid
mailbox invalid
mailbox isnt
mailbox no longer
mailbox closed
mailbox & deleted
mailbox has moved
mailbox has been removed
mailbox removed
account not found
account was not found
account & closed
account & deleted
account & terminated
account expired
account removed
account has been removed
account that you tried to reach does not
address not found
address wasnt found
address not known
address not exist
address is not valid
address is invalid
address no longer
email address could not be found
couldnt find
could not be found ! host ! domain ! sender
couldnt be found
wasnt found at
invalid user
invalid recipient
invalid recepient
invalid mailbox
invalid rcpt
invalid recipients
invalid address
invalid email
invalid mail address
invalid destination
invalid domain
invalid virtual
illegal user
illegal alias
does not exist ! directory ! file ! command
doesnt exist ! directory ! file ! command
do not exist ! directory ! file ! command
dont exist
not exist
did not exist
no longer exist
no longer valid
no longer on server
no longer available
no longer in use
no longer in service
no longer active
no longer accepts
no longer a customer
no longer a valid
no longer with
no longer works
no longer employed
not found in
not in directory
not in the directory
isnt in the directory
doesnt have a
doesnt have an
does not have an account
does not have a mailbox
does not have an email
has no mailbox
has moved
user moved
unrouteable
unroutable
undeliverable mail address
domain not found
host not found ! try again
domain name not found ! try again
not found by smtp address lookup
no mx record for
nullmx
null mx
accept mail ! accept mail from ! not currently accept ! to accept mail
doesnt accept email
doesnt receive email
does not receive email
does not receive mail
doesnt receive mail
bad destination
bad recipient
wrong recipient
wrong user
name is not recognized
not recognised here
not recognized here
mx records point to non existent
dead letter mailbox
delivery to that user is not possible
user not found
user not known
user not exist
user not local
user not here
user not listed
user not valid
user not recognized
user not recognised
does no exist
local user & not found
unavailable mail user
address invalid
marked as invalid
not listed in ! client ! ip_ ! host ! whitelist ! white list ! sender ! allow
`

// wordsNobodyAbroad: the same in other languages.
const wordsNobodyAbroad = `
empfanger unbekannt
empfanger ist unbekannt
empfaenger ist unbekannt
benutzer ist unbekannt
nutzer ist unbekannt
adresse ist unbekannt
postfach ist unbekannt
benutzer nicht gefunden
nutzer nicht gefunden
postfach nicht gefunden
konto nicht gefunden
adresse nicht gefunden
adressat nicht gefunden
teilnehmer nicht gefunden
benutzer & wurde nicht gefunden
postfach & wurde nicht gefunden
adresse & wurde nicht gefunden
empfaenger unbekannt
empfanger & nicht gefunden
empfaenger & nicht gefunden
empfangeradresse
unbekannter empfanger
unbekannter empfaenger
unbekannter benutzer
unbekannter nutzer
unbekannte adresse
unbekanntes postfach
benutzer unbekannt
nutzer unbekannt
teilnehmer unbekannt
adressat unbekannt
adresse unbekannt
postfach unbekannt
existiert nicht
nicht bekannt
kein solcher benutzer
kein solches postfach
kein postfach
utilisateur inconnu
destinataire inconnu
destinataire invalide
destinataire inexistant
adresse inconnue
adresse inexistante
adresse invalide
compte inconnu
compte inexistant
boite inconnue
boite inexistante
boite aux lettres inconnue
nexiste pas
nexiste plus
n existe pas
usuario desconocido
usuario no
usuario inexistente
usuario invalido
destinatario desconocido
destinatario inexistente
destinatario no existe
buzon inexistente
buzon desconocido
cuenta inexistente
cuenta no existe
direccion no existe
direccion inexistente
direccion desconocida
no existe
usuario desconhecido
usuario nao
destinatario desconhecido
destinatario nao encontrado
caixa postal inexistente
caixa de correio inexistente
conta inexistente
endereco inexistente
nao existe
utente sconosciuto
utente inesistente
utente non trovato
destinatario sconosciuto
destinatario inesistente
indirizzo inesistente
indirizzo sconosciuto
casella inesistente
casella sconosciuta
casella non esiste
mailbox inesistente
non esiste
gebruiker onbekend
onbekende gebruiker
onbekende ontvanger
onbekend adres
ontvanger onbekend
bestaat niet
nie istnieje
nieznany uzytkownik
nieznany adresat
uzytkownik nieznany
nie ma takiego
brak takiego
konto nie istnieje
neexistuje
neznamy uzivatel
neznamy prijemce
nem letezik
ismeretlen cimzett
nu exista
okand anvandare
okand mottagare
finns inte
ukendt bruger
ukendt modtager
findes ikke
ukjent bruker
finnes ikke
tuntematon
ei ole olemassa
kullanici bulunamadi
boyle bir kullanici
пользователь не найден
пользователь не существует
пользователя не существует
нет такого пользователя
нет такого получателя
нет такого адреса
неизвестный пользователь
неизвестный получатель
получатель не найден
адресат не найден
ящик не найден
ящик не существует
ящик отсутствует
ящик удален
не существует
不存在
无此用户
没有此用户
没有该用户
找不到用户
无效的收件人
無此用戶
查無此
宛先不明
宛先が見つかりません
存在しません
見つかりませんでした
ユーザー不明
ユーザ不明
該当するユーザ
존재하지
사용자를 찾을
없는 사용자
`

// wordsPolicy: words that are about us where nothing is said of a mailbox.
const wordsPolicy = `
spam
policy
policies
blocked
block_
prohibited
banned
denied
deny
not permitted
not allowed
not authorized
not authorised
unauthorized
forbidden
refused ! connection refused ! connection was refused
violat
abuse
abusive
blocage
rejected for
throttl
rate limit
ratelimit
too fast
too many
bloqueo
abgelehnt
mail from
`

// wordsAbsent: words that mean no mailbox where nothing else is said, nor by a code.
const wordsAbsent = `
mailbox unavailable
mailbox is unavailable
mailbox not available
mailbox currently unavailable
`

// wordsTrouble: something does not work there.
const wordsTrouble = `
timed out
timeout
expired
lookup failure
lookup failed
lookup error
system error
internal error
server error
software error
local error
configuration error
connection refused
connection lost
loop
loops back
protocol error
transaction failed
maintenance
overload
try again
try later
retry later
come back later
`
