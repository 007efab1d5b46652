package command

// groupOther is where a command or a flag stands that no table knows and that has no
// category: somebody has forgotten it.
const groupOther = "Other"

// group is a title over names.
type group struct{ title, names string }

// commandGroups are the commands in the order in which brood --help has them. A name may stand
// here before its command is there.
var commandGroups = []group{
	{"Work", "run resume retry plan join"},
	{"Look", "status runs top log failures history export report verify machines workers"},
	{"Steer", "scale rate pause continue drain stop reload"},
	{"Settle", "resolve reconcile repair shards merge"},
	{"Tidy up", "rm prune keys cache forget"},
	{"Of a job", "bounces template places map queue"},
	{"System", "lock unit token doctor config completion version"},
}

// flagGroups are the flags of a run, as --help-all has them; those that are named nowhere
// stand under their category.
var flagGroups = []group{
	{groupData, "format delimiter encoding no-header null max-record max-depth where limit shard input-changed append query"},
	{"Keys", "key key-normalize once-per key-scope key-lifetime effect on-unknown resolve-with"},
	{groupOut, "output output-format no-run-columns like-input unordered"},
	{groupEngine, "run config resume state wait take-over jobs per-worker dry-run quiet progress log-format log-file metrics"},
	{groupQueue, ""},
	{groupMachines, ""},
	{"Tries and stops", "retries backoff timeout kill-after max-crashes halt drain-timeout"},
	{groupPace, ""},
	{groupLimits, "max-tasks-per-worker max-mem-per-worker max-worker-age"},
}

// commonFlags are those that most people need, in one line each.
var commonFlags = []struct{ name, text string }{
	{"output", "results go to FILE: .csv, .jsonl, .xlsx, …, or text"},
	{"jobs", "work on N at a time (default: one a processor)"},
	{"retries", "try again up to N times"},
	{"timeout", "stop what takes longer: 30s, 2m"},
	{"rate", "start at most so many: 50/s, 100/m, 2000/h"},
	{"halt", "stop when some fail: soon,fail=1 or now,fail=10%"},
	{"format", "the dataset is csv, tsv, jsonl, lines or nul"},
	{"delimiter", "fields are separated by CHARACTER: -d ';'"},
	{"key", "identifies a record; a second one is skipped"},
	{"where", "work only on some: 'status=on and age>=18'"},
	{"limit", "stop after the first N records"},
	{"run", "call the run NAME"},
	{"resume", "continue the run of that name if there is one"},
	{"append", "take rows that were added to the dataset since"},
	{"retry-failed", "try failed records again as well: brood retry"},
	{"quiet", "say nothing if all goes well"},
	{"dry-run", "show what would be done, and do nothing"},
	{"on-unknown", "of what may have been done: hold, retry or skip"},
}
