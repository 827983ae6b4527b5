"""Answers what libvirt's own parser makes of a qemu.conf: one JSON request per line on stdin, one JSON answer per line.

Calls the functions of libvirt.so that the QEMU driver itself uses for qemu.conf; they are exported, though not for the public.
"""

import ctypes
import json
import os
import sys

libvirt = ctypes.CDLL(sys.argv[1])
libvirt.virInitialize()
libvirt.virConfReadFile.restype = ctypes.c_void_p
libvirt.virConfReadFile.argtypes = [ctypes.c_char_p, ctypes.c_uint]
libvirt.virConfFree.argtypes = [ctypes.c_void_p]
libvirt.virConfGetValueType.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
for getter in ('String', 'LLong', 'StringList'):
    getattr(libvirt, 'virConfGetValue' + getter).argtypes = [ctypes.c_void_p, ctypes.c_char_p] + (
        [ctypes.c_bool] if getter == 'StringList' else []) + [ctypes.c_void_p]
libvirt.virGetLastErrorMessage.restype = ctypes.c_char_p

NONE, LLONG, ULLONG, STRING, LIST = range(5)


def read(conf, name):
    kind = libvirt.virConfGetValueType(conf, name)
    if kind == NONE:
        return None
    if kind == STRING:
        text = ctypes.c_char_p()
        assert libvirt.virConfGetValueString(conf, name, ctypes.byref(text)) == 1
        return text.value.decode('latin-1')
    if kind == LIST:
        items = ctypes.POINTER(ctypes.c_char_p)()
        if libvirt.virConfGetValueStringList(conf, name, False, ctypes.byref(items)) < 0:
            return ['not only strings']
        result = []
        while items[len(result)] is not None:
            result.append(items[len(result)].decode('latin-1'))
        return result
    number = ctypes.c_longlong()
    assert libvirt.virConfGetValueLLong(conf, name, ctypes.byref(number)) == 1
    return number.value


for line in sys.stdin:
    request = json.loads(line)
    descriptor = os.memfd_create('qemu.conf')
    os.write(descriptor, request['text'].encode('latin-1'))
    conf = libvirt.virConfReadFile(b'/proc/self/fd/%d' % descriptor, 0)
    os.close(descriptor)
    if not conf:
        answer = {'error': libvirt.virGetLastErrorMessage().decode('latin-1')}
    else:
        answer = {'values': [read(conf, name.encode('latin-1')) for name in request['read']]}
        libvirt.virConfFree(conf)
    print(json.dumps(answer), flush=True)
