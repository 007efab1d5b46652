package account

// bban is the form of what follows country and check digits, as SWIFT's IBAN registry has it (ISO 13616-1): a run is its width,
// and n for digits, a for capitals, c for either. Neighbouring fields of one kind are one run.
func bban(country string) (form string, ok bool) {
	switch country {
	case "NO":
		return "11n", true
	case "BE":
		return "12n", true
	case "DK", "FI", "FO", "GL", "SD":
		return "14n", true
	case "SI":
		return "15n", true
	case "AT", "BA", "EE", "LT", "MN", "XK":
		return "16n", true
	case "HR":
		return "17n", true
	case "CR", "DE", "ME", "RS", "VA":
		return "18n", true
	case "AE", "IL", "SO", "TL":
		return "19n", true
	case "CZ", "ES", "SE", "SK", "TN":
		return "20n", true
	case "LY", "PT", "ST":
		return "21n", true
	case "IS":
		return "22n", true
	case "BI", "DJ", "MR":
		return "23n", true
	case "HU", "PL":
		return "24n", true
	case "EG":
		return "25n", true
	default:
		return mixed(country)
	}
}

// mixed are the forms with letters.
func mixed(country string) (form string, ok bool) {
	switch country {
	case "AD":
		return "8n12c", true
	case "AL", "CY":
		return "8n16c", true
	case "AZ":
		return "4a20c", true
	case "BG":
		return "4a6n8c", true
	case "BH":
		return "4a14c", true
	case "BR":
		return "23n1a1c", true
	case "BY":
		return "4c4n16c", true
	case "CH", "LI":
		return "5n12c", true
	case "DO":
		return "4c20n", true
	case "FK":
		return "2a12n", true
	case "FR", "MC":
		return "10n11c2n", true
	case "GB", "IE":
		return "4a14n", true
	case "GE":
		return "2a16n", true
	case "GI":
		return "4a15c", true
	case "GR":
		return "7n16c", true
	case "GT":
		return "24c", true
	case "HN", "NI", "SV":
		return "4a20n", true
	case "IQ":
		return "4a15n", true
	case "IT", "SM":
		return "1a10n12c", true
	default:
		return mixedOn(country)
	}
}

func mixedOn(country string) (form string, ok bool) {
	switch country {
	case "JO", "YE":
		return "4a4n18c", true
	case "KW":
		return "4a22c", true
	case "KZ", "LU":
		return "3n13c", true
	case "LB":
		return "4n20c", true
	case "LC":
		return "4a24c", true
	case "LV":
		return "4a13c", true
	case "MD":
		return "20c", true
	case "MK":
		return "3n10c2n", true
	case "MT":
		return "4a5n18c", true
	case "MU":
		return "4a19n3a", true
	case "NL":
		return "4a10n", true
	case "OM":
		return "3n16c", true
	case "PK", "RO":
		return "4a16c", true
	case "PS", "QA":
		return "4a21c", true
	case "RU":
		return "14n15c", true
	case "SA":
		return "2n18c", true
	case "SC":
		return "4a20n3a", true
	case "TR":
		return "6n16c", true
	case "UA":
		return "6n19c", true
	case "VG":
		return "4a16n", true
	default:
		return "", false
	}
}

// run takes the next run off a form.
func run(form string) (n int, kind byte, rest string) {
	for i := range len(form) {
		if !digit(form[i]) {
			return n, form[i], form[i+1:]
		}
		n = n*10 + int(form[i]-'0')
	}
	return 0, 0, ""
}

func width(form string) int {
	sum := 0
	for form != "" {
		var n int
		n, _, form = run(form)
		sum += n
	}
	return sum
}

func fits(s, form string) bool {
	for form != "" {
		var n int
		var kind byte
		n, kind, form = run(form)
		pass := alnum
		switch kind {
		case 'n':
			pass = digit
		case 'a':
			pass = letter
		}
		if len(s) < n || !each(s[:n], pass) {
			return false
		}
		s = s[n:]
	}
	return s == ""
}
