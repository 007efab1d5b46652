package account

// national reports whether the account number within an IBAN has the check digits of its own country. It knows
// the countries where one published rule holds for all banks; of the others, and where a rule has exceptions by bank
// (Germany, Britain, the Netherlands, Sweden), everything passes.
func national(country, bban string) bool {
	switch country {
	case "BA", "ME", "PT", "RS", "SI": // ISO 7064 MOD 97-10 over the whole number
		return mod97(bban) == 1
	case "MK": // the same; letters, which the registry allows in it, are not in use
		return !each(bban, digit) || mod97(bban) == 1
	case "BE": // the first ten digits modulo 97, where 0 is written as 97
		rest := mod97(bban[:10])
		if rest == 0 {
			rest = 97
		}
		return rest == number(bban[10:])
	case "CZ", "SK": // decree 169/2011: prefix and account, weighted, are multiples of eleven
		return weighted(bban[4:10], 10, 5, 8, 4, 2, 1)%11 == 0 && weighted(bban[10:], 6, 3, 7, 9, 10, 5, 8, 4, 2, 1)%11 == 0
	case "EE": // 7-3-1 from the right, without the bank's code
		return weighted(bban[2:15], 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7)%10 == (10-number(bban[15:]))%10
	case "ES":
		return spanish("00"+bban[:8]) == number(bban[8:9]) && spanish(bban[10:]) == number(bban[9:10])
	case "FI":
		return luhn(bban)
	case "FR", "MC":
		return french(bban)
	case "HR": // ISO 7064 MOD 11,10 for the bank and for the account
		return mod1110(bban[:7]) && mod1110(bban[7:])
	case "HU":
		return weighted(bban[:8], 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0 &&
			weighted(bban[8:], 9, 7, 3, 1, 9, 7, 3, 1, 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0
	case "IT", "SM":
		return italian(bban)
	case "NO": // modulo 11; an account whose fifth and sixth digit are 0 has none
		return bban[4:6] == "00" || weighted(bban, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
	case "PL": // of the bank's number only
		return weighted(bban[:8], 3, 9, 7, 1, 3, 9, 7, 1)%10 == 0
	default:
		return true
	}
}

// number is that of a few digits.
func number(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

func weighted(digits string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(digits[i]-'0')
	}
	return sum
}

// luhn is ISO/IEC 7812-1, annex B.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func spanish(ten string) int {
	switch d := 11 - weighted(ten, 1, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11; d {
	case 10:
		return 1
	case 11:
		return 0
	default:
		return d
	}
}

// french is the key of a relevé d'identité bancaire: letters stand for digits (A and J are 1, B K S are 2, …),
// and bank, branch, account and key are a multiple of 97.
func french(bban string) bool {
	rest := 0
	for i := range len(bban) {
		c := bban[i]
		d := int(c - '0')
		switch {
		case c >= 'S':
			d = int(c-'S') + 2
		case c >= 'J':
			d = int(c-'J') + 1
		case c >= 'A':
			d = int(c-'A') + 1
		}
		rest = (rest*10 + d) % 97
	}
	return rest == 0
}

func mod1110(digits string) bool {
	p := 10
	for i := range len(digits) - 1 {
		s := (p + int(digits[i]-'0')) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return (p+int(digits[len(digits)-1]-'0'))%10 == 1
}

// italian is the CIN: the letter is the sum of what the characters stand for, by odd and even places, modulo 26.
func italian(bban string) bool {
	const odd = "\x01\x00\x05\x07\x09\x0d\x0f\x11\x13\x15\x02\x04\x12\x14\x0b\x03\x06\x08\x0c\x0e\x10\x0a\x16\x19\x18\x17"
	sum := 0
	for i := 1; i < len(bban); i++ {
		v := int(bban[i] - '0')
		if letter(bban[i]) {
			v = int(bban[i] - 'A')
		}
		if i%2 == 1 {
			v = int(odd[v])
		}
		sum += v
	}
	return byte(sum%26) == bban[0]-'A'
}
