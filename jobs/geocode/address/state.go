package address

import (
	"strings"
)

// region is a state or province by which addresses are told apart: its code, and its name folded.
type region struct{ code, name string }

// StateCode returns the code of a state of the United States, Canada, Australia, Brazil, Mexico or
// India, of its name or code; "" if there is no such there, or the country has
// no codes that addresses use.
func StateCode(word, country string) string {
	list := regionsOf(country)
	word = trimMarks(word)
	if list == nil || word == "" || len(word) > 40 || hasDigit(word) {
		return ""
	}
	var room [64]byte
	b := appendFolded(room[:0], word)
	if len(b) == 2 {
		for i := range list {
			if code := list[i].code; len(code) == 2 && code[0] == b[0]&^0x20 && code[1] == b[1]&^0x20 {
				return code
			}
		}
		return ""
	}
	for i := range list {
		if r := &list[i]; string(b) == r.name || len(b) == len(r.code) && strings.EqualFold(r.code, string(b)) {
			return r.code
		}
	}
	return otherStateName(string(b), country)
}

func regionsOf(country string) []region {
	switch country {
	case "US", "PR":
		return usStates[:]
	case "CA":
		return caProvinces[:]
	case "AU":
		return auStates[:]
	case "BR":
		return brStates[:]
	case "MX":
		return mxStates[:]
	case "IN":
		return inStates[:]
	}
	return nil
}

// otherStateName knows what else the states are called.
func otherStateName(b, country string) string {
	switch country + " " + b {
	case "CA quebec", "CA pq", "CA que":
		return "QC"
	case "CA colombie britannique", "CA b c":
		return "BC"
	case "CA nouveau brunswick":
		return "NB"
	case "CA nouvelle ecosse":
		return "NS"
	case "CA terre neuve et labrador", "CA nf", "CA newfoundland":
		return "NL"
	case "CA ile du prince edouard":
		return "PE"
	case "CA ont", "CA o n":
		return "ON"
	case "CA alta":
		return "AB"
	case "US calif", "US cal":
		return "CA"
	case "US fla":
		return "FL"
	case "US mass":
		return "MA"
	case "US n y":
		return "NY"
	case "US n j":
		return "NJ"
	case "US d c", "US washington dc", "US washington d c":
		return "DC"
	case "US penna", "US penn":
		return "PA"
	case "US tex":
		return "TX"
	case "US ariz":
		return "AZ"
	case "US ill":
		return "IL"
	case "US mich":
		return "MI"
	case "US minn":
		return "MN"
	case "US tenn":
		return "TN"
	case "US wash":
		return "WA"
	case "US conn":
		return "CT"
	case "US colo":
		return "CO"
	case "US n c":
		return "NC"
	case "US s c":
		return "SC"
	}
	return ""
}

// stateLike is the code of a word that is a state's code, in capitals, or a state's name, in one
// of the countries whose addresses name it; country "" is any of them. where is the country if it
// is certain.
func stateLike(word, country string) (code, where string) {
	if len(word) < 2 || len(word) > 30 || strings.HasSuffix(word, " DC") { // Washington DC is a city and its state
		return "", ""
	}
	short := len(word) <= 3
	if short && word != strings.ToUpper(word) {
		return "", ""
	}
	if country != "" {
		return StateCode(word, country), country
	}
	for _, c := range [...]string{"US", "CA", "AU"} {
		if code := StateCode(word, c); code != "" {
			return code, c
		}
	}
	return "", ""
}

