package main

import (
	"fmt"
	"strings"
	"syscall"
)

const page = 4096

type kind int

const (
	// Names one path, or two.
	paths kind = iota
	// Opens a path, and counts if that creates, empties, or may write.
	opens
	// Changes what a descriptor is of: counts for regular files, folders and block devices.
	descriptors
	// The same, with bytes that can be halved.
	writes
	// An ioctl(2) that changes a file system or a block device.
	controls
	// Asks a service of the system for something.
	connects
)

// What there is to know of a system call; indexes are those of its arguments, from 0, and -1 for none.
type shape struct {
	name string
	kind kind
	// Pairs of a folder's descriptor (-1 for the current folder) and a path.
	at [][2]int
	// The open flags.
	flags int
	// The descriptor that is changed, and the length of what is written.
	descriptor, length int
}

const writing = syscall.O_WRONLY | syscall.O_RDWR | syscall.O_CREAT | syscall.O_TRUNC

func path(name string, at ...[2]int) shape { return shape{name: name, kind: paths, at: at} }

func changes(name string, descriptor int) shape {
	return shape{name: name, kind: descriptors, descriptor: descriptor, length: -1}
}

func write(name string, descriptor, length int) shape {
	return shape{name: name, kind: writes, descriptor: descriptor, length: length}
}

// By number, since package syscall lacks what came after Linux 3.
var calls = map[uint32]shape{
	2:   {name: "open", kind: opens, at: [][2]int{{-1, 0}}, flags: 1},
	85:  {name: "creat", kind: opens, at: [][2]int{{-1, 0}}, flags: -1},
	257: {name: "openat", kind: opens, at: [][2]int{{0, 1}}, flags: 2},
	1:   write("write", 0, 2),
	18:  write("pwrite64", 0, 2),
	20:  write("writev", 0, -1),
	296: write("pwritev", 0, -1),
	328: write("pwritev2", 0, -1),
	40:  write("sendfile", 0, 3),
	275: write("splice", 2, 4),
	326: write("copy_file_range", 2, 4),
	77:  changes("ftruncate", 0),
	91:  changes("fchmod", 0),
	93:  changes("fchown", 0),
	190: changes("fsetxattr", 0),
	199: changes("fremovexattr", 0),
	285: changes("fallocate", 0),
	76:  path("truncate", [2]int{-1, 0}),
	82:  path("rename", [2]int{-1, 0}, [2]int{-1, 1}),
	264: path("renameat", [2]int{0, 1}, [2]int{2, 3}),
	316: path("renameat2", [2]int{0, 1}, [2]int{2, 3}),
	83:  path("mkdir", [2]int{-1, 0}),
	258: path("mkdirat", [2]int{0, 1}),
	84:  path("rmdir", [2]int{-1, 0}),
	87:  path("unlink", [2]int{-1, 0}),
	263: path("unlinkat", [2]int{0, 1}),
	86:  path("link", [2]int{-1, 0}, [2]int{-1, 1}),
	265: path("linkat", [2]int{0, 1}, [2]int{2, 3}),
	88:  path("symlink", [2]int{-1, 1}),
	266: path("symlinkat", [2]int{1, 2}),
	133: path("mknod", [2]int{-1, 0}),
	259: path("mknodat", [2]int{0, 1}),
	90:  path("chmod", [2]int{-1, 0}),
	268: path("fchmodat", [2]int{0, 1}),
	452: path("fchmodat2", [2]int{0, 1}),
	92:  path("chown", [2]int{-1, 0}),
	94:  path("lchown", [2]int{-1, 0}),
	260: path("fchownat", [2]int{0, 1}),
	188: path("setxattr", [2]int{-1, 0}),
	189: path("lsetxattr", [2]int{-1, 0}),
	197: path("removexattr", [2]int{-1, 0}),
	198: path("lremovexattr", [2]int{-1, 0}),
	235: path("utimes", [2]int{-1, 0}),
	280: path("utimensat", [2]int{0, 1}),
	165: path("mount", [2]int{-1, 1}),
	166: path("umount2", [2]int{-1, 0}),
	167: path("swapon", [2]int{-1, 0}),
	168: path("swapoff", [2]int{-1, 0}),
	429: path("move_mount", [2]int{2, 3}),
	442: path("mount_setattr", [2]int{0, 1}),
	16:  {name: "ioctl", kind: controls},
	42:  {name: "connect", kind: connects},
}

