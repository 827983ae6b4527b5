"""Asks Nova's own code which guests a host takes: JSON in, JSON out.

A host is what nova-compute is told: its nova.conf, and the pages of its NUMA nodes as libvirt reports them. A guest is a
flavor and the properties of an image. An answer is one [node, KiB of its pages] for each NUMA node of the guest, the
smallest pages where it gets none of its own; or null where Nova does not place it. A guest without a topology is
placed without being looked at: [[null, smallest]].
"""
import json
import sys
import tempfile

import nova.conf
from nova import exception, objects
from nova.virt import hardware

objects.register_all()
CPUS = 16


def configure(text):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        nova.conf.CONF.clear()
        nova.conf.CONF([], project="nova", default_config_files=[file.name], default_config_dirs=[])


def topology_of(nodes):
    reserved = hardware.numa_get_reserved_huge_pages() or {}
    cells = []
    for node in nodes:
        first = node["id"] * 2 * CPUS
        shared, dedicated = set(range(first, first + CPUS)), set(range(first + CPUS, first + 2 * CPUS))
        pages = [objects.NUMAPagesTopology(size_kb=page["sizeKib"], total=page["total"], used=page["used"],
                                           reserved=reserved.get(node["id"], {}).get(page["sizeKib"], 0))
                 for page in node["pages"]]
        cells.append(objects.NUMACell(
            id=node["id"], cpuset=shared, pcpuset=dedicated, memory=node["memoryMib"], cpu_usage=0, memory_usage=0,
            siblings=[{cpu} for cpu in shared | dedicated], pinned_cpus=set(), mempages=pages))
    return objects.NUMATopology(cells=cells)


def fit(host, guest):
    smallest = min(page.size_kb for page in host.cells[0].mempages)
    flavor = objects.Flavor(name="asked", memory_mb=guest["memoryMib"], vcpus=guest["vcpus"], root_gb=0, ephemeral_gb=0,
                            swap=0, extra_specs=guest["extraSpecs"])
    image = objects.ImageMeta.from_dict({"properties": guest["imageProperties"]})
    wanted = hardware.numa_get_constraints(flavor, image)
    if wanted is None:
        return [[None, smallest]]
    placement = {} if "provider_mapping" in hardware.numa_fit_instance_to_host.__code__.co_varnames else None
    arguments = (host, wanted) if placement is None else (host, wanted, placement)
    fitted = hardware.numa_fit_instance_to_host(*arguments)
    if fitted is None:
        return None
    return [[cell.id, cell.pagesize if cell.pagesize and cell.pagesize > 0 else smallest] for cell in fitted.cells]


def answers(case):
    configure(case["novaConf"])
    return [fit(topology_of(case["nodes"]), guest) for guest in case["guests"]]


print(json.dumps([answers(case) for case in json.load(sys.stdin)]))
