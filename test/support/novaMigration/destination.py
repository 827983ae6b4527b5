"""Nova's own code makes the XML that a guest has on the host that it migrates to: XML in, XML out.

The argument is what that host wants of the guest's memory: "files" or "ram". Runs on a host that has Nova's packages.
"""
import sys

import nova.conf
from lxml import etree
from nova import objects
from nova.objects import migrate_data
from nova.virt.libvirt import migration

objects.register_all()
nova.conf.CONF([], project="nova", default_config_files=[], default_config_dirs=[])

wants = {"files": True, "ram": False}[sys.argv[1]]
data = migrate_data.LibvirtLiveMigrateData(dst_wants_file_backed_memory=wants)
document = migration._update_memory_backing_xml(etree.fromstring(sys.stdin.buffer.read()), data)
sys.stdout.buffer.write(etree.tostring(document))
