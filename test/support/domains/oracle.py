"""Answers what a real XML parser finds in a libvirt domain: one line of JSON each way."""

import json
import sys
import xml.etree.ElementTree as tree

for line in sys.stdin:
    root = tree.fromstring(json.loads(line)['xml'].encode('latin-1'))
    domain = root if root.tag == 'domain' else root.find('domain')
    backing = domain.find('memoryBacking')
    has = lambda path: backing is not None and backing.find(path) is not None
    print(json.dumps({
        'name': domain.findtext('name').encode('utf-8').decode('latin-1'),
        'id': domain.get('id'),
        'memoryKib': int(domain.findtext('memory')),
        'fileBacked': has("source[@type='file']"),
        'hugePages': has('hugepages'),
        'locked': has('locked'),
    }), flush=True)
