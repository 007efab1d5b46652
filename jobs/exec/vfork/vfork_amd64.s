//go:build linux

#include "go_asm.h"
#include "textflag.h"

#define SYS_dup3 292
#define SYS_prlimit64 302
#define SYS_execve 59
#define SYS_exit_group 231
#define SYS_clone3 435
#define RLIMIT_NOFILE 7

// func start(c *Command) int64
//
// The child goes on here with the same stack, of which it reads and writes nothing: what it
// needs is in R12, which system calls leave alone.
TEXT ·start(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	c+0(FP), R12
	LEAQ	Command_clone(R12), DI
	MOVQ	$64, SI
	MOVQ	$SYS_clone3, AX
	SYSCALL
	TESTQ	AX, AX
	JEQ	child
	MOVQ	AX, ret+8(FP)
	RET

child:
	MOVQ	Command_In(R12), DI
	TESTQ	DI, DI
	JLT	streams
	MOVQ	$0, SI
	MOVQ	$0, DX
	MOVQ	$SYS_dup3, AX
	SYSCALL
	TESTQ	AX, AX
	JLT	failed
streams:
	MOVQ	Command_Out(R12), DI
	MOVQ	$1, SI
	MOVQ	$0, DX
	MOVQ	$SYS_dup3, AX
	SYSCALL
	TESTQ	AX, AX
	JLT	failed
	MOVQ	Command_Errs(R12), DI
	MOVQ	$2, SI
	MOVQ	$0, DX
	MOVQ	$SYS_dup3, AX
	SYSCALL
	TESTQ	AX, AX
	JLT	failed
	MOVQ	Command_Limit(R12), DX
	TESTQ	DX, DX
	JEQ	execute
	MOVQ	$0, DI
	MOVQ	$RLIMIT_NOFILE, SI
	MOVQ	$0, R10
	MOVQ	$SYS_prlimit64, AX
	SYSCALL
	TESTQ	AX, AX
	JLT	failed
execute:
	MOVQ	Command_Path(R12), DI
	MOVQ	Command_Argv(R12), SI
	MOVQ	Command_Env(R12), DX
	MOVQ	$SYS_execve, AX
	SYSCALL
failed:
	NEGQ	AX
	MOVQ	AX, Command_errno(R12)
exit:
	MOVQ	$127, DI
	MOVQ	$SYS_exit_group, AX
	SYSCALL
	JMP	exit

// func getFiles(l *Limit)
TEXT ·getFiles(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	$0, DI
	MOVQ	$RLIMIT_NOFILE, SI
	MOVQ	$0, DX
	MOVQ	l+0(FP), R10
	MOVQ	$SYS_prlimit64, AX
	SYSCALL
	RET