// Numbers from linux/fs.h, linux/blkpg.h, xfs_fs.h and ext4.h.
var requests = map[uint32]string{
	0x40086602: "FS_IOC_SETFLAGS",
	0x401c5820: "FS_IOC_FSSETXATTR",
	0x40049409: "FICLONE",
	0x4020940d: "FICLONERANGE",
	0x1269:     "BLKPG",
	0x125f:     "BLKRRPART",
	0x1277:     "BLKDISCARD",
	0x127d:     "BLKSECDISCARD",
	0x127f:     "BLKZEROOUT",
	0x4010586e: "XFS_IOC_FSGROWFSDATA",
	0x40086610: "EXT4_IOC_RESIZE_FS",
	0x40086607: "EXT4_IOC_GROUP_EXTEND",
	0x40286608: "EXT4_IOC_GROUP_ADD",
}

func arguments(registers *syscall.PtraceRegs) [6]uint64 {
	return [6]uint64{registers.Rdi, registers.Rsi, registers.Rdx, registers.R10, registers.R8, registers.R9}
}

// A counted call, as the list shows it.
type counted struct {
	shape   shape
	targets []string
	detail  string
}

func (c *counted) String() string {
	text := c.shape.name
	if c.detail != "" {
		text += " " + c.detail
	}
	for _, target := range c.targets {
		text += " " + target
	}
	return text
}

// halve makes a write shorter, if it is one of more than a byte.
func (c *counted) halve(pid int, registers *syscall.PtraceRegs) bool {
	if c.shape.kind != writes || c.shape.length < 0 {
		return false
	}
	length := [...]*uint64{&registers.Rdi, &registers.Rsi, &registers.Rdx, &registers.R10, &registers.R8}[c.shape.length]
	if *length < 2 {
		return false
	}
	// A kill cannot tear a page that goes to a disk; only a power cut could, and not on every disk.
	if strings.HasPrefix(c.targets[0], "/dev/") {
		if *length < 2*page {
			return false
		}
		*length = *length / 2 &^ (page - 1)
		return syscall.PtraceSetRegs(pid, registers) == nil
	}
	// Copies within the kernel ask for more than there is.
	*length = min(*length/2, 1<<16)
	if c.shape.descriptor == 2 || c.shape.length == 3 {
		*length = min(*length, 7)
	}
	return syscall.PtraceSetRegs(pid, registers) == nil
}

// describe gives the call that a process is about to make, or nil for one that changes nothing of the host.
func describe(pid int, registers *syscall.PtraceRegs) *counted {
	shape, known := calls[uint32(registers.Orig_rax)]
	if !known {
		return &counted{shape: shape, detail: fmt.Sprintf("unknown call %d", registers.Orig_rax)}
	}
	arguments := arguments(registers)
	call := &counted{shape: shape}
	switch shape.kind {
	case paths, opens:
		for _, pair := range shape.at {
			call.targets = append(call.targets, pathOf(pid, pair, arguments))
		}
		makes := shape.flags < 0 || arguments[max(shape.flags, 0)]&syscall.O_CREAT != 0
		if shape.kind == opens && !isStored(pid, call.targets[0], makes) {
			return nil
		}
	case descriptors, writes:
		target := descriptorPath(pid, int32(arguments[shape.descriptor]))
		if !isStored(pid, target, false) {
			return nil
		}
		call.targets = []string{target}
		if shape.length >= 0 {
			call.detail = fmt.Sprintf("%d bytes to", arguments[shape.length])
		}
	case controls:
		call.detail = requests[uint32(arguments[1])]
		call.targets = []string{descriptorPath(pid, int32(arguments[0]))}
	case connects:
		asked := serviceAsked(pid, arguments[1], arguments[2])
		if asked == "" {
			return nil
		}
		call.targets = []string{asked}
	}
	return call
}
