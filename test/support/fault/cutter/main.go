// Command cutter runs a command and ends it, and everything it started, at its N-th mutating system call.
//
//	cutter FOLDER COMMAND [ARGUMENT]...
//
// N is in FOLDER/at, which a cut takes away; without that file, or with a number beyond the last call, nothing is cut. FOLDER/calls becomes the
// list of the calls in their global order, one line each, the last of them the one that was cut. FOLDER/ignore may hold
// path patterns, one per line, of files that do not count, such as a log of what is going on.
//
// The cut is SIGKILL for every process at once, at the entry of the call: nothing else of it happens. Of a write, half the
// bytes are written before, as an abrupt end may leave them. Calls are seen through seccomp(2) and ptrace(2), so a program
// pays for its mutating calls alone. For x86-64.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// The exit code of a cut, of a program that was killed.
const cutCode = 137

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: cutter FOLDER COMMAND [ARGUMENT]...")
		os.Exit(64)
	}
	if os.Args[1] == inside {
		fail(execFiltered(os.Args[2:]))
	}
	// All of ptrace belongs to the thread that began it.
	runtime.LockOSThread()
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	folder := os.Args[1]
	list, err := os.OpenFile(filepath.Join(folder, "calls"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	fail(err)
	tracer := &tracer{folder: folder, list: list, at: readNumber(filepath.Join(folder, "at")), ignored: readLines(filepath.Join(folder, "ignore"))}
	os.Exit(tracer.run(os.Args[2:]))
}

func readNumber(path string) int {
	text, _ := os.ReadFile(path)
	number, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return number
}

func readLines(path string) []string {
	text, _ := os.ReadFile(path)
	return strings.Fields(string(text))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "cutter:", err)
		os.Exit(70)
	}
}

type tracer struct {
	folder  string
	list    *os.File
	at      int
	ignored []string
	count   int
	first   int
	code    int
	known   map[int]bool
	// The process whose halved write is on its way: cut when that call has returned.
	writing int
}

func (t *tracer) run(command []string) int {
	self, err := os.Executable()
	fail(err)
	child := exec.Command(self, append([]string{inside}, command...)...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	fail(child.Start())
	t.first, t.known = child.Process.Pid, map[int]bool{child.Process.Pid: true}
	var status syscall.WaitStatus
	_, err = syscall.Wait4(t.first, &status, 0, nil)
	fail(err)
	fail(syscall.PtraceSetOptions(t.first, optionExitKill|syscall.PTRACE_O_TRACEFORK|syscall.PTRACE_O_TRACEVFORK|
		syscall.PTRACE_O_TRACECLONE|syscall.PTRACE_O_TRACESYSGOOD|optionSeccomp))
	fail(syscall.PtraceCont(t.first, 0))
	for {
		pid, err := syscall.Wait4(-1, &status, syscall.WALL, nil)
		if err == syscall.EINTR {
			continue
		}
		if err == syscall.ECHILD {
			return t.code
		}
		fail(err)
		t.handle(pid, status)
	}
}

func (t *tracer) handle(pid int, status syscall.WaitStatus) {
	if status.Exited() || status.Signaled() {
		delete(t.known, pid)
		if pid == t.first {
			t.code = status.ExitStatus()
			if status.Signaled() {
				t.code = 128 + int(status.Signal())
			}
		}
		return
	}
	if !status.Stopped() {
		return
	}
	isNew := !t.known[pid]
	t.known[pid] = true
	signal := status.StopSignal()
	switch {
	case signal == syscall.SIGTRAP|0x80:
		if pid == t.writing {
			t.cut()
		}
		signal = 0
	case signal == syscall.SIGTRAP && status.TrapCause() == eventSeccomp:
		if t.entered(pid) {
			syscall.PtraceSyscall(pid, 0)
			return
		}
		signal = 0
	case signal == syscall.SIGTRAP && status.TrapCause() >= 0:
		signal = 0
	case signal == syscall.SIGSTOP && isNew:
		// How a new process announces itself.
		signal = 0
	}
	syscall.PtraceCont(pid, int(signal)) // it may have been killed meanwhile, which the next wait tells
}

// entered looks at a call before anything of it has happened; true to see its end as well.
func (t *tracer) entered(pid int) bool {
	var registers syscall.PtraceRegs
	if syscall.PtraceGetRegs(pid, &registers) != nil {
		return false
	}
	call := describe(pid, &registers)
	if call == nil || call.isIgnored(t.ignored) {
		return false
	}
	t.count++
	fmt.Fprintf(t.list, "%s\n", call)
	if t.at == 0 || t.count != t.at {
		return false
	}
	if !call.halve(pid, &registers) {
		t.cut()
	}
	t.writing = pid
	return true
}

// cut ends everything: PTRACE_O_EXITKILL kills every process that is traced by one that ends.
func (t *tracer) cut() {
	os.Remove(filepath.Join(t.folder, "at")) // Whoever is cut may begin again.
	t.list.Close()
	os.Exit(cutCode)
}
