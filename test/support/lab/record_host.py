"""Describes a host by what can be seen from outside of any tool: prints one JSON object of "subject" to "state".

Reads only. Knows nothing of how the tool under test stores or names things, apart from the two folders it may keep.
Arguments: more folders to record, names and attributes alone.
"""
import fcntl
import glob
import hashlib
import json
import os
import stat
import struct
import subprocess
import sys
import time

FS_IOC_GETFLAGS = 0x80086601
IMMUTABLE, APPEND_ONLY = 0x10, 0x20
OF_A_SESSION = ("user@", "user-runtime-dir@", "run-user-")
LARGEST_TEXT = 512 * 1024
FIRST_EPHEMERAL_PORT = 32768  # ip_local_port_range, as the kernel has it

record = {}
texts = {}


def output(*command):
    try:
        # An emulated machine may take its time; systemctl by itself gives up after 25 seconds, with nothing said.
        patient = {**os.environ, "SYSTEMD_BUS_TIMEOUT": "240s"}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=250, check=False, env=patient)
        return done.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return "(not available)"


def flags_of(path):
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        flags = struct.unpack("l", fcntl.ioctl(descriptor, FS_IOC_GETFLAGS, struct.pack("l", 0)))[0]
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return (" immutable" if flags & IMMUTABLE else "") + (" append-only" if flags & APPEND_ONLY else "")


def describe(path, with_content):
    """Type, mode, owner, extended attributes (with them ACLs and labels), flags, content or target of one path."""
    found = os.lstat(path)
    kind = {
        stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFBLK: "block device",
        stat.S_IFCHR: "character device", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket",
    }[stat.S_IFMT(found.st_mode)]
    text = f"{kind} {stat.S_IMODE(found.st_mode):04o} {found.st_uid}:{found.st_gid}"
    if kind == "link":
        return f"{text} -> {os.readlink(path)}"
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        text += f" {name}={os.getxattr(path, name, follow_symlinks=False).hex()}"
    if kind in ("file", "folder"):
        text += flags_of(path)
    if kind == "file" and with_content:
        with open(path, "rb") as file:
            content = file.read()
        text += f" {len(content)} bytes sha256 {hashlib.sha256(content).hexdigest()[:16]}"
        if len(content) <= LARGEST_TEXT and b"\0" not in content:
            texts[f"file {path}"] = content.decode("utf-8", "replace")
    return text


def record_tree(top, with_content, depth=64):
    """One entry per path. Something that vanishes meanwhile was not worth recording."""
    try:
        record[f"file {top}"] = describe(top, with_content)
        is_folder = stat.S_ISDIR(os.lstat(top).st_mode)
        for name in sorted(os.listdir(top)) if is_folder and depth > 0 else []:
            record_tree(os.path.join(top, name), with_content, depth - 1)
    except FileNotFoundError:
        pass


def record_mounts():
    """The kernel's table, as the first process sees it; a later mount over the same place is a second entry."""
    with open("/proc/1/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            target, options = before.split()[4:6]
            if target.startswith("/run/user/"):
                continue
            kind, source, super_options = after.split()[:3]
            key = f"mount {target}"
            while key in record:
                key += " (again)"
            record[key] = f"{source} {kind} {options} {super_options}"
    with open("/proc/swaps", encoding="utf-8") as file:
        for line in file.readlines()[1:]:
            # The kernel's list is the machine's; another lab host's disk has no node here.
            if os.path.exists(line.split()[0]):
                record[f"swap {line.split()[0]}"] = "on"


def record_units():
    for line in output("systemctl", "list-unit-files", "--no-legend", "--no-pager").splitlines():
        unit, state = line.split()[:2]
        # Scopes are login sessions, which end a moment after their login.
        if not unit.endswith(".scope"):
            record[f"unit file {unit}"] = state
    # Without --all: units that are merely mentioned by another one come and go.
    for line in output("systemctl", "list-units", "--plain", "--no-legend", "--no-pager").splitlines():
        unit, _, active, sub = line.split()[:4]
        if not unit.endswith((".scope", ".device", ".slice")) and not unit.startswith(OF_A_SESSION):
            record[f"unit {unit}"] = f"{active} {sub}"
    for folder in glob.glob("/run/systemd/system*") + glob.glob("/run/systemd/transient") + glob.glob("/run/systemd/generator*"):
        for path in glob.glob(f"{folder}/**", recursive=True):
            if os.path.isfile(path) and not path.endswith(".scope"):
                record[f"runtime unit {path}"] = describe(path, True)


def configuration_of(arguments):
    files = []
    for index, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in ("--config-file", "--config-dir"):
            value = value if equals else arguments[index + 1]
            files += sorted(glob.glob(f"{value}/*.conf")) if name == "--config-dir" else [value]
    return files


def started_at(process):
    with open(f"/proc/{process}/stat", encoding="utf-8") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))


