package command

import (
	"slices"
	"strings"
)

// habits are flags of GNU parallel, xargs, rush and make, and a few that many programs have,
// which brood run does not: what does the same here, or why there is nothing to do it. Their
// names are without dashes.
var habits = []habit{
	// The order and the form of what comes out.
	{"k keep-order keeporder", "Results come in the order of the input anyway; --unordered gives them as they come."},
	{"no-keep-order nn", "--unordered gives results as they come."},
	{"group", "What a command prints stays together anyway."},
	{"u ungroup line-buffer linebuffer lb ll latest-line immediate-output", "What a command prints comes in one piece when it has ended; --unordered does not wait for those before it."},
	{"bar eta", "A terminal shows progress by itself; elsewhere --progress=always does."},
	{"jl", "--joblog FILE is the whole name."},
	{"res", "--results DIR is the whole name."},
	{"files output-as-files outputasfiles", "-o FILE.csv, .tsv or .jsonl has what each command printed, with its record."},
	{"color color-failed cf ctag ctagstring", "What commands print is not coloured."},
	{"out-file outfile out", "-o FILE, or --output, names the file for the results."},
	{"tee", "Write to a file by -o, or send standard output through tee."},
	{"compress compress-program decompress-program", "Send the results through a program: brood run … | gzip > results.gz"},
	{"sql sql-master sql-and-worker sql-worker", "brood writes no database; import the file of -o results.csv."},
	{"v t verbose", "--dry-run shows the commands, brood history what happened to a record (--timeout is not -t here)."},
	{"silent s max-chars", "Commands are not shown anyway, and are as long as their words are: nothing is split by length."},
	{"print-retry-output", "brood history NAME SEQ shows every try."},
	{"x exit show-limits max-line-length-allowed", "Commands have as many words as you give them; one that is too long for the system fails."},

	// The records.
	{"i infile input input-file file f", "Datasets are named without a flag, before the --: brood run exec list.txt -- COMMAND."},
	{"arg-sep arg-file-sep", "Datasets are named before the --, and the command stands behind it."},
	{"D record-delimiter rrs remove-rec-sep removerecsep recstart recend regexp", "Records are lines, or end with a zero byte with --null; make lines of others before, as with tr ';' '\\n'."},
	{"field-delimiter separator sep", "--colsep REGEXP splits lines into columns; -d CHARACTER does so as CSV, with its quotes."},
	{"csv", "--format csv reads CSV, and so does a file whose name ends with .csv."},
	{"skip-first-line", "The first row of csv and tsv names the columns anyway; --no-header if it is a record. Of lines, --header : says so."},
	{"E e eof stop-on-error", "--halt now,fail=1 stops at the first failure. For an end mark, cut the dataset before: sed '/^END$/,$d' list.txt."},
	{"r no-run-if-empty", "Nothing runs for an empty dataset anyway (--retries is not -r here)."},
	{"nrecords L l max-lines max-replace-args m xargs", "-n N gives a command up to N lines, each as an argument of its own; -X as many as fit."},
	{"records-join-sep", "-n N gives a command up to N lines, each as an argument of its own."},
	{"xapply", "It is --link."},
	{"T trim", "Take spaces away before: sed 's/^ *//; s/ *$//' list.txt. For keys there is --key-normalize trim."},
	{"shuf", "Mix the records before: shuf list.txt | brood run …"},
	{"filter", "--where 'country=AT and age>=18' chooses records by their columns."},
	{"total total-jobs", "How much there is to do is found by itself where the dataset is a file."},
	{"pipe spreadstdin pipe-part pipepart block block-size block-timeout bt round-robin round bin cat fifo", "--stdin gives a record to the command's standard input; brood run pipe gives records to programs that run on, one for each worker; a record is never a block of several, but all rows of a group with --group-by."},

	// The command.
	{"J profile rpl basenamereplace bnr basenameextensionreplace bner dirnamereplace dnr extensionreplace er seqreplace slotreplace parens plus", "Placeholders are {} {.} {/} {//} {/.} {#} {%} and {column}; -I TEXT stands for {}; there are no others, and no profiles."},
	{"quote escape Q escape-symbols shell-quote", "No shell reads the command unless --shell is given, and then values are quoted; so there is nothing to quote."},
	{"assign greedy g", "Write the values into the command, or hand them on in the environment; see --env."},
	{"process-slot-var", "Commands find their slot in BROOD_SLOT, and as {%}."},
	{"wd", "Commands run in the directory that brood was started in: cd there before; on other machines in that of --workdir."},
	{"record-env session embed", "The environment is handed on as it is; --env NAME hands on only what it names."},
	{"template tmpl", "Make the files in the command itself, as with envsubst."},
	{"tty open-tty p interactive", "Commands have no terminal and nobody is asked: --dry-run shows them, --limit 1 does the first only."},
	{"tmux tmuxpane", "brood top shows what is in hand."},
	{"shebang hashbang shebang-wrap", "A script can call brood run; there is no #! line for it."},

	// How many, how fast, how often.
	{"threads workers concurrency parallel", "-j N works on N records at a time."},
	{"delay", "--rate bounds how many start in a time: --rate 2/s for one every half second."},
	{"retry max-retries", "--retries N tries a record N more times after the first."},
	{"retry-interval", "--backoff 5s..5s waits 5 seconds before another try."},
	{"halt-on-error max-errors", "--halt soon,fail=1 ends the run after the first failure, now,fail=1 kills what is in hand as well."},
	{"keep-going", "A record that fails does not stop the others; --halt does."},
	{"propagate-exit-status", "The exit status is 1 if a record failed; brood history has the command's own."},
	{"kill-on-ctrl-c", "Ctrl-C finishes what is in hand, a second one kills it."},
	{"term-seq", "A record that is to stop gets SIGTERM, and SIGKILL after --kill-after."},
	{"memsuspend noswap", "--memfree SIZE begins nothing new while memory is short, --pressure memory=10 while the machine swaps."},
	{"load-average max-load", "--load N begins nothing new while N processes of the machine run."},
	{"use-sockets-instead-of-threads use-cores-instead-of-threads use-cpus-instead-of-cores", "-j N% counts the processors that the system shows; -j N says how many."},
	{"number-of-cpus number-of-cores number-of-sockets number-of-threads", "nproc tells how many processors there are; -j counts those."},

	// Again.
	{"resume-failed retry-failed", "brood retry NAME tries the failed records again, within their run."},
	// Other machines.
	{"S sshlogin", "--ssh host1,user@host2/16,: works on other machines; : is this one."},
	{"slf sshloginfile", "--ssh-login-file FILE has the machines, one a line."},
	{"transferfile tf", "--transfer {} brings the record's file to the machine."},
	{"trc", "--transfer {} --return FILE --cleanup bring files there and back, and remove them there."},
	{"M controlmaster", "--ssh keeps one connection for each machine anyway."},

	{"c continue succ-cmd-file", "The ledger keeps what is done: brood resume NAME goes on."},
	{"name id", "--run NAME calls the run so."},
	{"log logfile", "Standard error has the log, and brood log NAME shows it later; --log-format json for programs."},

	// brood lock.
	{"semaphore sem semaphore-name st semaphore-timeout fg bg", "brood lock NAME -- COMMAND runs a command while nobody else has the lock NAME; --wait=TIME waits for it."},

	// What is not there.
	{"onall nonall basefile bf filter-hosts hostgroups hgrp rsync-opts ssh-delay", "--ssh HOST,HOST works on other machines, each record on one of them; the command itself may be ssh HOST."},
	{"tmpdir", "What has to be kept is in the state directory: --state DIR."},
	{"will-cite citation bibtex gnu plain minversion _parset shell-completion", "That is not needed here: leave it out."},
	{"just-print recon dryrun", "--dry-run shows the commands and runs nothing."},
	{"always-make B", "A new run does every record; brood resume does those that are left."},
	{"V version", "brood --version tells the version."},
}

