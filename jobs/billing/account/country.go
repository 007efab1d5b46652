package account

// countries are those of ISO 3166-1, and Kosovo's XK, which banks use. Two letters and a blank each, so that
// a pair across two words is none.
const countries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"

// Country reports whether two capitals are a country of ISO 3166-1, or XK.
func Country(code string) bool { return one(countries, code) }

// Scheme says how a country of an IBAN takes part in SEPA.
type Scheme int

// The schemes.
const (
	Outside Scheme = iota // no SEPA payment can reach it
	EEA                   // the European Economic Area: the IBAN alone is enough
	NonEEA                // SEPA outside of it: the BIC and the address of the payer are needed besides
)

func (s Scheme) String() string {
	switch s {
	case EEA:
		return "EEA"
	case NonEEA:
		return "SEPA outside the EEA"
	default:
		return "outside SEPA"
	}
}

// SEPA says how the country of an IBAN takes part, by the EPC's list of the scheme's countries (EPC409-09, with
// Albania, Moldova, Montenegro, North Macedonia and Serbia, which joined in 2025 and 2026).
func SEPA(country string) Scheme {
	switch {
	case one("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK", country):
		return EEA
	case one("AD AL CH GB GI MC MD ME MK RS SM VA", country):
		return NonEEA
	default:
		return Outside
	}
}
