// Package acceptance has no code but the tests of whole runs: what brood promises,
// seen from outside. A test starts the program as a user does, with a dataset in a
// folder of its own, and looks at what comes out, what is left behind, and what a
// server, a file system or a terminal has seen of it meanwhile.
//
// TestMain builds brood once, with the race detector if the tests have it. Where a
// record must do what no job of brood's does (crash, leak, count what it has
// done), the program is broodtest: this test binary under another name, with the
// jobs of these tests in place of brood's.
//
// Where which promise is held:
//
//	script_test.go        every command and flag: a script each in testdata/script
//	rows_test.go          any row of results is read by Python's json and csv
//	starts_test.go        one run is held by one process
//	kill_chaos_test.go    the output is the same however often brood is killed
//	kill_retry_test.go    and so it is while records are tried again, and corrected
//	kill_effects_test.go  nothing is done twice, or it is unknown, whatever is killed
//	damage_test.go        whatever is done to a file of a run, nothing is done twice
//	kill_old_ledgers_test.go
//	                      runs that earlier versions left in the middle are resumed
//	queue_kill_test.go    of a queue's jobs none is lost or done twice, whatever is killed
//	queue_two_test.go     nor when several work on one queue, and one of them falls asleep
//	queue_traps_test.go   what queues are known to go wrong by
//	disk_faults_test.go   a disk that is full or broken is said, and costs nothing
//	disk_power_test.go    nothing that was acknowledged is lost with the power
//	worker_*              the right record is blamed for what a worker does
//	limits_*              fork bombs and leaks are held, and no neighbour notices
//	pace_*                rates, limits of a key, and what a server takes are kept to
//	scale_*               the memory of ten million records, a thousand workers
//	top_test.go           the live view, in a terminal
//	mail_runs_test.go     what becomes of each message, in every phase of SMTP
//	mail_lists_test.go    who is not written to, and when who is
//	mail_servers_test.go  servers that others made, TLS, and lines that break
//	mail_postfix_test.go  the same with Postfix
//	mail_chaos_test.go    a bad line and kills: nobody has a message twice
//	mail_guide_test.go    docs/email.md can be followed to the letter
//	completion_test.go    what TAB offers, in bash, zsh and fish
//	dist_test.go          a release is the same when it is made again, and works where it is installed
//	doctor_test.go        what is told of a run to a stranger has nothing of the user's
//	manual_test.go        the reference and the manual pages are what the flags are
//	site_test.go          the site is the same when it is made again, and each of its links leads somewhere
//	pages_test.go         the pages for those who are new can be followed to the letter
//	bench_test.go         the figures of docs/benchmarks.md are what was measured
//
// In main_test.go brood is built, in broodtest_test.go is broodtest; files_test.go,
// processes_test.go, queue_world_test.go, mail_backend_test.go (a server that refuses what it is told
// to) and mail_tools_test.go are what several of them use.
//
// Some are short forms, and there is more time in a night: BROOD_CHAOS is how often
// to kill, and a tenth of how often to do harm (make chaos), BROOD_ADAPTIVE for how
// many seconds to look for what a server takes, BROOD_LEAK how many records leak. A
// program that a test needs is installed by make test-tools; where it is missing the
// test is skipped, but never if CI is true.
package acceptance
