#!/usr/bin/python3
"""ndctl(1), played over nvdimm.py. The order of its writes is that of setup_namespace() and namespace_destroy() in its
namespace.c; `ndctl boot` is a boot.

/run/ndctl/cut holds the number of a write: just before it, whoever called ndctl is killed with it. /run/ndctl/fail has the
command that fails. /run/ndctl/calls has each call in a line.
"""
import json
import os
import sys
import uuid

from nvdimm import (DEVICES, NO_UUID, REGION, Refused, bind, boot, claim_of, devices, disable, enable, get, give_up,
                    is_bound, medium, note, notice, number, put, room, set_size, set_uuid, size_of, step)


def create(options):
    idle = [each for each in devices("namespace")[:1] if size_of(each) == 0] + [get(REGION, "namespace_seed")]
    namespace, size, align = idle[0], int(options["size"]), int(options["align"])
    if size_of(namespace) > 0 or room(size) is None:
        raise Refused("failed to create namespace: Resource temporarily unavailable")
    inner = str(uuid.uuid4())
    dax = get(REGION, "dax_seed")

    def claim():
        put(dax, "namespace", namespace)

    def write_info():
        medium(namespace, {"uuid": inner, "align": align, "map": options.get("map", "dev")})
        bind(dax)

    def bind_raw():
        medium(namespace, None)
        bind(namespace)

    writes = [lambda: set_uuid(namespace, options.get("uuid") or str(uuid.uuid4())),
              lambda: put(namespace, "alt_name", options.get("name", "")),
              lambda: set_size(namespace, size)]
    if options["mode"] == "devdax":
        writes += [lambda: put(dax, "uuid", inner), lambda: put(dax, "align", align), claim, write_info]
    else:
        writes += [bind_raw]
    try:
        for write in writes:
            step()
            write()
    except Refused:
        disable(namespace)
        give_up(namespace)
        raise
    step()


def destroy(namespace):
    if not os.path.isdir(os.path.join(DEVICES, namespace)):
        raise Refused("error destroying namespaces: No such device or address")
    for write in [lambda: disable(namespace), lambda: medium(namespace, None), lambda: give_up(namespace), lambda: None]:
        step()
        write()


def listed(namespace):
    claim, name = claim_of(namespace), get(namespace, "alt_name")
    shown = {"dev": namespace, "mode": "raw", "size": size_of(namespace), "uuid": get(namespace, "uuid") or NO_UUID}
    if claim and is_bound(claim):
        info = medium(namespace)
        devices_of = [{"chardev": "dax" + number(namespace), "size": shown["size"], "mode": "devdax"}]
        shown.update(mode="devdax", map=info["map"], uuid=info["uuid"], align=info["align"],
                     daxregion={"id": 0, "size": shown["size"], "align": info["align"], "devices": devices_of})
    elif is_bound(namespace):
        shown["blockdev"] = "pmem" + number(namespace)
    else:
        shown["state"] = "disabled"
    return {**shown, "name": name} if name else shown


def main(words):
    if words == ["--version"]:
        print("77")
        return
    options = dict(word[2:].split("=", 1) for word in words if word.startswith("--") and "=" in word)
    plain = [word for word in words[1:] if not word.startswith("-")]
    if words[0] == "boot":
        boot()
        return
    note("calls", " ".join(words) + "\n", "a")
    notice()
    if words[0] == note("fail"):
        raise Refused("%s: Input/output error" % words[0])
    if words[0] == "list":
        shown = [listed(each) for each in devices("namespace") if options.get("namespace", each) == each]
        if shown:
            print(json.dumps(shown, indent=2, separators=(",", ":")))
    elif words[0] == "create-namespace":
        create(options)
    else:
        {"enable-namespace": enable, "disable-namespace": disable, "destroy-namespace": destroy}[words[0]](plain[0])


try:
    main(sys.argv[1:])
except Refused as error:
    print("ndctl: %s" % error, file=sys.stderr)
    sys.exit(1)