def record_daemons():
    """Does a daemon run with an older configuration than the one on the disk?"""
    fixed = {
        "libvirtd": ["/etc/libvirt/libvirtd.conf", "/etc/libvirt/qemu.conf", "/etc/default/libvirtd"],
        "virtqemud": ["/etc/libvirt/virtqemud.conf", "/etc/libvirt/qemu.conf"],
        "virtlogd": ["/etc/libvirt/virtlogd.conf", "/etc/default/virtlogd"],
        "nova-compute": ["/etc/default/nova-compute", "/etc/default/openstack"],
    }
    for daemon, files in fixed.items():
        process = output("systemctl", "show", daemon, "--property=MainPID", "--value")
        if process in ("", "0", "(not available)"):
            continue
        with open(f"/proc/{process}/cmdline", encoding="utf-8") as file:
            arguments = file.read().split("\0")
        start = started_at(process)
        files = [path for path in files + configuration_of(arguments) if os.path.exists(path)]
        # The change time, too: a file put into place by rename may carry an older modification time.
        newer = [path for path in files if max(os.stat(path).st_mtime, os.stat(path).st_ctime) > start]
        record[f"daemon {daemon}"] = "older than " + ", ".join(newer) if newer else "as configured"


def record_devices():
    for device in sorted(glob.glob("/dev/hostmem-disk*")):
        # "ambivalent" and "nothing found" are told apart by the exit code; the empty text is enough for a comparison.
        record[f"disk {device}"] = " ".join(output("blkid", "--probe", "--output", "export", device).split("\n")) or "blank"
    for path in sorted(glob.glob("/sys/kernel/mm/hugepages/*/nr_hugepages") + ["/sys/kernel/mm/transparent_hugepage/enabled"]):
        with open(path, encoding="utf-8") as file:
            record[f"kernel {path}"] = file.read().strip()


def record_listeners():
    for line in output("ss", "--no-header", "--listening", "--tcp", "--udp", "--numeric", "--processes").splitlines():
        fields = line.split()
        users = ",".join(sorted({part.split('"')[1] for part in fields[6:] if '"' in part}))
        # RabbitMQ's own tools listen for as long as they run, wherever there is a port.
        if users == "beam.smp" and int(fields[4].rsplit(":", 1)[1]) >= FIRST_EPHEMERAL_PORT:
            continue
        record[f"listens {fields[0]} {fields[4]}"] = users


def main():
    record_tree("/etc", True)
    for folder in ("/var/lib/hostmem", "/run/hostmem", "/etc/hostmem"):
        record_tree(folder, True)
    record_tree("/", False, 1)
    for folder in ["/mnt", "/srv", "/media", "/usr/local", "/var/lib/libvirt"] + sys.argv[1:]:
        record_tree(folder, False)
    record_mounts()
    record_units()
    record_daemons()
    record_devices()
    record_listeners()
    json.dump({"entries": record, "texts": texts}, sys.stdout)


main()
