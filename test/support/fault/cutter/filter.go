package main

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"
)

// The first argument of the process that becomes the command.
const inside = "--inside"

const (
	optionExitKill = 0x100000
	optionSeccomp  = 0x80
	eventSeccomp   = 7

	prSetSeccomp      = 22
	seccompModeFilter = 2
	returnTrace       = 0x7ff00000
	returnAllow       = 0x7fff0000
	architecture      = 0xc000003e

	offsetNumber = 0
	offsetArch   = 4
	offsetFirst  = 16
)

// execFiltered becomes the command, with a filter that its children inherit.
func execFiltered(command []string) error {
	runtime.LockOSThread()
	program, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	filter := buildFilter()
	header := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, failed := syscall.RawSyscall(syscall.SYS_PRCTL, prSetSeccomp, seccompModeFilter, uintptr(unsafe.Pointer(&header)))
	if failed != 0 {
		return failed
	}
	return syscall.Exec(program, command, os.Environ())
}

// buildFilter lets the kernel stop only for calls that may be worth counting: most calls of a shell are not.
func buildFilter() []syscall.SockFilter {
	load := func(offset uint32) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS, K: offset}
	}
	give := func(answer uint32) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_RET | syscall.BPF_K, K: answer}
	}
	// Skips `skip` instructions unless the loaded word is `value`.
	unless := func(value uint32, skip uint8) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, Jf: skip, K: value}
	}
	// Skips `skip` instructions unless one of the bits is set.
	unlessBits := func(bits uint32, skip uint8) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_JMP | syscall.BPF_JSET | syscall.BPF_K, Jf: skip, K: bits}
	}
	filter := []syscall.SockFilter{load(offsetArch), {Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, Jt: 1, K: architecture}, give(returnTrace), load(offsetNumber)}
	for number, call := range calls {
		switch {
		case call.kind == opens && call.flags >= 0:
			filter = append(filter, unless(number, 3), load(offsetFirst+8*uint32(call.flags)), unlessBits(writing, 1), give(returnTrace), load(offsetNumber))
			// The jump of a match that has no such bit ends after the reload of the number.
			filter[len(filter)-5].Jf = 4
			filter[len(filter)-3].Jf = 1
		case call.kind == controls:
			body := []syscall.SockFilter{load(offsetFirst + 8)}
			for request := range requests {
				body = append(body, unless(request, 1), give(returnTrace))
			}
			body = append(body, load(offsetNumber))
			filter = append(append(filter, unless(number, uint8(len(body)))), body...)
		default:
			filter = append(filter, unless(number, 1), give(returnTrace))
		}
	}
	return append(filter, give(returnAllow))
}
