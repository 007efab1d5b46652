package acceptance

import (
	"brood/jobs/jobtest/needs"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPostfix hands messages to a real mail system that wants TLS and proof of who
// one is, and hands them on.
func TestPostfix(t *testing.T) {
	t.Parallel()
	master := tool(t, "mail/postfix/usr/lib/postfix/sbin/master")
	passwords := tool(t, "mail/sasl2-bin/usr/sbin/saslpasswd2")
	needs.Programs(t, "unshare")
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "TestPostfix: it takes root to run Postfix; not tested")
		return
	}
	s := startSink(t)
	m := newMailing(t, "", "-j", "2", "--retries", "0", "--auth", "auto")
	cert, key := certificate(t, m.dir)
	start, wrapped, narrow := freePort(t), freePort(t), freePort(t)
	root := strings.TrimSuffix(master, "/usr/lib/postfix/sbin/master")
	if err := os.MkdirAll(m.path("etc/sasl"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{m.dir, filepath.Dir(m.dir)} { // its processes are not root
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.write("etc/sasl/smtpd.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: "+m.path("sasldb2")+"\nmech_list: PLAIN LOGIN CRAM-MD5\n")
	set := exec.Command(passwords, "-p", "-c", "-f", m.path("sasldb2"), "-u", "mail.example", "ada")
	set.Stdin = strings.NewReader("right\n")
	if out, err := set.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, sinkPort, _ := net.SplitHostPort(s.address)
	next := "smtp:[127.0.0.1]:" + sinkPort
	settings := strings.NewReplacer("DIR", m.dir, "ROOT", root, "CERT", cert, "KEY", key, "NEXT", next).Replace(`compatibility_level = 3.6
myhostname = mail.example
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
queue_directory = DIR/spool
data_directory = DIR/lib
daemon_directory = ROOT/usr/lib/postfix/sbin
command_directory = ROOT/usr/sbin
shlib_directory = ROOT/usr/lib/postfix
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
maillog_file = DIR/mail.log
maillog_file_prefixes = DIR
relay_domains = d.example
relay_transport = NEXT
default_transport = NEXT
smtp_dns_support_level = disabled
smtpd_tls_cert_file = CERT
smtpd_tls_key_file = KEY
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
`)
	m.write("etc/main.cf", settings)
	m.write("etc/master.cf", fmt.Sprintf(`%s inet n - n - - smtpd
%s inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
%s inet n - n - - smtpd -o smtpd_client_connection_count_limit=2 -o smtpd_client_event_limit_exceptions=
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`, start, wrapped, narrow))
	for _, name := range []string{"etc/main.cf", "etc/master.cf", "etc/sasl/smtpd.conf", "sasldb2"} {
		if err := os.Chmod(m.path(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// The shell stays, as what changes its user does not end with its parent.
	begin(t, exec.Command("unshare", "-m", "--propagation", "private", "-p", "-f", "--kill-child", "sh", "-c", `
		set -e
		for f in passwd group; do cp /etc/$f "$1/$f"; done
		grep -q '^postfix:' /etc/passwd || echo 'postfix:x:59010:59010::/nonexistent:/bin/false' >> "$1/passwd"
		grep -q '^postfix:' /etc/group || echo 'postfix:x:59010:' >> "$1/group"
		grep -q '^postdrop:' /etc/group || echo 'postdrop:x:59011:' >> "$1/group"
		for f in passwd group; do mount --bind "$1/$f" /etc/$f; done
		mkdir "$1/spool" "$1/lib"
		chown postfix "$1/lib"
		cd "$1/spool"
		mkdir pid active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public
		chown postfix active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public
		chmod 700 active bounce corrupt defer deferred flush hold incoming private saved trace
		chgrp postdrop maildrop public
		chmod 730 maildrop
		chmod 710 public
		export LD_LIBRARY_PATH="$2/usr/lib/postfix" MAIL_CONFIG="$1/etc"
		"$2/usr/lib/postfix/sbin/master" -c "$1/etc" -d &
		wait
	`, "sh", m.dir, root))
	t.Cleanup(func() {
		if text, err := os.ReadFile(m.path("mail.log")); err == nil && t.Failed() {
			t.Logf("%s", text)
		}
	})
	waitForPort(t, start)
	waitForPort(t, wrapped)
	waitForPort(t, narrow)
	const sent = "ok sent  dot 250"
	starttls, smtps := "smtp://ada%40mail.example@"+start, "smtps://ada%40mail.example@"+wrapped
	ca := []string{"--tls", "required", "--tls-ca", cert}
	with := func(transport string, more ...string) []string {
		return append(append([]string{"--transport", transport}, ca...), more...)
	}
	m.write("wrong", "wrong\n")
	var runs []mailRun
	mechanisms := []string{"plain", "login", "cram-md5", "auto"}
	if raceEnabled {
		mechanisms = mechanisms[3:] // each is two runs of its own
	}
	for _, mechanism := range mechanisms {
		runs = append(runs, mailRun{with(starttls, "--auth", mechanism), 0, sent}, mailRun{with(smtps, "--auth", mechanism), 0, sent})
	}
	runs = append(runs,
		mailRun{with("smtp://" + start), 0, sent}, // for a domain that it takes mail for
		mailRun{with(starttls, "--password-file", m.path("wrong")), 4, "535"},
		mailRun{with(starttls, "--auth", "xoauth2"), 4, "534"},
		mailRun{with(smtps, "--password-file", m.path("wrong"), "--auth", "cram-md5"), 4, "535"},
		mailRun{[]string{"--transport", starttls, "--tls", "required"}, 4, "certificate"},
		mailRun{[]string{"--transport", starttls, "--tls", "never"}, 4, "534"},
	)
	m.runAll(runs)
	want := m.pastNarrow(with("smtp://" + narrow))
	m.list("stranger@elsewhere.example")
	if code, said := m.run("stranger", with("smtp://"+start)...); code != 1 || m.rows()["stranger@elsewhere.example"] != "failed deferred sender rcpt 554" {
		t.Errorf("exit status %d, %v\n%s", code, m.rows(), said)
	}
	for _, r := range runs {
		if r.code == 0 {
			want++
		}
	}
	arrived := func() (n int) {
		for _, times := range s.taken() {
			n += times
		}
		return n
	}
	if t.Failed() {
		return
	}
	waitFor(t, func() bool { return arrived() >= want })
	if n := arrived(); n != want {
		t.Errorf("%d messages arrived, want %d", n, want)
	}
}

// pastNarrow sends messages with eight workers through a server that lets in two at a time, and
// returns how many: none has cost more than one try.
func (m *mailing) pastNarrow(args []string) (n int) {
	m.t.Helper()
	var list []string
	for i := range 40 {
		list = append(list, fmt.Sprintf("narrow%d@d.example", i))
	}
	m.list(list...)
	code, said := m.run("narrow", slices.Concat(args, unpaced, []string{"-j", "8"})...)
	if code != 0 || !strings.Contains(said, "ok 40,") {
		m.t.Errorf("eight workers where two may: exit status %d\n%s", code, said)
	}
	for _, row := range readCSV(m.t, m.out) {
		if row["_attempts"] != "1" {
			m.t.Errorf("%s took %s tries", row["email"], row["_attempts"])
		}
	}
	return len(list)
}
