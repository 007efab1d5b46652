package address

import "unicode/utf8"

// IsNothing reports whether a cell says that nothing is known: it is empty, has marks only, or
// has one of the words that people and programs write for that.
func IsNothing(s string) bool {
	const longest = 24
	if len(s) > 2*longest && isLetterByte(s[0]) {
		return false
	}
	for s != "" && !isContent(s[0]) {
		s = s[1:]
	}
	for s != "" && !isContent(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	if len(s) > longest {
		return false
	}
	// Small letters, without spaces and marks.
	var b [40]byte
	n := 0
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z':
			r |= 0x20
		case r == ' ' || r == '.' || r == '/' || r == '-' || r == '_' || r == '\'' || r == 0xa0 || r == '–' || r == '—':
			continue
		}
		n += utf8.EncodeRune(b[n:], r)
		if n > len(b)-utf8.UTFMax {
			return false
		}
	}
	if zeros(b[:n]) {
		return true
	}
	switch string(b[:n]) {
	case "":
		return true
	case "na", "nan", "none", "null", "nil", "unknown", "undefined", "notavailable", "notapplicable", "notknown", "notprovided", "notspecified",
		"notgiven", "noaddress", "nodata", "unspecified", "missing", "empty", "blank", "tbd", "tba", "tbc", "unk", "addressunknown", "unknownaddress", "ref", "value", "xx", "xxx", "xxxx":
		return true
	case "ka", "nn", "nb", "nv", "keine", "keineangabe", "keineangaben", "unbekannt", "nichtbekannt", "ohne", "ohneangabe", "entfällt", "adresseunbekannt", "unbekanntverzogen":
		return true
	case "nc", "inconnu", "inconnue", "aucun", "aucune", "nonrenseigné", "nonrenseigne", "noncommuniqué", "noncommunique", "sansadresse", "adresseinconnue", "sansobjet":
		return true
	case "sn", "sd", "nd", "desconocido", "desconocida", "ninguno", "ninguna", "nodisponible", "sindatos", "sindirección", "sindireccion", "noaplica", "noinformado":
		return true
	case "sconosciuto", "sconosciuta", "nessuno", "nessuna", "nondisponibile", "nonpervenuto", "np":
		return true
	case "desconhecido", "desconhecida", "nenhum", "nenhuma", "nãoinformado", "naoinformado", "nãodisponível", "seminformação", "seminformacao", "semendereço", "semendereco":
		return true
	case "onbekend", "geen", "nvt", "nietbekend", "leeg":
		return true
	case "nieznany", "nieznana", "nieznane", "brak", "brakdanych", "niedotyczy", "niepodano", "bd":
		return true
	}
	return false
}

// isContent reports whether a byte is of a letter or figure.
func isContent(c byte) bool {
	return isLetterByte(c) || c >= '0' && c <= '9' || c >= utf8.RuneSelf
}

// zeros reports whether there are only zeros, as in postcode 00000.
func zeros(b []byte) bool {
	for _, c := range b {
		if c != '0' {
			return false
		}
	}
	return len(b) > 0
}
