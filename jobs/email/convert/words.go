package convert

// vocabulary is how the values of a dialect are called.
type vocabulary struct {
	roots []string          // objects that stand for the record: contact.name is name
	names map[string]string // by name in small letters: what it is called here
	plain bool              // names of columns are in small letters here
	// refused are values that brood has not, and what to do.
	refused map[string]string
}

const (
	noPage    = "brood keeps no copy of a message on the web: take it out, or write your own address"
	noProfile = "there is no page of profiles: take it out, or write your own address"
	writeOut  = "write it out, or give it with --set: it is the same for all"
)

// wordsOf is the vocabulary of a dialect.
func wordsOf(d Dialect) vocabulary {
	switch d {
	case Brevo:
		return vocabulary{
			roots: []string{"contact", "params"}, plain: true,
			names:   map[string]string{"unsubscribe": unsubscribe, "unsubscribe_link": unsubscribe},
			refused: map[string]string{"mirror": noPage, "update_profile": noProfile, "doubleoptin": noProfile},
		}
	case HubSpot:
		return vocabulary{
			roots: []string{"contact"},
			names: map[string]string{
				"firstname": "first_name", "lastname": "last_name", "email": "email", "phone": "phone_number", "company": "company_name", "jobtitle": "job_title", "zip": "postal_code", "state": "state/region",
				"unsubscribe_link": unsubscribe, "unsubscribe_link_all": unsubscribe, "unsubscribe_anchor": unsubscribe,
			},
			refused: map[string]string{"view_as_page_url": noPage, "site_settings": writeOut, "company": "brood has the columns of the dataset only", "owner": "brood has the columns of the dataset only", "content": writeOut},
		}
	case Mailjet:
		return vocabulary{names: map[string]string{}}
	case Handlebars:
		return vocabulary{
			names:   map[string]string{"unsubscribe": unsubscribe, "unsubscribe_preferences": unsubscribe},
			refused: map[string]string{"weblink": noPage, "subject": "write the subject out, or give it with --subject"},
		}
	case Liquid:
		return vocabulary{
			roots:   []string{"customer", "subscriber", "person", "contact", "user"},
			names:   map[string]string{"unsubscribe_link": unsubscribe, unsubscribe: unsubscribe, "unsubscribe": unsubscribe},
			refused: map[string]string{"view_in_browser": noPage, "shop": writeOut},
		}
	default: // one without words of its own
	}
	return vocabulary{names: map[string]string{}, refused: map[string]string{}}
}
