"""Answers what libvirt's own lens makes of a qemu.conf in Augeas: one JSON request per line on stdin, one JSON answer per line."""

import ctypes
import json
import sys

augeas = ctypes.CDLL(sys.argv[1])
pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
NO_STANDARD_LENSES, NO_LOADED_FILES, NO_LOADED_LENSES = 1 << 3, 1 << 5, 1 << 6


def declare(name, result, *arguments):
    function = getattr(augeas, name)
    function.restype, function.argtypes = result, arguments
    return function


start = declare('aug_init', pointer, text, text, ctypes.c_uint)
set_value = declare('aug_set', number, pointer, text, text)
get_value = declare('aug_get', number, pointer, text, ctypes.POINTER(text))
match = declare('aug_match', number, pointer, text, ctypes.POINTER(ctypes.POINTER(text)))
remove = declare('aug_rm', number, pointer, text)
details = declare('aug_error_details', text, pointer)
store = declare('aug_text_store', number, pointer, text, text, text)

handle = start(b'/', sys.argv[2].encode(), NO_STANDARD_LENSES | NO_LOADED_FILES | NO_LOADED_LENSES)
assert handle, 'Augeas did not start'

# Without a lens that loads, everything would look refused.
set_value(handle, b'/text', b'user = "root"\n')
assert store(handle, b'Libvirtd_qemu.lns', b'/text', b'/tree') == 0, details(handle)
remove(handle, b'/tree')


def value_of(path):
    value = text()
    assert get_value(handle, path, ctypes.byref(value)) == 1, path
    return None if value.value is None else value.value.decode('latin-1')


def matches(pattern):
    found = ctypes.POINTER(text)()
    count = match(handle, pattern, ctypes.byref(found))
    return [found[index] for index in range(count)]


for line in sys.stdin:
    set_value(handle, b'/text', json.loads(line)['text'].encode('latin-1'))
    if store(handle, b'Libvirtd_qemu.lns', b'/text', b'/tree') < 0:
        errors = matches(b'/augeas/text/tree/error/message')
        answer = {'error': value_of(errors[0]) if errors else 'unknown'}
    else:
        entries = []
        for path in matches(b'/tree/*'):
            name = path.decode('latin-1').rsplit('/', 1)[1].split('[')[0]
            elements = matches(path + b'/*')
            values = [value_of(element) for element in elements] if elements else value_of(path)
            entries.append([name, values])
        answer = {'entries': entries}
    remove(handle, b'/tree')
    print(json.dumps(answer), flush=True)
