package command

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Reference is all that the command line knows of itself: what the manual pages, docs/reference.md
// and other programs' pages are written from, so that there is one table of commands and flags.
type Reference struct {
	Name        string           `json:"name"`
	Usage       string           `json:"usage"`
	Description string           `json:"description"`
	Build       Build            `json:"build"`
	Groups      []ReferenceGroup `json:"groups"`   // of commands, as brood --help has them
	Commands    []Page           `json:"commands"` // each before those beneath it
	Exits       []ReferenceExit  `json:"exits"`
	Environment []ReferenceName  `json:"environment"`
	Files       []ReferenceName  `json:"files"`
}

// ReferenceGroup is a title over names of commands, or over flags.
type ReferenceGroup struct {
	Title string          `json:"title"`
	Names []string        `json:"names,omitempty"`
	Flags []ReferenceFlag `json:"flags,omitempty"`
	// Shared says that the flags are those of every run, and not of this job.
	Shared bool `json:"shared,omitempty"`
}

// Page is one command.
type Page struct {
	Words       []string         `json:"words"` // run, email
	Usage       string           `json:"usage"`
	Arguments   string           `json:"arguments,omitempty"`
	Description string           `json:"description,omitempty"`
	Job         bool             `json:"job,omitempty"`
	Under       []string         `json:"under,omitempty"` // the commands beneath it: jobs, or verbs
	Flags       []ReferenceGroup `json:"flags,omitempty"`
	// Secrets are variables of the environment that the job reads.
	Secrets []string `json:"secrets,omitempty"`
}

// ReferenceFlag is a flag: its names with their dashes, its value if it takes one, what it does.
type ReferenceFlag struct {
	Names   []string `json:"names"`
	Value   string   `json:"value,omitempty"`
	Usage   string   `json:"usage"`
	Default string   `json:"default,omitempty"`
	Values  []string `json:"values,omitempty"` // all that it may be, where that is a closed set
}

// ReferenceExit is an exit status and what it means.
type ReferenceExit struct {
	Codes   []int  `json:"codes"`
	Meaning string `json:"meaning"`
}

// ReferenceName is a variable of the environment, or a file, and what it is for.
type ReferenceName struct {
	Name  string `json:"name"`
	Usage string `json:"usage"`
}

// exitTable is what the exit statuses mean.
var exitTable = []ReferenceExit{
	{[]int{exitOK}, "every record is ok or was skipped; of other commands: done"},
	{[]int{exitFailed}, "finished, and some records failed"},
	{[]int{exitUsage}, "bad usage or configuration: nothing was started"},
	{[]int{exitUnknown}, "finished, and of some records nobody knows whether they were done: brood resolve"},
	{[]int{exitStopped}, "stopped by --halt, by the job, or as nothing worked"},
	{[]int{exitDataset}, "the dataset cannot be read, or is not the one that the run began with (EX_DATAERR)"},
	{[]int{exitSoftware}, "a bug in brood: please report it, with what brood doctor NAME --bundle writes (EX_SOFTWARE)"},
	{[]int{exitWrite}, "an output or the ledger could not be written (EX_IOERR)"},
	{[]int{exitLocked}, "another brood holds the run, or the lock (EX_TEMPFAIL)"},
	{[]int{exitSignal + 1, exitSignal + 2, exitSignal + 15}, "stopped by SIGHUP, SIGINT or SIGTERM, and can be resumed"},
}

// environmentTable are the variables that brood itself goes by; those of a job are with the job.
func environmentTable() []ReferenceName {
	return []ReferenceName{
		{"BROOD_STATE", "the directory in which runs are kept, unless --state names one"},
		{"XDG_STATE_HOME", "without BROOD_STATE runs are kept in the folder brood in it; without either in ~/.local/state/brood"},
		{"BROOD_RUN, BROOD_SEQ, BROOD_ATTEMPT, BROOD_KEY, BROOD_SLOT", "are set for the command of a record: the run, the record's number from 0, which try it is, from 1, its idempotency key, and the slot"},
		{passwordVariable, "the password of a queue or database whose URL has none"},
		{natsVariable, "the password, or token, for a NATS cluster, if --nats has none"},
		{"MAKEFLAGS", "within make -j, which says how much may go on at a time: brood takes part in that"},
		{"NOTIFY_SOCKET, WATCHDOG_USEC, JOURNAL_STREAM", "systemd's: it is told how the run stands, see sd_notify(3)"},
		{"TERM", "where it is dumb or empty nothing is drawn; a terminal shows progress otherwise"},
		{"PATH", "where commands are looked for"},
	}
}

