package fold

// spoken are the languages of a country's street names, by its code of ISO 3166-1, the first
// the one that wins; of a country that is not known, those most addresses are in.
func spoken(country string) string {
	switch country {
	case "":
		return "en de fr es it nl pt"
	case "DE", "AT", "LI":
		return "de"
	case "CH":
		return "de fr it"
	case "LU":
		return "fr de"
	case "BE":
		return "nl fr de"
	case "NL", "SR", "AW", "CW":
		return "nl"
	case "FR", "MC", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC", "SN", "CI", "ML", "BJ", "TG", "NE", "BF", "GA", "CG", "CD", "CM", "MG", "DZ", "MA", "TN", "HT":
		return "fr"
	case "CA":
		return "en fr"
	case "ES", "AD", "MX", "AR", "CL", "CO", "PE", "VE", "EC", "BO", "PY", "UY", "CR", "PA", "NI", "HN", "SV", "GT", "DO", "CU", "GQ":
		return "es"
	case "PR":
		return "es en"
	case "IT", "SM", "VA":
		return "it"
	case "PT", "BR", "AO", "MZ", "CV", "GW", "ST", "TL":
		return "pt"
	}
	return spokenByFew(country)
}

func spokenByFew(country string) string {
	switch country {
	case "PL":
		return "pl"
	case "CZ":
		return "cs"
	case "SK":
		return "sk"
	case "SE":
		return "sv"
	case "NO", "SJ":
		return "no"
	case "DK", "GL", "FO":
		return "da"
	case "FI", "AX":
		return "fi sv"
	case "EE":
		return "et"
	case "LV":
		return "lv"
	case "LT":
		return "lt"
	case "HU":
		return "hu"
	case "RO", "MD":
		return "ro"
	case "BG":
		return "bg"
	case "GR", "CY":
		return "el"
	case "HR", "BA":
		return "hr"
	case "SI":
		return "si"
	case "RS", "ME":
		return "sr"
	case "RU", "BY", "KZ", "KG", "UA":
		return "ru"
	case "TR":
		return "tr"
	case "IL":
		return "he en"
	case "ID":
		return "id"
	case "JP":
		return "ja en"
	}
	return "en"
}

// compounds are the words that other words are joined to in a language: the short form, and after
// the = all forms. Those of the token files are patterns, or are missing.
var compounds = map[string][]string{
	"de": {"str=strasse,str", "g=gasse", "wg=weg,wg", "pl=platz,pl", "damm=damm", "all=allee", "ring=ring", "ufer=ufer", "ch=chaussee"},
	"nl": {"dwstr=dwarsstraat", "strwg=straatweg", "stwg=steenweg,stwg", "str=straat,str", "wg=weg,wg", "ln=laan,ln", "pln=plein,pln", "gr=gracht", "kd=kade", "dk=dijk", "sngl=singel", "stg=steeg"},
	"sv": {"g=gatan,gata,g", "v=vagen,vag,v", "gr=grand,granden", "st=stigen,stig", "pl=platsen,plats", "torg=torget,torg"},
	"no": {"g=gaten,gate,gata,gatan,gt", "v=veien,vei,vegen,veg,vn", "pl=plassen,plass"},
	"da": {"gade=gade", "vej=vej", "pl=plads", "alle=alle"},
	"fi": {"k=katu", "t=tie", "kj=kuja", "p=polku", "kri=kaari", "rt=ranta", "tr=tori"},
}

// leftOut are short forms that say no more than that it is a street, and are mostly not written.
var leftOut = map[string]string{
	"pl": "ul", "cs": "ul ulice", "sk": "ul", "ru": "ул", "bg": "ул", "hr": "ul", "sr": "ul ул", "si": "ul",
}

// added are lines that the token files lack, in the form of words.txt.
var added = map[string]string{
	"de": "all\tallee\n",
	"nl": "vd\tv d\tv de\tv den\tv der\n",
}
