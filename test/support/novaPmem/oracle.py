"""Asks Nova's own code what it makes of pmem_namespaces: JSON in, JSON out.

Without arguments it answers once, and with one, a socket's path, whoever connects there.

A question is a nova.conf and what `ndctl list -X` prints; without the latter, ndctl is really run. An answer is what Nova
knows its namespaces by, and the inventory that it would report; or in which words it refuses to start.
"""
import json
import socket
import sys
import tempfile
import types

import nova.conf
import nova.privsep
import nova.privsep.libvirt
from nova import objects
from nova.virt.libvirt import driver

objects.register_all()
Driver = driver.LibvirtDriver
really_listed = nova.privsep.libvirt.get_pmem_namespaces


class Tree:
    """As much of nova.compute.provider_tree as is looked at."""
    def data(self, name):
        return types.SimpleNamespace(uuid="00000000-0000-4000-8000-000000000000")


class Resources(dict):
    def __missing__(self, key):
        self[key] = set()
        return self[key]


def configured(text):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        nova.conf.CONF.clear()
        nova.conf.CONF([], project="nova", default_config_files=[file.name], default_config_dirs=[])
        return nova.conf.CONF.libvirt.pmem_namespaces


def answer(question):
    listed = question.get("listed")
    if listed is None:
        nova.privsep.sys_admin_pctxt.set_client_mode(False)
        nova.privsep.libvirt.get_pmem_namespaces = really_listed
    else:
        nova.privsep.libvirt.get_pmem_namespaces = lambda: listed
    this = types.SimpleNamespace()
    this._get_vpmems_on_host = lambda: Driver._get_vpmems_on_host(this)
    try:
        by_name, this._vpmems_by_rc = Driver._discover_vpmems(this, vpmem_conf=configured(question["novaConf"]))
    except Exception as error:
        return {"refused": "%s: %s" % (type(error).__name__, error)}
    inventory = {}
    Driver._update_provider_tree_for_vpmems(this, Tree(), "compute", inventory, Resources())
    namespaces = {name: {"label": each.label, "device": each.devpath, "size": each.size, "align": each.align}
                  for name, each in by_name.items()}
    return {"namespaces": namespaces, "inventory": inventory}


def answers(text):
    return json.dumps([answer(question) for question in json.loads(text)])


def serve(path):
    """Answers whoever connects; to import Nova takes an emulated processor a minute."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        while True:
            connection, _ = listening.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as file:
                file.write(answers(file.readline()))


if len(sys.argv) > 1:
    serve(sys.argv[1])
else:
    print(answers(sys.stdin.read()))
