package sheet

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// format is what of the format of a cell counts for its value.
type format struct {
	date, clock bool // it shows a day, a time
	elapsed     bool // hours and more than a day of them
	zeros       int  // so many digits at least, as of a postal code
}

// builtin is a format that is in no file (ECMA-376, 18.8.30), also those that are of dates in
// East Asia.
func builtin(id string) format {
	n, err := strconv.Atoi(id)
	switch {
	case err != nil:
	case n >= 14 && n <= 17, n >= 27 && n <= 31, n == 36, n >= 50 && n <= 54, n == 57, n == 58:
		return format{date: true}
	case n >= 18 && n <= 21, n >= 32 && n <= 35, n == 45, n == 47, n == 55, n == 56:
		return format{clock: true}
	case n == 22:
		return format{date: true, clock: true}
	case n == 46:
		return format{clock: true, elapsed: true}
	}
	return format{}
}

// formatOf reads the code of a format (ECMA-376, 18.8.31), of which the first part is for
// numbers above zero.
func formatOf(code string) format {
	if trimmed := strings.Trim(code, "0"); trimmed == "" && len(code) > 1 && len(code) < 32 {
		return format{zeros: len(code)}
	}
	var f format
	months := false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case ';':
			i = len(code)
		case '"':
			if n := strings.IndexByte(code[i+1:], '"'); n >= 0 {
				i += n + 1
			}
		case '\\', '_', '*':
			i++
		case '[': // a colour, a condition, a language; or hours, minutes, seconds that go on
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return format{}
			}
			if in := strings.ToLower(code[i+1 : i+end]); in != "" && strings.Trim(in, "h") == "" || in != "" && strings.Trim(in, "m") == "" || in != "" && strings.Trim(in, "s") == "" {
				f.clock, f.elapsed = true, true
			}
			i += end
		case 'y', 'Y', 'd', 'D':
			f.date = true
		case 'h', 'H', 's', 'S':
			f.clock = true
		case 'm', 'M':
			months = true
		case 'G', 'g', 'E', 'e', '#', '?', '%': // General, or digits
			return format{}
		}
	}
	if months && !f.clock { // next to hours or seconds they are minutes
		f.date = true
	}
	return f
}

const (
	lastDay   = 2958466 // 10000-01-01
	oddDay    = 60      // 1900-02-29, which there never was
	between04 = 1462    // days from 1900 to 1904, as they are counted
)

// show gives a number as text.
func (f format) show(text string, date04 bool) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return text
	}
	if f.date || f.clock {
		if s := f.showTime(v, date04); s != "" {
			return s
		}
	}
	s := number(text, v)
	if f.zeros > len(s) && strings.Trim(s, "0123456789") == "" {
		s = strings.Repeat("0", f.zeros-len(s)) + s
	}
	return s
}

// number gives all digits that a spreadsheet program has of a number, which are 15, and no
// power of ten.
func number(text string, v float64) string {
	digits := strings.TrimPrefix(text, "-")
	if digits != "" && strings.Trim(digits, "0123456789") == "" {
		return text // also one with more digits, that another program has written
	}
	if math.Abs(v) >= 1e21 || (v != 0 && math.Abs(v) < 1e-9) {
		return text
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 14, 64), 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// showTime gives a date, a time, or both; or nothing for what is none.
func (f format) showTime(v float64, date04 bool) string {
	if v < 0 || v >= lastDay {
		return ""
	}
	ms := int64(math.Round(v * 24 * 3600 * 1000))
	const dayMS = 24 * 3600 * 1000
	if f.elapsed || (!f.date && ms < dayMS) {
		return clock(ms)
	}
	days, rest := ms/dayMS, ms%dayMS
	if date04 {
		days += between04
	} else if days == 0 {
		return clock(rest) // 1900-01-00
	}
	var day string
	switch {
	case days == oddDay:
		day = "1900-02-29"
	case days < oddDay:
		day = time.Date(1899, 12, 31+int(days), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	default:
		day = time.Date(1899, 12, 30+int(days), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	if rest == 0 && !f.clock {
		return day
	}
	return day + "T" + clock(rest)
}

// clock gives hours, minutes and seconds, and milliseconds where there are.
func clock(ms int64) string {
	two := func(n int64) string {
		if n < 10 {
			return "0" + strconv.FormatInt(n, 10)
		}
		return strconv.FormatInt(n, 10)
	}
	s := two(ms/3600000) + ":" + two(ms/60000%60) + ":" + two(ms/1000%60)
	if rest := ms % 1000; rest > 0 {
		s += "." + strconv.FormatInt(1000+rest, 10)[1:]
	}
	return s
}
