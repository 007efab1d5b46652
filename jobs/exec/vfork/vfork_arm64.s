//go:build linux

#include "go_asm.h"
#include "textflag.h"

#define SYS_dup3 24
#define SYS_prlimit64 261
#define SYS_execve 221
#define SYS_exit_group 94
#define SYS_clone3 435
#define RLIMIT_NOFILE 7

// func start(c *Command) int64
//
// The child goes on here with the same stack, of which it reads and writes nothing: what it
// needs is in R19, which system calls leave alone.
TEXT ·start(SB),NOSPLIT|NOFRAME,$0-16
	MOVD	c+0(FP), R19
	ADD	$Command_clone, R19, R0
	MOVD	$64, R1
	MOVD	$SYS_clone3, R8
	SVC
	CBZ	R0, child
	MOVD	R0, ret+8(FP)
	RET

child:
	MOVD	Command_In(R19), R0
	TBNZ	$63, R0, streams
	MOVD	$0, R1
	MOVD	$0, R2
	MOVD	$SYS_dup3, R8
	SVC
	TBNZ	$63, R0, failed
streams:
	MOVD	Command_Out(R19), R0
	MOVD	$1, R1
	MOVD	$0, R2
	MOVD	$SYS_dup3, R8
	SVC
	TBNZ	$63, R0, failed
	MOVD	Command_Errs(R19), R0
	MOVD	$2, R1
	MOVD	$0, R2
	MOVD	$SYS_dup3, R8
	SVC
	TBNZ	$63, R0, failed
	MOVD	Command_Limit(R19), R2
	CBZ	R2, execute
	MOVD	$0, R0
	MOVD	$RLIMIT_NOFILE, R1
	MOVD	$0, R3
	MOVD	$SYS_prlimit64, R8
	SVC
	TBNZ	$63, R0, failed
execute:
	MOVD	Command_Path(R19), R0
	MOVD	Command_Argv(R19), R1
	MOVD	Command_Env(R19), R2
	MOVD	$SYS_execve, R8
	SVC
failed:
	NEG	R0, R0
	MOVD	R0, Command_errno(R19)
exit:
	MOVD	$127, R0
	MOVD	$SYS_exit_group, R8
	SVC
	JMP	exit

// func getFiles(l *Limit)
TEXT ·getFiles(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	$0, R0
	MOVD	$RLIMIT_NOFILE, R1
	MOVD	$0, R2
	MOVD	l+0(FP), R3
	MOVD	$SYS_prlimit64, R8
	SVC
	RET