// filesTable are the files of a state directory that a person may want to know.
func filesTable() []ReferenceName {
	return []ReferenceName{
		{"~/.local/state/brood/runs/NAME/", "a run. It belongs to brood: to be rid of it use brood rm"},
		{"~/.local/state/brood/runs/NAME/ledger.db", "what happened to each record: an SQLite database, which may be queried while the run goes on; columns are described in its schema"},
		{"~/.local/state/brood/keys/SCOPE.*", "the keys that runs with --once-per have taken"},
		{"~/.local/state/brood/locks/", "the locks of brood lock"},
	}
}

// reference is what this command line knows of itself.
func (e *env) reference() *Reference {
	app := e.app()
	r := &Reference{Name: app.Name, Usage: app.Usage, Description: app.Description, Build: ReadBuild(), Exits: exitTable, Environment: environmentTable(), Files: filesTable()}
	for _, g := range commandGroups {
		var names []string
		for _, name := range strings.Fields(g.names) {
			if find(app.Commands, name) != nil {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			r.Groups = append(r.Groups, ReferenceGroup{Title: g.title, Names: names})
		}
	}
	r.addPages(e, nil, app.Commands)
	slices.SortStableFunc(r.Commands, func(a, b Page) int { return slices.Compare(a.Words, b.Words) })
	return r
}

func (r *Reference) addPages(e *env, above []string, commands []*cli.Command) {
	for _, c := range commands {
		if c.Hidden {
			continue
		}
		words := append(slices.Clone(above), c.Name)
		p := Page{Words: words, Usage: c.Usage, Arguments: c.ArgsUsage, Description: c.Description, Flags: referenceFlags(c)}
		for _, s := range c.Subcommands {
			p.Under = append(p.Under, s.Name)
		}
		if d, err := e.registry.Lookup(c.Name); err == nil && len(above) == 1 && above[0] == "run" {
			p.Job, p.Secrets = true, d.Secrets
		}
		r.Commands = append(r.Commands, p)
		r.addPages(e, words, c.Subcommands)
	}
}

// referenceFlags are the flags of a command: in groups, as its help has them.
func referenceFlags(c *cli.Command) (out []ReferenceGroup) {
	if len(c.Flags) == 0 {
		return nil
	}
	groups := []flagGroup{{flags: c.Flags}}
	if isLong(c) {
		groups = groupFlags(c.Flags)
	}
	for _, g := range groups {
		shared := slices.ContainsFunc(flagGroups, func(s group) bool { return s.title == g.title })
		of := ReferenceGroup{Title: g.title, Shared: shared}
		if g.title == groupJob {
			of.Title = "Flags of " + c.Name
		}
		for _, f := range g.flags {
			of.Flags = append(of.Flags, referenceFlag(f))
		}
		out = append(out, of)
	}
	return out
}

func referenceFlag(f cli.Flag) ReferenceFlag {
	out := ReferenceFlag{Values: closedValues(f)}
	for _, n := range f.Names() {
		out.Names = append(out.Names, dashed(n))
	}
	value, text := fullText(f)
	out.Value = value
	var cut bool
	if out.Usage, out.Default, cut = cutDefault(text); !cut {
		out.Usage = text
	}
	return out
}

// cutDefault takes off what counts without a flag, which fullText and some usages put at the end.
func cutDefault(text string) (usage, def string, found bool) {
	i := strings.LastIndex(text, " (default: ")
	if i < 0 || !strings.HasSuffix(text, ")") {
		return "", "", false
	}
	return text[:i], strings.TrimSuffix(text[i+len(" (default: "):], ")"), true
}

func (e *env) referenceCommand() *cli.Command {
	return &cli.Command{
		Name: "reference", Usage: "print all commands and flags as JSON", Hidden: true,
		Description:  "What the manual pages and docs/reference.md are made from.\n\nExample:\n   brood reference",
		OnUsageError: usageError,
		Action:       func(*cli.Context) error { return e.printJSON(e.reference()) },
	}
}
