package bus

import (
	"brood/runner/remote/token"
	"strconv"
	"strings"
)

// names are the subjects of a run in an epoch: the package comment.
type names struct {
	run    string // as it stands in subjects
	stream string
	again  string // what comes before the machine
	once   string
	given  string
	told   string
	letter string
	ask    string
	inbox  string
	// ofAny are given, told and letter of any epoch, as a machine has rights to them.
	ofAny struct{ given, told, letter string }
}

func newNames(run string, epoch int64) names {
	run = strings.ReplaceAll(run, ".", "=") // no run's name has one
	at := "." + strconv.FormatInt(epoch, 10) + "."
	root := "brood." + run + "."
	n := names{
		run: run, stream: streams(run) + strconv.FormatInt(epoch, 10),
		again: root + "w" + at, once: root + "o" + at, given: root + "d" + at, told: root + "t" + at, letter: root + "r" + at,
		ask: root + "ask.", inbox: "_INBOX." + run + ".",
	}
	n.ofAny.given, n.ofAny.told, n.ofAny.letter = root+"d.*.", root+"t.*.", root+"r.*."
	return n
}

// streams is what the names of a run's streams begin with.
func streams(run string) string { return "BROOD_" + run + "_" }

// work is the subject of a kind of work of a machine.
func (n *names) work(k kind, machine string) string {
	if k == once {
		return n.once + machine
	}
	return n.again + machine
}

// consumer is the name of what gives a kind of work to a machine.
func (*names) consumer(k kind, machine string) string { return string(k) + "-" + machine }

// machine returns which machine's a subject is that begins with what it must begin with.
func machine(subject, begins string) (string, bool) {
	m, ok := strings.CutPrefix(subject, begins)
	return m, ok && token.CheckMachine(m) == nil
}
