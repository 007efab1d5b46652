/* spawn: the least that a command for each record costs: processes that start it by
 * posix_spawn(3) and wait for it, one after the other. The benchmarks build it.
 *
 *	spawn [-c] N JOBS COMMAND
 *
 * runs COMMAND with one more argument, a number, N times by JOBS processes. With -c what
 * it prints comes through two pipes and is read, as whoever keeps it has to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void fail(const char *what, int why)
{
	fprintf(stderr, "spawn: %s: %s\n", what, strerror(why));
	exit(1);
}

/* Reads both pipes until both have lost their last writer. */
static void drain(int out, int errs)
{
	struct pollfd fds[2] = {{out, POLLIN, 0}, {errs, POLLIN, 0}};
	static char buf[16 << 10];
	int open = 2;
	while (open > 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			fail("poll", errno);
		for (int i = 0; i < 2; i++)
			if (fds[i].revents && read(fds[i].fd, buf, sizeof buf) <= 0) {
				close(fds[i].fd);
				fds[i].fd = -1;
				open--;
			}
	}
}

static void run(char *argv[], int capture)
{
	int out[2], errs[2], status, why;
	pid_t pid;
	posix_spawn_file_actions_t actions;
	if (!capture) {
		if ((why = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ)))
			fail(argv[0], why);
	} else {
		if (pipe2(out, O_CLOEXEC) || pipe2(errs, O_CLOEXEC))
			fail("pipe", errno);
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, out[1], 1);
		posix_spawn_file_actions_adddup2(&actions, errs[1], 2);
		if ((why = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ)))
			fail(argv[0], why);
		posix_spawn_file_actions_destroy(&actions);
		close(out[1]);
		close(errs[1]);
		drain(out[0], errs[0]);
	}
	if (waitpid(pid, &status, 0) != pid)
		fail("wait", errno);
	if (status != 0)
		fail(argv[0], ECHILD);
}

int main(int argc, char *argv[])
{
	int capture = argc > 1 && !strcmp(argv[1], "-c");
	argv += capture;
	argc -= capture;
	if (argc < 4) {
		fprintf(stderr, "usage: spawn [-c] N JOBS COMMAND...\n");
		return 2;
	}
	long n = atol(argv[1]), jobs = atol(argv[2]);
	char number[32], **command = calloc((size_t)argc, sizeof *command);
	memcpy(command, argv + 3, sizeof *command * (size_t)(argc - 3));
	command[argc - 3] = number;
	for (long j = 0; j < jobs; j++) {
		pid_t pid = fork();
		if (pid < 0)
			fail("fork", errno);
		if (pid > 0)
			continue;
		for (long i = j; i < n; i += jobs) {
			snprintf(number, sizeof number, "%ld", i);
			run(command, capture);
		}
		return 0;
	}
	int status, bad = 0;
	while (wait(&status) > 0)
		bad |= status;
	return bad != 0;
}
