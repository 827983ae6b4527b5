#!/usr/bin/python3
"""Runs commands as root for the machine that runs this host, over virtio serial ports.

Independent of network and logins, so that it works early in the boot, late in the power-off, in emergency mode, and
leaves no trace of a login. Each port carries one command at a time:

    machine: "hello NONCE\n"          until this host answers
    host:    "ready NONCE\n"
    machine: JSON line {"script", "seconds", "environment", "inputBytes"}, then the input
    host:    frames of a letter (o output, e error, x exit), the length (4 bytes, big endian) and that many bytes

When the machine closes its end, everything that the command left in its session is killed.
"""
import fcntl
import glob
import json
import os
import select
import signal
import struct
import subprocess
import threading


class Closed(Exception):
    """The machine has closed its end."""


class Port:
    def __init__(self, path):
        self.descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.buffer = b""
        self.busy = False
        # The kernel then signals the main thread when the machine opens its end.
        fcntl.fcntl(self.descriptor, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(self.descriptor, fcntl.F_GETFL)
        fcntl.fcntl(self.descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)

    def is_open(self):
        poll = select.poll()
        poll.register(self.descriptor, 0)
        return not any(events & select.POLLHUP for _, events in poll.poll(0))

    def _wait(self, events):
        poll = select.poll()
        poll.register(self.descriptor, events)
        for _, seen in poll.poll():
            if seen & select.POLLHUP:
                raise Closed()

    def read(self, size):
        while len(self.buffer) < size:
            self._wait(select.POLLIN)
            self._fill()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def read_line(self):
        while b"\n" not in self.buffer:
            self._wait(select.POLLIN)
            self._fill()
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def _fill(self):
        try:
            self.buffer += os.read(self.descriptor, 65536)
        except BlockingIOError:
            pass

    def write(self, data):
        while data:
            self._wait(select.POLLOUT)
            try:
                data = data[os.write(self.descriptor, data[:32768]):]
            except BlockingIOError:
                pass

    def serve(self):
        try:
            while True:
                line = self.read_line()
                if line.startswith(b"hello "):
                    self.write(b"ready " + line[6:] + b"\n")
                elif line.startswith(b"{"):
                    self.run(json.loads(line))
        except Closed:
            pass
        finally:
            self.buffer = b""
            self.busy = False
            os.kill(os.getpid(), signal.SIGIO)  # The next one may have opened the port meanwhile.

    def run(self, request):
        given = os.memfd_create("input")
        left = request["inputBytes"]
        while left > 0:
            piece = self.read(min(left, 65536))
            os.write(given, piece)
            left -= len(piece)
        os.lseek(given, 0, os.SEEK_SET)
        command = ["timeout", "--kill-after=5", str(request["seconds"]), "bash", "-c", request["script"]]
        process = subprocess.Popen(
            command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=request["environment"], cwd="/", start_new_session=True,
        )
        os.close(given)
        try:
            self.forward(process)
        except Closed:
            # timeout(1) makes a process group of its own below the session: both have to go.
            subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
            raise
        finally:
            process.stdout.close()
            process.stderr.close()
            process.wait()
        code = process.returncode
        self.write(frame(b"x", str(code if code >= 0 else 128 - code).encode()))

    def forward(self, process):
        names = {process.stdout.fileno(): b"o", process.stderr.fileno(): b"e"}
        poll = select.poll()
        for descriptor in names:
            poll.register(descriptor, select.POLLIN)
        poll.register(self.descriptor, 0)
        while names:
            for descriptor, events in poll.poll():
                if descriptor == self.descriptor:
                    if events & select.POLLHUP:
                        raise Closed()
                    continue
                data = os.read(descriptor, 65536)
                if data:
                    self.write(frame(names[descriptor], data))
                else:
                    poll.unregister(descriptor)
                    del names[descriptor]


def frame(letter, data):
    return letter + struct.pack(">I", len(data)) + data


def find_ports():
    for name in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(name, encoding="ascii") as file:
            if file.read().startswith("hostmem."):
                yield "/dev/" + name.split("/")[-2]


def main():
    # Inherited by every thread: the signal only ever ends the wait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGIO})
    subprocess.run(["modprobe", "virtio_console"], check=False)
    ports = {}
    while True:
        for path in find_ports():
            if path not in ports and os.path.exists(path):
                ports[path] = Port(path)
        for port in ports.values():
            if not port.busy and port.is_open():
                port.busy = True
                threading.Thread(target=port.serve, daemon=True).start()
        signal.sigtimedwait({signal.SIGIO}, 1.0 if ports else 0.05)


main()
