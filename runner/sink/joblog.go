package sink

import (
	"brood/jobs"
	"strconv"
	"strings"
	"time"
)

// JoblogHeader is the first line of a joblog.
const JoblogHeader = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"

// JoblogEntry is a line of a joblog, as GNU parallel writes them with --joblog.
type JoblogEntry struct {
	Seq     jobs.Seq // from 0; the joblog counts from 1
	Ended   time.Time
	Took    time.Duration
	Receive int // bytes that the command has printed
	// Exit is the exit status, and Signal what has killed it; -1 of a command that was
	// stopped, or of which nobody knows how it ended. Both are 0 of one that ended well.
	Exit, Signal int
	Command      string
}

// oneJob keeps the command in its line, as GNU parallel does.
var oneJob = strings.NewReplacer("\n", "\x00")

// AppendJoblog appends a line of a joblog.
func AppendJoblog(dst []byte, e *JoblogEntry) []byte {
	dst = strconv.AppendUint(dst, uint64(e.Seq)+1, 10)
	dst = append(dst, "\t:\t"...)
	dst = appendSeconds(dst, time.Duration(e.Ended.UnixNano())-e.Took, 14)
	dst = append(dst, '\t')
	dst = appendSeconds(dst, e.Took, 10)
	dst = append(dst, "\t0\t"...)
	for _, n := range []int{e.Receive, e.Exit, e.Signal} {
		dst = append(strconv.AppendInt(dst, int64(n), 10), '\t')
	}
	return append(append(dst, oneJob.Replace(e.Command)...), '\n')
}

// appendSeconds appends a time in seconds, with three decimals, at least so wide.
func appendSeconds(dst []byte, d time.Duration, width int) []byte {
	s := strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
	for range width - len(s) {
		dst = append(dst, ' ')
	}
	return append(dst, s...)
}
