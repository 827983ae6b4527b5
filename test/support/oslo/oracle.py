"""Answers what oslo.config makes of configuration files: one JSON request per line on stdin, one JSON answer per line.

Runs in a root of its own (chroot), so that /etc/nova and home directories are oslo.config's real default places and no part of
it has to be replaced. Everything is imported before that; nothing can be afterwards.
"""

import contextlib
import encodings.idna  # noqa: F401
import encodings.latin_1  # noqa: F401
import io
import json
import os
import shutil
import sys

from oslo_config import cfg
from oslo_config import types


def options(strings):
    """The options as Nova registers them, and any others as strings."""
    conf = cfg.ConfigOpts()
    default = [
        cfg.FloatOpt('ram_allocation_ratio', default=None, min=0.0),
        cfg.IntOpt('reserved_host_memory_mb', default=512, min=0),
        cfg.MultiOpt('reserved_huge_pages', item_type=types.Dict()),
    ]
    libvirt = [
        cfg.IntOpt('file_backed_memory', default=0, min=0),
        cfg.StrOpt('virt_type', default='kvm', choices=('kvm', 'lxc', 'qemu', 'parallels')),
        cfg.ListOpt('pmem_namespaces', default=[]),
    ]
    conf.register_opts(default)
    conf.register_opts(libvirt, group='libvirt')
    for group, name in strings:
        conf.register_opt(cfg.StrOpt(name), group=None if group == 'DEFAULT' else group)
    return conf


def place(files):
    for name in os.listdir('/'):
        path = os.path.join('/', name)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    for path, content in files.items():
        if content is None:
            os.makedirs(path, exist_ok=True)
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(content.encode('latin-1'))


def environment(variables):
    for name in list(os.environ):
        if name.startswith('OS_') or name in ('HOME', 'SNAP', 'SNAP_COMMON'):
            del os.environ[name]
    os.environ.update(variables)


def shown(get):
    try:
        value = get()
        if isinstance(value, float):
            value = repr(value)
        return {'value': value}
    except RecursionError:
        return {'error': 'RecursionError', 'message': ''}
    except Exception as error:
        return {'error': type(error).__name__, 'message': str(error)}


def read(conf, group, name):
    return shown(lambda: conf[name] if group == 'DEFAULT' else conf[group][name])


TYPES = {
    'integer': types.Integer(min=0),
    'float': types.Float(min=0.0),
    'list': types.List(),
    'dictionary': types.Dict(),
}


def convert(conversion):
    text = conversion['text'].encode('latin-1').decode('utf-8')
    return shown(lambda: TYPES[conversion['type']](text))


def answer(request):
    if 'convert' in request:
        return convert(request['convert'])
    place(request['files'])
    environment(request['environment'])
    conf = options(request['strings'])
    try:
        with contextlib.redirect_stderr(io.StringIO()) as printed:
            conf(request['args'], project='nova', prog='nova-compute')
    except SystemExit:
        return {'error': 'SystemExit', 'message': printed.getvalue()}
    except Exception as error:
        return {'error': type(error).__name__, 'message': str(error)}
    return {
        'files': conf._namespace._normalized[::-1],
        'values': [read(conf, group, name) for group, name in request['read']],
    }


def main():
    os.chroot(sys.argv[1])
    os.chdir('/')
    sys.setrecursionlimit(300)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == '__main__':
    main()
