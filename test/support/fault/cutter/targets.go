package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// pathOf gives the absolute path that a call names, as the process sees it.
func pathOf(pid int, pair [2]int, arguments [6]uint64) string {
	name := readString(pid, arguments[pair[1]])
	if strings.HasPrefix(name, "/") {
		return filepath.Clean(name)
	}
	folder := fmt.Sprintf("/proc/%d/cwd", pid)
	if pair[0] >= 0 && int32(arguments[pair[0]]) >= 0 {
		folder = fmt.Sprintf("/proc/%d/fd/%d", pid, int32(arguments[pair[0]]))
	}
	target, _ := os.Readlink(folder)
	return filepath.Join(target, name)
}

func descriptorPath(pid int, descriptor int32) string {
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, descriptor))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(target, " (deleted)")
}

// isStored is true for what keeps what is written to it: files, folders, block devices, and what is yet to be made.
func isStored(pid int, target string, missing bool) bool {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "/proc/") || strings.HasPrefix(target, "/sys/") {
		return false
	}
	found, err := os.Stat(fmt.Sprintf("/proc/%d/root%s", pid, target))
	if err != nil {
		// A file without a name, such as a here-document, is nothing that stays.
		return missing
	}
	mode := found.Mode()
	return mode.IsRegular() || mode.IsDir() || mode&os.ModeDevice != 0 && mode&os.ModeCharDevice == 0
}

// Words of systemctl(1) and udevadm(8) that ask without changing anything.
var asking = map[string]bool{
	"show": true, "status": true, "is-active": true, "is-enabled": true, "is-failed": true, "is-system-running": true,
	"list-units": true, "list-unit-files": true, "cat": true, "settle": true, "info": true,
}

// serviceAsked names what a program is about to tell systemd, D-Bus or udev to do; empty if it only asks, or talks to others.
func serviceAsked(pid int, address, length uint64) string {
	if length < 3 || length > 110 {
		return ""
	}
	raw := readMemory(pid, address, int(length))
	if len(raw) < 3 || raw[0] != syscall.AF_UNIX || raw[1] != 0 {
		return ""
	}
	socket, _, _ := strings.Cut(string(raw[2:]), "\x00")
	if !strings.HasPrefix(socket, "/run/systemd/") && !strings.HasPrefix(socket, "/run/dbus/") && !strings.HasPrefix(socket, "/run/udev/") &&
		!strings.HasPrefix(socket, "/var/run/dbus/") || strings.HasPrefix(socket, "/run/systemd/journal/") || strings.HasPrefix(socket, "/run/systemd/userdb/") {
		return ""
	}
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	words := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	for _, word := range words[1:] {
		if asking[word] {
			return ""
		}
	}
	return fmt.Sprintf("%s (%s)", socket, strings.Join(words, " "))
}

func (c *counted) isIgnored(patterns []string) bool {
	for _, pattern := range patterns {
		for _, target := range c.targets {
			if matched, _ := filepath.Match(pattern, target); matched {
				return true
			}
		}
	}
	return false
}

func readString(pid int, address uint64) string {
	text := readMemory(pid, address, 4096)
	if end := bytes.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	return string(text)
}

// readMemory reads what there is, up to the end of what is mapped.
func readMemory(pid int, address uint64, length int) []byte {
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil
	}
	defer memory.Close()
	var text []byte
	for len(text) < length {
		// By pages: the one after the last byte may not be there.
		here := min(4096-int(address%4096), length-len(text))
		piece := make([]byte, here)
		read, err := memory.ReadAt(piece, int64(address))
		text = append(text, piece[:read]...)
		if err != nil || bytes.IndexByte(piece[:read], 0) >= 0 {
			break
		}
		address += uint64(here)
	}
	return text
}
