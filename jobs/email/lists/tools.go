package lists

import (
	"slices"
	"sync"
)

// tool is one that exports lists. All names are plain, see Plain.
type tool struct {
	name string
	// known are sets of columns; a header that has all of one set is of this tool.
	known     [][]string
	addresses []string
	names     map[string]string
	others    []string
	marks     []Mark
}

// signs reports whether a header, by plain names, is of this tool.
func (t *tool) signs(header map[string]string) bool {
	return slices.ContainsFunc(t.known, func(set []string) bool {
		return !slices.ContainsFunc(set, func(c string) bool { _, there := header[c]; return !there })
	})
}

// firstLast are names as most tools have them.
var firstLast = map[string]string{"first_name": "first_name", "last_name": "last_name"}

// tools are those that are known, the ones with the clearer header first. The headers are those that
// the tools write, as of 2026: their documentation, and programs that read them.
var tools = sync.OnceValue(func() []tool {
	return []tool{
		{
			name:      "Mailchimp", // subscribed_…, unsubscribed_…, cleaned_….csv
			known:     [][]string{{"email_address", "leid", "euid"}, {"email_address", "member_rating", "optin_time"}},
			addresses: []string{"email_address"}, names: firstLast, others: []string{"cc"},
			marks: []Mark{{Column: "unsub_time", Class: ClassUnsubscribed, Unless: never}, {Column: "clean_time", Class: ClassCleaned, Unless: never}},
		},
		{
			name:      "listmonk",
			known:     [][]string{{"uuid", "email", "name", "attributes", "status"}, {"email", "name", "attributes", "status"}},
			addresses: []string{"email"}, names: map[string]string{"name": "name"},
			marks: []Mark{
				{Column: "status", Class: ClassUnsubscribed, Is: []string{"blocklisted", "disabled", "unsubscribed"}},
				{Column: "subscription_status", Class: ClassUnsubscribed, Is: []string{"unsubscribed"}},
			},
		},
		{
			name:      "HubSpot",
			known:     [][]string{{"record_id", "email", "first_name", "last_name"}, {"contact_id", "email", "unsubscribed_from_all_email"}, {"email", "email_hard_bounce_reason"}},
			addresses: []string{"email"}, names: firstLast,
			marks: []Mark{
				{Column: "unsubscribed_from_all_email", Class: ClassUnsubscribed, Unless: no},
				{Column: "email_hard_bounce_reason", Class: ClassCleaned, Unless: no},
			},
		},
		{
			name:      "Brevo",
			known:     [][]string{{"email", "double_opt_in"}, {"contact_id", "email", "sms"}, {"email", "firstname", "lastname", "sms"}},
			addresses: []string{"email"}, names: map[string]string{"first_name": "firstname", "last_name": "lastname"},
		},
		{
			name:      "Klaviyo",
			known:     [][]string{{"email", "klaviyo_id"}, {"email", "email_marketing_consent", "sms_marketing_consent"}},
			addresses: []string{"email"}, names: firstLast,
			marks: []Mark{
				{Column: "email_marketing_consent", Class: ClassUnsubscribed, Is: []string{"unsubscribed", "false", "no"}},
				{Column: "email_suppressions", Class: ClassUnsubscribed, Unless: no},
			},
		},
		{
			name:      "Constant Contact",
			known:     [][]string{{"email_address", "email_status", "email_permission_status"}, {"email_address", "email_lists", "source_name"}},
			addresses: []string{"email_address"}, names: firstLast,
			marks: []Mark{
				{Column: "email_status", Class: ClassUnsubscribed, Is: append([]string{"removed"}, gone...)},
				{Column: "email_permission_status", Class: ClassUnsubscribed, Is: gone},
			},
		},
		{
			name:      "CleverReach",
			known:     [][]string{{"email", "registered", "activated", "deactivated"}},
			addresses: []string{"email"}, names: map[string]string{"first_name": "firstname", "last_name": "lastname"},
			marks: []Mark{{Column: "deactivated", Class: ClassUnsubscribed, Unless: never}, {Column: "bounced", Class: ClassCleaned, Unless: never}},
		},
		{
			name: "phpList",
			known: [][]string{
				{"email", "is_this_subscriber_confirmed", "is_this_subscriber_blacklisted"},
				{"email", "is_this_user_confirmed", "is_this_user_blacklisted"},
				{"email", "confirmed", "blacklisted", "optedin"},
			},
			addresses: []string{"email"}, names: firstLast,
			marks: []Mark{
				{Column: "is_this_subscriber_blacklisted", Class: ClassUnsubscribed, Unless: no},
				{Column: "is_this_user_blacklisted", Class: ClassUnsubscribed, Unless: no},
				{Column: "is_this_subscriber_confirmed", Class: ClassUnsubscribed, Is: isNo},
				{Column: "is_this_user_confirmed", Class: ClassUnsubscribed, Is: isNo},
				{Column: "confirmed", Class: ClassUnsubscribed, Is: isNo},
			},
		},
		{
			name:      "Ghost",
			known:     [][]string{{"email", "subscribed_to_emails"}},
			addresses: []string{"email"}, names: map[string]string{"name": "name"},
			marks: []Mark{{Column: "subscribed_to_emails", Class: ClassUnsubscribed, Is: isNo}, {Column: "deleted_at", Class: ClassUnsubscribed, Unless: never}},
		},
		{
			name:      "Shopify",
			known:     [][]string{{"email", "accepts_email_marketing"}},
			addresses: []string{"email"}, names: firstLast,
			marks: []Mark{{Column: "accepts_email_marketing", Class: ClassUnsubscribed, Is: isNo}},
		},
		{
			name:      "SendGrid",
			known:     [][]string{{"email", "alternate_emails", "first_name"}},
			addresses: []string{"email"}, names: firstLast,
		},
		{
			name:      "MailerLite",
			known:     [][]string{{"subscriber", "subscribed", "opens"}, {"subscriber", "subscribed", "opened"}},
			addresses: []string{"subscriber"}, names: map[string]string{"first_name": "name", "last_name": "last_name"},
		},
		{
			name:      "Thunderbird",
			known:     [][]string{{"display_name", "primary_email", "secondary_email"}},
			addresses: []string{"primary_email", "secondary_email"},
			names:     map[string]string{"name": "display_name", "first_name": "first_name", "last_name": "last_name"},
		},
		{
			name:      "Google Contacts", // as it was until 2024
			known:     [][]string{{"given_name", "family_name", "e_mail_1_value"}},
			addresses: []string{"e_mail_1_value", "e_mail_2_value"},
			names:     map[string]string{"name": "name", "first_name": "given_name", "last_name": "family_name"},
		},
		{
			name:      "Google Contacts",
			known:     [][]string{{"e_mail_1_value"}},
			addresses: []string{"e_mail_1_value", "e_mail_2_value"}, names: firstLast,
		},
		{
			name:      "Outlook",
			known:     [][]string{{"e_mail_address", "e_mail_display_name"}, {"e_mail_address", "e_mail_2_address"}},
			addresses: []string{"e_mail_address", "e_mail_2_address", "e_mail_3_address"}, names: firstLast,
		},
		{
			name:      "LinkedIn",
			known:     [][]string{{"email_address", "connected_on", "position"}},
			addresses: []string{"email_address"}, names: firstLast,
		},
	}
})
