"""Answers what Nova's own readers make of texts: one JSON request per line on stdin, one JSON answer per line."""

import json
import os
import sys
import tempfile

import nova.conf
from nova.compute import provider_config
from nova.virt import hardware

nova.conf.CONF([], project='nova', default_config_files=[], default_config_dirs=[])


def reservation(text):
    """What `[DEFAULT] reserved_huge_pages` reserves: node, KiB of the pages, and how many."""
    nova.conf.CONF.set_override('reserved_huge_pages', [text.encode('latin-1').decode('utf-8')])
    found = hardware.numa_get_reserved_huge_pages()
    return [[node, size, count] for node, sizes in found.items() for size, count in sizes.items()]


def providers(files):
    """By provider the traits that files of `[compute] provider_config_location` add to it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(text.encode('latin-1'))
        found = provider_config.get_provider_configs(folder)
    return {name: entry.get('traits', {}).get('additional', []) for name, entry in found.items()}


READERS = {'reservation': reservation, 'providers': providers}

for line in sys.stdin:
    [(reader, argument)] = json.loads(line).items()
    try:
        answer = {'value': READERS[reader](argument)}
    except Exception as error:
        answer = {'error': type(error).__name__}
    print(json.dumps(answer), flush=True)
