"""Answers what libmount and the C library make of fstab, and libmount of /proc/self/mountinfo: one line of JSON each way.

mount(8) and findmnt(8) read with libmount; systemd's fstab generator reads with getmntent(3).
"""

import ctypes
import json
import os
import sys

libmount = ctypes.CDLL('libmount.so.1')
libc = ctypes.CDLL(None)
pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int


def declare(library, name, result, *arguments):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


new_table = declare(libmount, 'mnt_new_table', pointer)
free_table = declare(libmount, 'mnt_unref_table', None, pointer)
parse_fstab = declare(libmount, 'mnt_table_parse_fstab', number, pointer, text)
parse_file = declare(libmount, 'mnt_table_parse_file', number, pointer, text)
new_iterator = declare(libmount, 'mnt_new_iter', pointer, number)
free_iterator = declare(libmount, 'mnt_free_iter', None, pointer)
next_entry = declare(libmount, 'mnt_table_next_fs', number, pointer, pointer, ctypes.POINTER(pointer))
match_target = declare(libmount, 'mnt_fs_match_target', number, pointer, text, pointer)
new_cache = declare(libmount, 'mnt_new_cache', pointer)
free_cache = declare(libmount, 'mnt_unref_cache', None, pointer)
device_number = declare(libmount, 'mnt_fs_get_devno', ctypes.c_ulong, pointer)
getters = {name: declare(libmount, 'mnt_fs_get_' + name, text, pointer)
           for name in ('source', 'target', 'fstype', 'options', 'root')}
next_option = declare(libmount, 'mnt_optstr_next_option', number, ctypes.POINTER(pointer), ctypes.POINTER(pointer),
                      ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(pointer), ctypes.POINTER(ctypes.c_size_t))


class MountEntry(ctypes.Structure):
    _fields_ = [('source', text), ('target', text), ('fstype', text), ('options', text),
                ('frequency', number), ('pass_number', number)]


open_stream = declare(libc, 'fdopen', pointer, number, text)
close_stream = declare(libc, 'fclose', number, pointer)
get_entry = declare(libc, 'getmntent_r', pointer, pointer, ctypes.POINTER(MountEntry), pointer, number)


def in_memory(content):
    descriptor = os.memfd_create('tab')
    os.write(descriptor, content.encode('latin-1'))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def shown(value):
    return None if value is None else value.decode('latin-1')


def options_of(value):
    """The options that libmount finds in a list of them; None where it refuses the list or does not come to its end."""
    buffer = ctypes.create_string_buffer(value)
    rest, name, argument = pointer(ctypes.addressof(buffer)), pointer(), pointer()
    name_size, argument_size = ctypes.c_size_t(), ctypes.c_size_t()
    found = []
    while True:
        result = next_option(ctypes.byref(rest), ctypes.byref(name), ctypes.byref(name_size),
                             ctypes.byref(argument), ctypes.byref(argument_size))
        if result == 1:
            return None if ctypes.string_at(rest.value).strip(b',') else found
        if result < 0:
            return None
        option = shown(ctypes.string_at(name.value, name_size.value))
        if argument.value is not None:
            option += '=' + shown(ctypes.string_at(argument.value, argument_size.value))
        found.append(option)


def libmount_entries(content, parse, paths=()):
    descriptor, table, iterator, cache = in_memory(content), new_table(), new_iterator(0), new_cache()
    try:
        parse(table, b'/proc/self/fd/%d' % descriptor)
        entries, entry = [], pointer()
        while next_entry(table, iterator, ctypes.byref(entry)) == 0:
            found = {name: shown(get(entry)) for name, get in getters.items()}
            found['optionList'] = options_of(getters['options'](entry) or b'')
            found['device'] = '%d:%d' % (os.major(device_number(entry)), os.minor(device_number(entry)))
            found['at'] = [path for path in paths if match_target(entry, path.encode('latin-1'), cache)]
            entries.append(found)
        return entries
    finally:
        free_iterator(iterator)
        free_table(table)
        free_cache(cache)
        os.close(descriptor)


def libc_entries(content):
    stream, entry, buffer = open_stream(in_memory(content), b'r'), MountEntry(), ctypes.create_string_buffer(1 << 16)
    entries = []
    while get_entry(stream, ctypes.byref(entry), buffer, len(buffer)):
        entries.append({name: shown(getattr(entry, name)) for name in ('source', 'target', 'fstype', 'options')})
    close_stream(stream)
    return entries


def answer(request):
    if 'fstab' in request:
        return {'libmount': libmount_entries(request['fstab'], parse_fstab, request.get('paths', ())),
                'libc': libc_entries(request['fstab'])}
    # libmount takes a file for a mountinfo by its first line.
    first = '1 1 0:1 / / rw - proc first rw\n'
    return {'libmount': libmount_entries(first + request['mountinfo'], parse_file)[1:]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
