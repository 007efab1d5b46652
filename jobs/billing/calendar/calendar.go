// Package calendar knows on which days banks move money: those of TARGET, in which the euro is settled, and those of the
// Federal Reserve, which settles ACH payments. Days are midnights of UTC; the time of day of what it is given is left out of account.
//
// The holidays come from github.com/rickar/cal/v2. Two rules are set here: a holiday of the Federal Reserve that falls on a Saturday is not
// made up for on the Friday before (Federal Reserve Bank Services, holiday schedules), and TARGET moves none at all.
package calendar

import (
	"fmt"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ecb"
	"github.com/rickar/cal/v2/us"
)

// Banks are those whose days are asked for.
type Banks int

// The two that bank files are written for.
const (
	TARGET Banks = iota
	FederalReserve
)

func (b Banks) String() string {
	if b == FederalReserve {
		return "a banking day of the Federal Reserve"
	}
	return "a TARGET day"
}

// year holds one bit for each day that is closed.
type year [6]uint64

// years are worked out once for each year that is asked for: a plan has a million charges and few years.
var years [2]sync.Map

// Open reports whether the banks settle on a day.
func (b Banks) Open(day time.Time) bool {
	y, n := day.Year(), day.YearDay()
	known, ok := years[b].Load(y)
	if !ok {
		known, _ = years[b].LoadOrStore(y, b.closed(y))
	}
	return known.(*year)[n/64]&(1<<(n%64)) == 0
}

// closed works a year out.
func (b Banks) closed(of int) *year {
	c := cal.NewBusinessCalendar()
	if b == FederalReserve {
		for _, h := range us.Holidays {
			c.AddHoliday(h.Clone(&cal.Holiday{Observed: []cal.AltDay{{Day: time.Sunday, Offset: 1}}}))
		}
	} else {
		c.AddHoliday(ecb.Holidays...)
	}
	out := new(year)
	for day := time.Date(of, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == of; day = day.AddDate(0, 0, 1) {
		if !c.IsWorkday(day) {
			out[day.YearDay()/64] |= 1 << (day.YearDay() % 64)
		}
	}
	return out
}

// Next is the day itself if the banks are open, or else the next one on which they are.
func (b Banks) Next(day time.Time) time.Time {
	day = midnight(day)
	for !b.Open(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// Previous is the day itself if the banks are open, or else the last one before it.
func (b Banks) Previous(day time.Time) time.Time {
	day = midnight(day)
	for !b.Open(day) {
		day = day.AddDate(0, 0, -1)
	}
	return day
}

// Add is so many banking days after a day, or before it if there are less than none. With none it is Next.
func (b Banks) Add(day time.Time, n int) time.Time {
	if n < 0 {
		day = midnight(day)
		for ; n < 0; n++ {
			day = b.Previous(day.AddDate(0, 0, -1))
		}
		return day
	}
	if day = midnight(day); n == 0 {
		return b.Next(day)
	}
	for ; n > 0; n-- {
		day = b.Next(day.AddDate(0, 0, 1))
	}
	return day
}

// midnight takes the date that a time shows in its own zone.
func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// DayOf is the day that it is at a time in a zone; of no zone, in UTC.
func DayOf(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	return midnight(t.In(zone))
}

// Parse reads a day, YYYY-MM-DD, of the years in which bank files can be.
func Parse(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1990 || day.Year() > 2100 {
		return time.Time{}, fmt.Errorf("%.40q is no day; write it as in 2026-11-30", text)
	}
	return day, nil
}

// Format is the reverse of Parse.
func Format(day time.Time) string { return day.Format(time.DateOnly) }

// Between counts the calendar days from one day to another: what a notice of so many days is measured in.
func Between(from, to time.Time) int {
	return int(midnight(to).Sub(midnight(from)) / (24 * time.Hour))
}
