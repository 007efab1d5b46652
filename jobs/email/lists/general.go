package lists

import "sync"

// Values of columns that say yes or no, or when. A date that is none stands for never.
var (
	no    = []string{"no", "n", "false", "f", "0", "none", "nil", "off", "never", "nein", "non", "n/a", "subscribed", "active"}
	never = []string{"no", "n", "false", "f", "0", "none", "nil", "never", "n/a", "0000 00 00", "0000 00 00 00:00:00", "0001 01 01t00:00:00z"}
	isNo  = []string{"no", "n", "false", "f", "0", "off", "nein", "non"}
)

// gone are states that mean the same whoever keeps them.
var gone = []string{"unsubscribed", "unsubscribe", "opted out", "opt out", "optout", "blocklisted", "blacklisted", "complained", "spam complaint", "complaint", "do not mail", "do not email"}

// bounced are states of an address that is no more.
var bounced = []string{"cleaned", "bounced", "hard bounced", "hard bounce", "undeliverable"}

// General are the marks that mean the same in every list. Status alone is heeded where it says
// unsubscribed or the like, and not where it says disabled, bounced or gold: that may be an account,
// a payment, or a plan.
var General = sync.OnceValue(func() []Mark {
	var out []Mark
	for _, column := range []string{
		"unsubscribed", "unsubscribe", "is_unsubscribed", "unsubscribed_from_all_email", "globally_unsubscribed", "global_unsubscribe", "email_unsubscribed",
		"opt_out", "optout", "opted_out", "has_opted_out", "email_opt_out", "email_optout", "email_opted_out", "hasoptedoutofemail", "marketing_opt_out", "hs_email_optout",
		"blacklisted", "blocklisted", "is_blacklisted", "is_blocklisted", "email_blacklisted", "email_blocklisted", "emailblacklisted",
		"do_not_email", "do_not_mail", "donotemail", "suppressed", "email_disabled",
	} {
		out = append(out, Mark{Column: column, Class: ClassUnsubscribed, Unless: no})
	}
	for _, column := range []string{
		"unsubscribed_at", "unsubscribed_on", "unsubscribed_date", "unsubscribe_date", "unsubscribe_time", "unsubscribed_time", "date_unsubscribed", "unsub_time", "unsub_date",
		"opted_out_at", "opt_out_date", "optout_date", "optout_time", "opt_out_time", "blacklisted_at", "blocklisted_at",
	} {
		out = append(out, Mark{Column: column, Class: ClassUnsubscribed, Unless: never})
	}
	out = append(out, Mark{Column: "clean_time", Class: ClassCleaned, Unless: never}, Mark{Column: "hard_bounced", Class: ClassCleaned, Unless: no})
	for _, column := range []string{"subscription_status", "subscriber_status", "email_subscription_status", "email_marketing_status", "marketing_status", "status"} {
		out = append(out, Mark{Column: column, Class: ClassUnsubscribed, Is: gone})
	}
	for _, column := range []string{"email_status"} { // also of brood's own results
		out = append(out, Mark{Column: column, Class: ClassUnsubscribed, Is: append(append([]string{"suppressed"}, gone...), bounced...)})
	}
	for _, column := range []string{"subscribed", "is_subscribed"} {
		out = append(out, Mark{Column: column, Class: ClassUnsubscribed, Is: isNo})
	}
	return out
})

// ByName are the general marks by the plain name of their column.
var ByName = sync.OnceValue(func() map[string]*Mark {
	out := make(map[string]*Mark)
	for i := range General() {
		m := &General()[i]
		out[m.Column] = m
	}
	return out
})