// lockHabits are those of flock(1), which brood lock does not have.
var lockHabits = []habit{
	{"e x exclusive", "The lock is exclusive anyway."},
	{"s shared", "The lock is never shared."},
	{"u unlock", "The lock ends with the command."},
	{"o close", "The command does not inherit the lock anyway."},
	{"F no-fork", "brood stays, and holds the lock until the command has ended."},
	{"c command", "Write the command after --, as in: brood lock NAME -- sh -c 'date; make'"},
	{"verbose", "It says who has the lock, unless the status is 0."},
	{"V version", "brood --version tells the version."},
}

// commandHabits are commands that other programs have, or that somebody may expect.
var commandHabits = []habit{
	{"ls list ps jobs all", "runs"},
	{"start begin do parallel xargs map for", "run"},
	{"show info stat state", "status"},
	{"continue unpause resume-run go", "continue"},
	{"suspend hold", "pause"},
	{"kill cancel abort halt terminate", "stop"},
	{"quit end finish", "drain"},
	{"restart", "resume"},
	{"again redo rerun recover repeat", "retry"},
	{"attach watch monitor ui tui", "top"},
	{"speed throttle limit", "rate"},
	{"jobs-at-a-time", "scale"},
	{"save dump get", "export"},
	{"check fsck", "verify"},
	{"fix", "repair"},
	{"decide mark", "resolve"},
	{"flock sem semaphore mutex", "lock"},
	{"delete remove del", "rm"},
	{"clean cleanup gc purge", "prune"},
	{"logs tail", "log"},
	{"errors reasons why", "failures"},
	{"tries attempts record", "history"},
	{"slots worker", "workers"},
	{"scopes key", "keys"},
}

// habit is what is answered to some words.
type habit struct{ words, answer string }

// answerTo looks a word up; empty: it is not there.
func answerTo(word string, among []habit) string {
	for _, h := range among {
		if slices.Contains(strings.Fields(h.words), word) {
			return h.answer
		}
	}
	return ""
}
