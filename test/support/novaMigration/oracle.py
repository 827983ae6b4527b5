"""Asks Nova's own code about live migrations: JSON in, JSON out.

xml          what _update_memory_backing_xml makes of a guest's memoryBacking for a destination: names of its elements, sorted
pmem         whether the conductor lets a guest with persistent memory go, with hosts of these service versions
numa         the same of a guest with a NUMA topology
hypervisor   whether the conductor takes a destination with another version of QEMU
devices      which device a guest has there: what it is claimed, by the labels that the destination offers
pages        whether the claim takes a guest with this page size for one that gets that page size there
pmem-class   placement's name for a label
constants    what this release needs, and is
"""
import json
import sys
from unittest import mock

import nova.conf
from lxml import etree
from nova import exception, objects
from nova.compute import claims
from nova.conductor.tasks import live_migrate
from nova.objects import migrate_data as migrate_data_object
from nova.objects import service
from nova.virt import hardware
from nova.virt.libvirt import driver, migration
from oslo_utils import versionutils

import os_resource_classes

objects.register_all()
nova.conf.CONF([], project="nova", default_config_files=[], default_config_dirs=[])


def task(instance):
    made = live_migrate.LiveMigrationTask.__new__(live_migrate.LiveMigrationTask)
    made.context, made.instance, made.source = mock.sentinel.context, instance, "source"
    return made


def passes(check):
    try:
        check()
        return True
    except exception.NovaException as error:
        return type(error).__name__


def xml(case):
    data = migrate_data_object.LibvirtLiveMigrateData(dst_wants_file_backed_memory=case["wants"])
    made = migration._update_memory_backing_xml(etree.fromstring(case["xml"]), data)
    return sorted(each.tag for each in made.findall("./memoryBacking/*"))


def with_services(versions, check):
    with mock.patch.object(objects.Service, "get_minimum_version", return_value=min(versions)):
        return passes(check)


def pmem(case):
    resources = objects.ResourceList(objects=[objects.Resource(
        provider_uuid="5213b75d-9260-42a6-b236-f39b0fd10561", resource_class=each, identifier=each)
        for each in case["classes"]])
    instance = mock.Mock(resources=resources)
    return with_services(case["services"], task(instance)._check_can_migrate_specific_resources)


def numa(case):
    instance = mock.Mock(numa_topology=mock.sentinel.topology if case["topology"] else None)
    with mock.patch.object(objects.ComputeNode, "get_by_host_and_nodename",
                           return_value=mock.Mock(hypervisor_type="QEMU")):
        return with_services(case["services"], task(instance)._check_instance_has_no_numa)


def hypervisor(case):
    infos = {name: mock.Mock(hypervisor_type="QEMU", hypervisor_version=versionutils.convert_version_to_int(case[name]))
             for name in ("source", "destination")}
    made = task(mock.Mock())
    with mock.patch.object(made, "_get_compute_info", side_effect=lambda host: infos[host]):
        return passes(lambda: made._check_compatible_with_source_hypervisor("destination"))


def devices(case):
    """The guest has a device of its label; placement gave it one of the same class there."""
    kept = driver.LibvirtDriver.__new__(driver.LibvirtDriver)
    metadata = {label: objects.LibvirtVPMEMDevice(
        label=label, name=f"there-{label}", devpath=f"/dev/there-{label}", size=1, align=1) for label in case["there"]}
    wanted = os_resource_classes.normalize_name(f"PMEM_NAMESPACE_{case['label']}")
    claimed = [objects.Resource(provider_uuid="5213b75d-9260-42a6-b236-f39b0fd10561", resource_class=wanted,
                                identifier=each.name, metadata=each)
               for label, each in metadata.items()
               if os_resource_classes.normalize_name(f"PMEM_NAMESPACE_{label}") == wanted][:1]
    if not claimed:
        return None
    instance = mock.Mock(migration_context=mock.Mock(new_resources=objects.ResourceList(objects=claimed)))
    flavor = objects.Flavor(extra_specs={"hw:pmem": case["label"]})
    kept._get_resources = lambda *_args, **_named: instance.migration_context.new_resources
    found = driver.LibvirtDriver._sorted_migrating_resources(kept, instance, flavor)
    doc = etree.fromstring('<domain><devices><memory model="nvdimm"><source><path>/dev/here</path></source></memory>'
                           "</devices></domain>")
    if found:
        doc = migration._update_device_resources_xml(doc, found)
    return doc.findtext("./devices/memory/source/path")


def pages(case):
    def cell(size):
        return mock.Mock(cells=[mock.Mock(pagesize=size)])
    claim = claims.MoveClaim.__new__(claims.MoveClaim)
    claim.migration = mock.Mock(is_live_migration=True)
    claim.instance = mock.Mock(numa_topology=cell(case["here"]))
    claim.claimed_numa_topology = cell(case["there"])
    return claim._test_live_migration_page_size() is None


def pmem_class(case):
    return os_resource_classes.normalize_name(f"PMEM_NAMESPACE_{case['label']}")


def constants(_case):
    aliases = getattr(service, "SERVICE_VERSION_ALIASES", {})
    return {
        "libvirt": ".".join(map(str, driver.MIN_LIBVIRT_VERSION)),
        "qemu": ".".join(map(str, driver.MIN_QEMU_VERSION)),
        "service": service.SERVICE_VERSION,
        "oldestService": aliases.get(getattr(service, "OLDEST_SUPPORTED_SERVICE_VERSION", None)),
    }


ASKED = {"xml": xml, "pmem": pmem, "numa": numa, "hypervisor": hypervisor, "devices": devices, "pages": pages,
         "pmem-class": pmem_class, "constants": constants}

print(json.dumps([ASKED[case["ask"]](case) for case in json.load(sys.stdin)]))
