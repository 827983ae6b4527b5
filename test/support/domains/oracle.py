"""Answers what a real XML parser finds in a libvirt domain: one line of JSON each way."""

import json
import sys
import xml.etree.ElementTree as tree

NOVA = '{urn:n}'


def numbers(nodes):
    """Of "0-2" or "0,3"."""
    parts = [part.split('-') for part in nodes.split(',')]
    return [number for part in parts for number in range(int(part[0]), int(part[-1]) + 1)]


def pages(domain):
    """Of each size and each of the guest's nodes that it is for: how much, and from which node of the host."""
    cells = {int(cell.get('id')): int(cell.get('memory')) for cell in domain.iterfind('cpu/numa/cell')}
    served = {int(each.get('cellid')): numbers(each.get('nodeset')) for each in domain.iterfind('numatune/memnode')}
    for page in domain.iterfind('memoryBacking/hugepages/page'):
        size = int(page.get('size'))
        for cell in numbers(page.get('nodeset')) if page.get('nodeset') else cells:
            nodes = served.get(cell, [])
            yield {'sizeKib': size, 'kib': cells.get(cell, 0), **({'node': nodes[0]} if len(nodes) == 1 else {})}
        if not cells and not page.get('nodeset'):
            yield {'sizeKib': size, 'kib': int(domain.findtext('memory'))}


def request(domain):
    """hw:mem_page_size of the flavor, if Nova says what its flavor says."""
    specs = domain.find(f'metadata/{NOVA}instance/{NOVA}flavor/{NOVA}extraSpecs')
    if specs is None:
        return {}
    asked = specs.find(f"{NOVA}extraSpec[@name='hw:mem_page_size']")
    return {'pageRequest': None if asked is None else asked.text}


def devices(domain):
    """What decides where a guest can go: only what is there."""
    found = {}
    owner = domain.find(f'metadata/{NOVA}instance')
    if owner is not None and domain.find('uuid') is not None:
        found['nova'] = {'id': domain.findtext('uuid'), 'name': owner.findtext(f'{NOVA}name') or ''}
    paths = [each.text for each in domain.iter('path') if (each.text or '').startswith('/dev/dax')]
    if paths:
        found['pmem'] = paths
    nvdimms = [{'path': each.findtext('source/path'),
                'sizeKib': int(each.findtext('target/size')),
                **({'alignmentKib': int(each.findtext('source/alignsize'))}
                   if each.find('source/alignsize') is not None else {})}
               for each in domain.iterfind("devices/memory[@model='nvdimm']")]
    if nvdimms:
        found['nvdimms'] = nvdimms
    if domain.find("devices/filesystem/driver[@type='virtiofs']") is not None:
        found['hasShares'] = True
    if domain.find("launchSecurity[@type='sev']") is not None:
        found['isEncrypted'] = True
    if domain.find('memoryBacking/nosharepages') is not None:
        found['isUnmerged'] = True
    return found


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
        'pages': list(pages(domain)),
        'hasTopology': domain.find('cpu/numa/cell') is not None,
        **request(domain),
        **devices(domain),
    }), flush=True)