var usStates = [...]region{
	{"AL", "alabama"}, {"AK", "alaska"}, {"AZ", "arizona"}, {"AR", "arkansas"}, {"CA", "california"}, {"CO", "colorado"}, {"CT", "connecticut"}, {"DE", "delaware"}, {"DC", "district of columbia"}, {"FL", "florida"}, {"GA", "georgia"}, {"HI", "hawaii"}, {"ID", "idaho"}, {"IL", "illinois"}, {"IN", "indiana"}, {"IA", "iowa"}, {"KS", "kansas"}, {"KY", "kentucky"}, {"LA", "louisiana"}, {"ME", "maine"}, {"MD", "maryland"}, {"MA", "massachusetts"}, {"MI", "michigan"}, {"MN", "minnesota"}, {"MS", "mississippi"}, {"MO", "missouri"}, {"MT", "montana"}, {"NE", "nebraska"}, {"NV", "nevada"}, {"NH", "new hampshire"}, {"NJ", "new jersey"}, {"NM", "new mexico"}, {"NY", "new york"}, {"NC", "north carolina"}, {"ND", "north dakota"}, {"OH", "ohio"}, {"OK", "oklahoma"}, {"OR", "oregon"}, {"PA", "pennsylvania"}, {"RI", "rhode island"}, {"SC", "south carolina"}, {"SD", "south dakota"}, {"TN", "tennessee"}, {"TX", "texas"}, {"UT", "utah"}, {"VT", "vermont"}, {"VA", "virginia"}, {"WA", "washington"}, {"WV", "west virginia"}, {"WI", "wisconsin"}, {"WY", "wyoming"}, {"PR", "puerto rico"}, {"GU", "guam"}, {"VI", "virgin islands"}, {"AS", "american samoa"}, {"MP", "northern mariana islands"}, {"AE", "armed forces europe"}, {"AP", "armed forces pacific"}, {"AA", "armed forces americas"},
}

var caProvinces = [...]region{
	{"AB", "alberta"}, {"BC", "british columbia"}, {"MB", "manitoba"}, {"NB", "new brunswick"}, {"NL", "newfoundland and labrador"}, {"NS", "nova scotia"}, {"NT", "northwest territories"}, {"NU", "nunavut"}, {"ON", "ontario"}, {"PE", "prince edward island"}, {"QC", "quebec"}, {"SK", "saskatchewan"}, {"YT", "yukon"},
}

var auStates = [...]region{
	{"NSW", "new south wales"}, {"VIC", "victoria"}, {"QLD", "queensland"}, {"SA", "south australia"}, {"WA", "western australia"}, {"TAS", "tasmania"}, {"ACT", "australian capital territory"}, {"NT", "northern territory"},
}

var brStates = [...]region{
	{"AC", "acre"}, {"AL", "alagoas"}, {"AP", "amapa"}, {"AM", "amazonas"}, {"BA", "bahia"}, {"CE", "ceara"}, {"DF", "distrito federal"}, {"ES", "espirito santo"}, {"GO", "goias"}, {"MA", "maranhao"}, {"MT", "mato grosso"}, {"MS", "mato grosso do sul"}, {"MG", "minas gerais"}, {"PA", "para"}, {"PB", "paraiba"}, {"PR", "parana"}, {"PE", "pernambuco"}, {"PI", "piaui"}, {"RJ", "rio de janeiro"}, {"RN", "rio grande do norte"}, {"RS", "rio grande do sul"}, {"RO", "rondonia"}, {"RR", "roraima"}, {"SC", "santa catarina"}, {"SP", "sao paulo"}, {"SE", "sergipe"}, {"TO", "tocantins"},
}

var mxStates = [...]region{
	{"AGS", "aguascalientes"}, {"BC", "baja california"}, {"BCS", "baja california sur"}, {"CAMP", "campeche"}, {"CHIS", "chiapas"}, {"CHIH", "chihuahua"}, {"CDMX", "ciudad de mexico"}, {"COAH", "coahuila"}, {"COL", "colima"}, {"DGO", "durango"}, {"GTO", "guanajuato"}, {"GRO", "guerrero"}, {"HGO", "hidalgo"}, {"JAL", "jalisco"}, {"MEX", "estado de mexico"}, {"MICH", "michoacan"}, {"MOR", "morelos"}, {"NAY", "nayarit"}, {"NL", "nuevo leon"}, {"OAX", "oaxaca"}, {"PUE", "puebla"}, {"QRO", "queretaro"}, {"QROO", "quintana roo"}, {"SLP", "san luis potosi"}, {"SIN", "sinaloa"}, {"SON", "sonora"}, {"TAB", "tabasco"}, {"TAMPS", "tamaulipas"}, {"TLAX", "tlaxcala"}, {"VER", "veracruz"}, {"YUC", "yucatan"}, {"ZAC", "zacatecas"},
}

