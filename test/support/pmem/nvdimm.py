"""As much of the kernel's part in persistent memory as ndctl and an apply get to see: files in /sys/bus/nd/devices.

What it answers is what drivers/nvdimm/namespace_devs.c does. boot() is what a boot leaves: labels and what is on the medium.
"""
import json
import os
import shutil
import signal

DEVICES = "/sys/bus/nd/devices"
REGION = "region0"
NOTES = "/run/ndctl"
MIB = 1 << 20
UNIT = 16 * MIB
START, SIZE = 4 << 30, 1024 * MIB
NO_UUID = "00000000-0000-0000-0000-000000000000"


class Refused(Exception):
    pass


def note(name, text=None, mode="w"):
    path = os.path.join(NOTES, name)
    if text is None:
        return open(path).read().strip() if os.path.exists(path) else ""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode) as file:
        file.write(text)
    return text


def get(device, name):
    path = os.path.join(DEVICES, device, name)
    return open(path).read().strip() if os.path.isfile(path) else ""


def put(device, name, value):
    path = os.path.join(DEVICES, device, name)
    with open(path, "w") as file:
        file.write("%s\n" % value)
    os.utime(path, (0, 0))


def make(device, **attributes):
    """Devices are links to their places below their region."""
    place = os.path.join(DEVICES, "..", "tree", *([] if device == REGION else [REGION]), device)
    os.makedirs(place, exist_ok=True)
    if not os.path.islink(os.path.join(DEVICES, device)):
        os.symlink(place, os.path.join(DEVICES, device))
    for name, value in attributes.items():
        put(device, name, value)
    return device


def devices(kind):
    names = [name for name in os.listdir(DEVICES) if name.startswith(kind)]
    return sorted(names, key=lambda name: int(name.rsplit(".")[-1]))


def size_of(namespace):
    return int(get(namespace, "size") or 0)


def medium(namespace, info=...):
    """The block at the beginning of a namespace that makes it more than raw."""
    name = "medium/" + get(namespace, "resource")
    if info is not ...:
        note(name, json.dumps(info))
    return json.loads(note(name) or "null")


def step():
    """Every write may be where it is cut."""
    count = int(note("writes") or 0) + 1
    note("writes", str(count))
    if str(count) == note("cut"):
        # timeout(1) has a process group of its own, with this process in it.
        for group in [os.getsid(0), os.getpgid(0)]:
            os.killpg(group, signal.SIGKILL)


def notice():
    """What a shell has written to a file since. Zero for a size gives up the UUID as well."""
    for namespace in devices("namespace"):
        if os.stat(os.path.join(DEVICES, namespace, "size")).st_mtime > 1:
            if size_of(namespace) != 0:
                raise Refused("only a size of zero is played")
            give_up(namespace)


def give_up(namespace):
    if is_active(namespace) or claim_of(namespace):
        raise Refused("Device or resource busy")
    make(namespace, size=0, uuid="", alt_name="", resource="")


def claim_of(namespace):
    return next((dax for dax in devices("dax") if get(dax, "namespace") == namespace), None)


def is_bound(device):
    return os.path.isdir(os.path.join(DEVICES, device, "driver"))


def is_active(namespace):
    claim = claim_of(namespace)
    return is_bound(namespace) or (claim is not None and is_bound(claim))


def number(device):
    return device.lstrip("abcdefghijklmnopqrstuvwxyz")


def bind(device):
    os.makedirs(os.path.join(DEVICES, device, "driver"), exist_ok=True)
    is_dax = device.startswith("dax")
    namespace = get(device, "namespace") if is_dax else device
    child = ("dax" if is_dax else "pmem") + number(namespace)
    os.makedirs(os.path.join(DEVICES, device, *([] if is_dax else ["block"]), child), exist_ok=True)
    open("/dev/" + child, "a").close()
    if get(REGION, "dax_seed") == device:
        new_dax_seed()
    if get(REGION, "namespace_seed") == namespace:
        new_namespace_seed()


def unbind(device):
    place = os.path.join(DEVICES, device)
    for folder in [place, os.path.join(place, "block")]:
        for child in os.listdir(folder) if os.path.isdir(folder) else []:
            if os.path.exists("/dev/" + child):
                os.unlink("/dev/" + child)
                shutil.rmtree(os.path.join(folder, child))
    for name in ["driver", "block"]:
        shutil.rmtree(os.path.join(place, name), ignore_errors=True)


def new_namespace_seed():
    idle = [each for each in devices("namespace") if size_of(each) == 0]
    seed = idle[0] if idle else "namespace0.%d" % len(devices("namespace"))
    put(REGION, "namespace_seed", make(seed, size=0, uuid="", alt_name="", resource="", force_raw=0))


def new_dax_seed():
    # Not the numbers of the namespaces.
    seed = "dax0.%d" % (7 + len(devices("dax")))
    alignments = "4096 2097152 1073741824 "
    put(REGION, "dax_seed", make(seed, namespace="", uuid="", align=2 * MIB, supported_alignments=alignments))


def enable(namespace):
    if is_active(namespace):
        return
    if claim_of(namespace) or size_of(namespace) == 0:
        raise Refused("%s: failed to enable" % namespace)
    info = medium(namespace)
    if info is None or get(namespace, "force_raw") == "1":
        bind(namespace)
        return
    seed = get(REGION, "dax_seed")
    make(seed, namespace=namespace, uuid=info["uuid"], align=info["align"])
    bind(seed)


def disable(namespace):
    claim = claim_of(namespace)
    if claim:
        unbind(claim)
        put(claim, "namespace", "")
    unbind(namespace)


def room(size):
    used = sorted((int(get(each, "resource"), 16), size_of(each)) for each in devices("namespace") if size_of(each))
    at = START
    for start, taken in used:
        if start - at >= size:
            return at
        at = start + taken
    return at if START + SIZE - at >= size else None


def set_uuid(namespace, value):
    if any(get(each, "uuid") == value for each in devices("namespace")):
        raise Refused("set_uuid failed: Invalid argument")
    put(namespace, "uuid", value)


def set_size(namespace, size):
    at = room(size)
    if at is None:
        raise Refused("set_size failed: No space left on device")
    make(namespace, size=size, resource=hex(at))


def boot():
    os.makedirs(DEVICES, exist_ok=True)
    attributes = {"size": SIZE, "available_size": SIZE, "max_available_extent": SIZE, "align": hex(UNIT), "mappings": 1,
                  "numa_node": 0, "nstype": 5, "read_only": 0, "resource": hex(START)}
    make(REGION, **attributes)
    labelled = [each for each in devices("namespace") if size_of(each) > 0]
    labelled.sort(key=lambda each: int(get(each, "resource"), 16))
    labels = [(get(each, "uuid"), get(each, "alt_name"), get(each, "size"), get(each, "resource")) for each in labelled]
    for each in devices("namespace") + devices("dax"):
        unbind(each)
        shutil.rmtree(os.path.realpath(os.path.join(DEVICES, each)))
        os.unlink(os.path.join(DEVICES, each))
    new_dax_seed()
    for index, (label, name, size, resource) in enumerate(labels):
        enable(make("namespace0.%d" % index, uuid=label, alt_name=name, size=size, resource=resource, force_raw=0))
    new_namespace_seed()
