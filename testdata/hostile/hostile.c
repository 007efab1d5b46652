/*
 * A command of brood run exec that tries to read or harm the processes of brood, in the
 * ways that Linux offers to a process of the same user:
 *
 *	hostile ATTACK RUNDIR
 *
 * It says for each target whether it got there, as in "trace parent: refused (Operation
 * not permitted)", and ends with status 0.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#define MOST_FDS 200

static const char *attack, *rundir;

static void said(const char *target, int reached, int err)
{
	if (reached)
		printf("%s %s: reached\n", attack, target);
	else
		printf("%s %s: refused (%s)\n", attack, target, strerror(err));
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[1024], *p;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		return 0;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	p = strrchr(text, ')');
	int ppid = 0;
	if (!p || sscanf(p + 1, " %*c %d", &ppid) != 1)
		return 0;
	return ppid;
}

/* what to do with a descriptor that was got hold of */
typedef void (*harm)(int fd, const char *name);

static void cut(int fd, const char *name)
{
	struct stat st;
	/* Memory that the database shares is the death of whoever has it mapped, as kill -9
	 * would be: see docs/security.md. */
	if (strstr(name, "-shm") || fstat(fd, &st) < 0)
		return;
	if (S_ISREG(st.st_mode) && ftruncate(fd, 0) < 0)
		errno = 0;
}

static int page_only(const char *name) { return strstr(name, "/pages/") != NULL; }

static void page_cut(int fd, const char *name)
{
	if (page_only(name) && ftruncate(fd, 0) < 0)
		errno = 0;
}

static void fill(int fd, int byte)
{
	struct stat st;
	char b[4096];
	memset(b, byte, sizeof b);
	if (fstat(fd, &st) < 0)
		return;
	for (off_t at = 0; at < st.st_size || at == 0; at += sizeof b)
		if (pwrite(fd, b, sizeof b, at) < 0)
			return;
}

static void page_zeros(int fd, const char *name) { if (page_only(name)) fill(fd, 0); }
static void page_ones(int fd, const char *name) { if (page_only(name)) fill(fd, 0xff); }

/* a word as brood would write it: see worker/wire/page.go */
static uint64_t word(uint64_t v)
{
	return v << 16 | ((v + 1) * 0x9e3779b97f4a7c15ull) >> 48;
}

static void page_lengths(int fd, const char *name)
{
	static const int offsets[] = {72, 80, 88, 96, 104, 112};
	struct stat st;
	if (!page_only(name) || fstat(fd, &st) < 0 || st.st_size != 4096)
		return;
	for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		uint64_t w = word((1ull << 47) - 1);
		if (pwrite(fd, &w, sizeof w, offsets[i]) < 0)
			return;
	}
}

static void page_append(int fd, const char *name)
{
	if (page_only(name))
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_APPEND);
}

static void page_grow(int fd, const char *name)
{
	if (page_only(name) && ftruncate(fd, 1ll << 40) < 0)
		errno = 0;
}

static void take(const char *target, pid_t pid, harm h)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0), got = 0, err = ESRCH;
	if (pidfd < 0) {
		said(target, 0, errno);
		return;
	}
	for (int n = 3; n < MOST_FDS; n++) {
		char link[64], name[PATH_MAX];
		int fd = syscall(SYS_pidfd_getfd, pidfd, n, 0);
		if (fd < 0) {
			if (errno != EBADF)
				err = errno;
			continue;
		}
		got = 1;
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		ssize_t len = readlink(link, name, sizeof name - 1);
		name[len < 0 ? 0 : len] = 0;
		h(fd, name);
		close(fd);
	}
	said(target, got, err);
}

static void by_proc(const char *target, pid_t pid)
{
	int got = 0, err = ENOENT;
	for (int n = 3; n < MOST_FDS; n++) {
		char path[64], name[PATH_MAX];
		snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, n);
		ssize_t len = readlink(path, name, sizeof name - 1);
		if (len < 0) {
			if (errno != ENOENT)
				err = errno;
			continue;
		}
		name[len] = 0;
		int fd = open(path, O_RDWR | O_NONBLOCK);
		if (fd < 0) {
			err = errno;
			continue;
		}
		got = 1;
		cut(fd, name);
		close(fd);
	}
	said(target, got, err);
}