var inStates = [...]region{
	{"AN", "andaman and nicobar islands"}, {"AP", "andhra pradesh"}, {"AR", "arunachal pradesh"}, {"AS", "assam"}, {"BR", "bihar"}, {"CH", "chandigarh"}, {"CG", "chhattisgarh"}, {"DH", "dadra and nagar haveli and daman and diu"}, {"DL", "delhi"}, {"GA", "goa"}, {"GJ", "gujarat"}, {"HR", "haryana"}, {"HP", "himachal pradesh"}, {"JK", "jammu and kashmir"}, {"JH", "jharkhand"}, {"KA", "karnataka"}, {"KL", "kerala"}, {"LA", "ladakh"}, {"LD", "lakshadweep"}, {"MP", "madhya pradesh"}, {"MH", "maharashtra"}, {"MN", "manipur"}, {"ML", "meghalaya"}, {"MZ", "mizoram"}, {"NL", "nagaland"}, {"OD", "odisha"}, {"PY", "puducherry"}, {"PB", "punjab"}, {"RJ", "rajasthan"}, {"SK", "sikkim"}, {"TN", "tamil nadu"}, {"TS", "telangana"}, {"TR", "tripura"}, {"UP", "uttar pradesh"}, {"UK", "uttarakhand"}, {"WB", "west bengal"},
}

// isItalianProvince reports whether two capitals are a province that stands behind an Italian town.
func isItalianProvince(code string) bool {
	const all = "AG AL AN AO AP AQ AR AT AV BA BG BI BL BN BO BR BS BT BZ CA CB CE CH CI CL CN CO CR CS CT CZ EN FC FE FG FI FM FR GE GO GR IM IS KR LC LE LI LO LT LU MB MC ME MI MN MO MS MT NA NO NU OG OR OT PA PC PD PE PG PI PN PO PR PT PU PV PZ RA RC RE RG RI RM RN RO SA SI SO SP SR SS SU SV TA TE TN TO TP TR TS TV UD VA VB VC VE VI VR VS VT VV "
	return len(code) == 2 && isUpperByte(code[0]) && isUpperByte(code[1]) && strings.Contains(all, code+" ")
}

// isBritishCounty reports whether a name is that of a county of the United Kingdom or Ireland,
// which stands between the town and the postcode and is no town.
func isBritishCounty(word string) bool {
	var room [64]byte
	b := appendFolded(room[:0], word)
	if len(b) > 5 && string(b[len(b)-5:]) == "shire" {
		return true
	}
	if len(b) > 4 && (string(b[:3]) == "co " || len(b) > 7 && string(b[:7]) == "county ") {
		return true
	}
	switch string(b) {
	case "surrey", "kent", "essex", "sussex", "east sussex", "west sussex", "norfolk", "suffolk", "devon", "cornwall", "dorset", "somerset", "middlesex", "cumbria", "merseyside", "tyne and wear", "tyne wear", "west midlands", "greater manchester", "greater london", "isle of wight", "rutland", "northumberland", "hants", "herts", "bucks", "berks", "wilts", "glos", "cambs", "lincs", "leics", "northants", "notts", "beds", "oxon", "staffs", "lancs", "worcs", "shrops", "salop", "clwyd", "dyfed", "gwent", "gwynedd", "powys", "mid glamorgan", "south glamorgan", "west glamorgan", "fife", "lothian", "midlothian", "east lothian", "west lothian", "strathclyde", "tayside", "angus", "antrim", "down", "armagh", "tyrone", "fermanagh", "londonderry", "england", "scotland", "wales", "northern ireland", "cleveland", "avon", "humberside":
		return true
	}
	return false
}
