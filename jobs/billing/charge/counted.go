package charge

import "strconv"

// Counted says how many there are of something: 1 charge, 2 charges.
func Counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