static void trace(const char *target, pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0) {
		said(target, 0, errno);
		return;
	}
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	said(target, 1, 0);
}

static void open_of(const char *target, pid_t pid, const char *what, int how)
{
	char path[64], b[16];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
	int fd = open(path, how);
	if (fd < 0 || (how == O_RDONLY && read(fd, b, sizeof b) <= 0)) {
		said(target, 0, errno);
		return;
	}
	said(target, 1, 0);
	close(fd);
}

static void peek(const char *target, pid_t pid)
{
	char b[16];
	struct iovec here = {b, sizeof b}, there = {(void *)0x400000, sizeof b};
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0 && errno != EFAULT)
		said(target, 0, errno);
	else
		said(target, 1, 0);
}

static void by_name(const char *dir)
{
	DIR *d = opendir(dir);
	int got = 0, err = errno;
	struct dirent *e;
	while (d && (e = readdir(d))) {
		char path[PATH_MAX];
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		int fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
		if (fd < 0) {
			if (errno != EISDIR)
				err = errno;
			continue;
		}
		got = 1;
		page_ones(fd, path);
		page_cut(fd, path);
		close(fd);
	}
	if (d)
		closedir(d);
	said("names", got, err);
}

static void socket_of(const char *dir)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (chdir(dir) < 0) {
		said("socket", 0, errno);
		return;
	}
	strcpy(a.sun_path, "control.sock");
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
		said("socket", 0, errno);
		return;
	}
	said("socket", 1, 0);
	if (write(fd, "GET /stop HTTP/1.1\r\n", 20) < 0) /* and no more */
		errno = 0;
}

static void each_sibling(pid_t parent, pid_t mine, harm h)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	while (d && (e = readdir(d))) {
		pid_t pid = atoi(e->d_name);
		if (pid > 0 && pid != mine && parent_of(pid) == parent)
			take("sibling", pid, h);
	}
	if (d)
		closedir(d);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 78;
	attack = argv[1];
	rundir = argv[2];
	pid_t worker = getppid(), parent = parent_of(worker);
	char pages[PATH_MAX - 300];
	snprintf(pages, sizeof pages, "%s/pages", rundir);
	static const struct { const char *name; harm h; } harms[] = {
		{"page-cut", page_cut}, {"page-zeros", page_zeros}, {"page-ones", page_ones},
		{"page-lengths", page_lengths}, {"page-append", page_append}, {"page-grow", page_grow},
	};
	for (unsigned i = 0; i < sizeof harms / sizeof *harms; i++)
		if (!strcmp(attack, harms[i].name)) {
			take("worker", worker, harms[i].h);
			each_sibling(parent, worker, harms[i].h);
			return 0;
		}
	if (!strcmp(attack, "trace"))
		trace("parent", parent), trace("worker", worker);
	else if (!strcmp(attack, "memory"))
		open_of("parent", parent, "mem", O_RDWR), open_of("worker", worker, "mem", O_RDWR);
	else if (!strcmp(attack, "environ"))
		open_of("parent", parent, "environ", O_RDONLY), open_of("worker", worker, "environ", O_RDONLY);
	else if (!strcmp(attack, "peek"))
		peek("parent", parent), peek("worker", worker);
	else if (!strcmp(attack, "take"))
		take("parent", parent, cut);
	else if (!strcmp(attack, "proc"))
		by_proc("parent", parent);
	else if (!strcmp(attack, "names"))
		by_name(pages);
	else if (!strcmp(attack, "socket"))
		socket_of(rundir);
	else if (!strcmp(attack, "kill"))
		said("parent", kill(parent, 0) == 0, errno), kill(worker, SIGKILL);
	else if (!strcmp(attack, "privileges"))
		said("setuid", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0, EPERM),
			said("ptrace", prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE, 0, 0, 0) == 1 && geteuid() == 0, EPERM);
	else
		return 78;
	return 0;
}
